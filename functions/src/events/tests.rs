//! The outbox over a table and a mail service that answer from memory.

use super::delivery::deliver;
use super::dispatch_events::DispatchEvents;
use crate::mails::samples::{APP, euros, id, invoice, now, number, paris, seller, subscription, user};
use aws_lambda_events::dynamodb::Event as Batch;
use aws_lambda_events::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use domain::account::Account;
use domain::dunning::{Dunning, DunningPolicy};
use domain::event::{Event, EventKind, Owner};
use domain::id::{EventId, Id as _, UserId};
use domain::invoice::InvoiceStatus;
use domain::locale::Locale;
use domain::payment::{Attempt, Channel, HostedPage, Outcome, Payment, PaymentStatus, Purpose};
use domain::subscription::SubscriptionStatus;
use jiff::{SignedDuration, Timestamp};
use platform::app::{App, Parts, WebClient};
use platform::clock::{Clock, SystemEntropy};
use platform::config::Config;
use platform::job::{Job as _, Work};
use platform::store::Entity;
use platform::store::events::event;
use platform::store::keys::Key;
use platform::telemetry::{Invocation, StandardOutput};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Table, mail service and secrets: as much of each as delivering needs.
#[derive(Debug, Default)]
struct Cloud {
    items: Mutex<HashMap<(String, String), Value>>,
    mails: Mutex<Vec<Value>>,
    /// Addresses the mail service refuses.
    refused: Vec<&'static str>,
}

fn key_of(item: &Value) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("pk"), text("sk"))
}

impl Cloud {
    fn answer(&self, target: &str, request: &Value) -> (u16, Value) {
        let find = |key: &Value| self.items.lock().unwrap().get(&key_of(key)).cloned();
        match target {
            "DynamoDB_20120810.GetItem" => (200, find(&request["Key"]).map_or(json!({}), |item| json!({"Item": item}))),
            "DynamoDB_20120810.BatchGetItem" => {
                let keys = request["RequestItems"]["table"]["Keys"].as_array().unwrap();
                (200, json!({"Responses": {"table": keys.iter().filter_map(find).collect::<Vec<_>>()}}))
            }
            "DynamoDB_20120810.UpdateItem" => self.mark(request),
            "secretsmanager.GetSecretValue" => (200, json!({"SecretString": "0123456789abcdef0123456789abcdef"})),
            _ => self.mail(request),
        }
    }

    fn mark(&self, request: &Value) -> (u16, Value) {
        assert_eq!(request["ConditionExpression"], "attribute_exists(due_at)");
        let mut items = self.items.lock().unwrap();
        match items.get_mut(&key_of(&request["Key"])).and_then(Value::as_object_mut) {
            Some(item) if item.contains_key("due_at") => {
                item.retain(|name, _| !["due_shard", "due_at", "deliver_at"].contains(&name.as_str()));
                (200, json!({}))
            }
            Some(_) | None => (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})),
        }
    }

    fn mail(&self, request: &Value) -> (u16, Value) {
        let to = request["Destination"]["ToAddresses"][0].as_str().unwrap();
        if self.refused.contains(&to) {
            return (400, json!({"__type": "MessageRejected", "message": to}));
        }
        self.mails.lock().unwrap().push(request["Content"]["Simple"].clone());
        (200, json!({"MessageId": "1"}))
    }

    fn put<T: Entity>(&self, value: &T) -> serde_dynamo::Item {
        let mut item: HashMap<String, serde_dynamo::AttributeValue> = serde_dynamo::to_item::<_, serde_dynamo::Item>(value).unwrap().into_inner();
        let key = value.key();
        let mut set = |name: &str, value: String| item.insert(name.to_owned(), serde_dynamo::AttributeValue::S(value));
        if let Some(due) = value.due() {
            set("due_shard", due.shard(&key));
            set("due_at", due.sort_key(&key));
        }
        set("type", T::TYPE.to_owned());
        set("pk", key.pk.clone());
        set("sk", key.sk.clone());
        item.insert("version".to_owned(), serde_dynamo::AttributeValue::N("1".to_owned()));
        let item = serde_dynamo::Item::from(item);
        self.items.lock().unwrap().insert((key.pk, key.sk), serde_json::to_value(&item).unwrap());
        item
    }

    fn subjects(&self) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails.iter().map(|mail| mail["Subject"]["Data"].as_str().unwrap().to_owned()).collect()
    }

    fn waits(&self, key: &Key) -> bool {
        self.items.lock().unwrap()[&(key.pk.clone(), key.sk.clone())].get("due_at").is_some()
    }
}

#[derive(Debug, Clone)]
struct Wire(Arc<Cloud>);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = self.0.answer(target, &body);
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        now()
    }
}

#[derive(Debug)]
struct NoWait;

impl AsyncSleep for NoWait {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}

fn app(cloud: &Arc<Cloud>) -> App {
    let connector = SharedHttpConnector::new(Wire(Arc::clone(cloud)));
    App::new(Parts {
        config: Config {
            table: "table".to_owned(),
            region: "eu-west-3".to_owned(),
            app_url: APP.to_owned(),
            allowed_origins: Vec::new(),
            issuer: "https://api.cyna.example".to_owned(),
            secret_prefix: "cyna".to_owned(),
            mail_from: "no-reply@cyna.example".to_owned(),
            provider_url: "https://provider.example".to_owned(),
            live_mode: false,
            seller: seller(),
            bootstrap_admin: None,
            rate_limits: true,
            loopback: false,
        },
        clock: Arc::new(Noon),
        entropy: Arc::new(SystemEntropy::default()),
        log: Arc::new(StandardOutput),
        aws: http_client_fn(move |_, _| connector.clone()),
        web: WebClient::Lazy,
        sleep: SharedAsyncSleep::new(NoWait),
        time_source: SharedTimeSource::default(),
        credentials: Credentials::new("id", "secret", None, None, "test"),
        endpoint: None,
    })
}

fn of_account(kind: EventKind) -> Event {
    event(id(), Owner::Account { account: id() }, kind, now())
}

/// A cloud with a customer.
fn cloud() -> Cloud {
    let cloud = Cloud::default();
    cloud.put(&user("Ada", Locale::En, true));
    cloud.put(&Account {
        id: id(),
        owner: id(),
        company: None,
        zone: paris(),
        locale: Locale::Fr,
        provider_customer: None,
        created_at: now(),
    });
    cloud
}

fn payment(status: PaymentStatus, channel: Channel) -> Payment {
    let attempt = Attempt {
        number: 2,
        started_at: now(),
        channel,
        outcome: Outcome::InFlight,
        provider_payment: None,
        last_decline: None,
        checks: 0,
    };
    Payment {
        id: id(),
        account: id(),
        purpose: Purpose::Renewal { subscription: id(), index: 1 },
        amount: euros(32_400),
        invoice: id(),
        status,
        attempts: vec![attempt],
        surplus: Vec::new(),
        created_at: now(),
        check_at: None,
    }
}

fn hosted(closes_at: Timestamp) -> Channel {
    let page = HostedPage { session: "cs_1".to_owned(), url: "https://checkout.example/cs_1".to_owned() };
    Channel::Hosted { return_url: APP.to_owned(), closes_at, page: Some(page) }
}

fn hours(hours: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_hours(hours)).unwrap()
}

fn past_due(code: &str) -> SubscriptionStatus {
    let (dunning, _) = Dunning::start(now(), code, &DunningPolicy::default());
    SubscriptionStatus::PastDue { dunning }
}

/// Delivers an event, twice; the subjects of the mails it caused.
async fn delivered(cloud: Cloud, event: Event) -> Vec<String> {
    cloud.put(&event);
    let cloud = Arc::new(cloud);
    let app = app(&cloud);
    deliver(&app, &event.key()).await.unwrap();
    assert!(!cloud.waits(&event.key()));
    deliver(&app, &event.key()).await.unwrap();
    cloud.subjects()
}

#[tokio::test]
async fn a_registration_is_mailed_once_with_its_link() {
    let event = event(id(), Owner::User { user: id() }, EventKind::UserRegistered { user: id(), token: id() }, now());
    let cloud = cloud();
    cloud.put(&event);
    let cloud = Arc::new(cloud);
    for _ in 0..2 {
        deliver(&app(&cloud), &event.key()).await.unwrap();
    }
    assert_eq!(cloud.subjects(), ["Confirm your e-mail address"]);
    let mails = cloud.mails.lock().unwrap();
    let text = mails[0]["Body"]["Text"]["Data"].as_str().unwrap();
    let link = text.lines().find(|line| line.starts_with(APP)).unwrap();
    let token = link.strip_prefix(&format!("{APP}/verify-email?token=")).unwrap();
    let expected = platform::identity::mailed_token::derive(&app(&cloud), id(), id()).await.unwrap();
    assert_eq!(token, expected);
}

#[tokio::test]
async fn an_erased_user_and_a_decoy_are_delivered_without_a_mail() {
    let user = EventKind::RegistrationRepeated { user: UserId::from_bits(99) };
    assert!(delivered(cloud(), event(id(), Owner::Decoy, EventKind::NothingToSend, now())).await.is_empty());
    assert!(delivered(cloud(), event(id(), Owner::User { user: UserId::from_bits(99) }, user, now())).await.is_empty());
}

#[tokio::test]
async fn an_invoice_is_receipted_once_whenever_it_is_paid() {
    let (order, renewal) = (Purpose::Order { order: id() }, Purpose::Renewal { subscription: id(), index: 1 });
    let paid = |paid_at| InvoiceStatus::Paid { number: number(), issued_at: now(), paid_at };
    let open = InvoiceStatus::Open { number: number(), issued_at: now() };
    let finalised = EventKind::InvoiceFinalised { invoice: id(), number: number() };
    let period_paid = EventKind::PeriodPaid { subscription: id(), index: 1, payment: id() };
    let confirmed = "Votre commande est confirmée – facture F2026-000042";
    let renewed = "Votre abonnement est renouvelé – facture F2026-000042";
    for (purpose, status, kind, subject) in [
        (order, paid(now()), &finalised, Some(confirmed)),
        (renewal, paid(now()), &finalised, Some(renewed)),
        (renewal, paid(now()), &period_paid, None),
        (renewal, open.clone(), &finalised, None),
        (renewal, paid(hours(48)), &finalised, None),
        (renewal, paid(hours(48)), &period_paid, Some(renewed)),
    ] {
        let cloud = cloud();
        cloud.put(&invoice(purpose, status));
        cloud.put(&payment(PaymentStatus::Pending, hosted(now())));
        let subjects = delivered(cloud, of_account(kind.clone())).await;
        assert_eq!(subjects, subject.into_iter().collect::<Vec<_>>(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_decline_is_told_while_it_stands() {
    let captured = PaymentStatus::Paid { at: now(), provider_payment: "pi_1".to_owned() };
    for (status, paid, code, mails) in [
        (past_due("expired_card"), PaymentStatus::Pending, "expired_card", 1),
        (past_due("expired_card"), captured.clone(), "expired_card", 0),
        (SubscriptionStatus::Active, captured, "expired_card", 0),
        (SubscriptionStatus::Unpaid { since: now() }, PaymentStatus::Pending, "expired_card", 0),
        (past_due("authentication_required"), PaymentStatus::Pending, "authentication_required", 0),
    ] {
        let cloud = cloud();
        cloud.put(&subscription(status));
        cloud.put(&payment(paid, hosted(hours(1))));
        let kind = EventKind::RenewalDeclined { subscription: id(), payment: id(), attempt: 1, code: code.to_owned() };
        assert_eq!(delivered(cloud, of_account(kind)).await.len(), mails);
    }
}

#[tokio::test]
async fn a_payment_page_is_mailed_while_it_is_open() {
    for (attempt, closes_at, subjects) in [
        (2, hours(1), vec!["Votre banque vous demande de confirmer un paiement"]),
        (1, hours(1), vec![]),
        (2, now(), vec![]),
    ] {
        let cloud = cloud();
        cloud.put(&subscription(past_due("authentication_required")));
        cloud.put(&payment(PaymentStatus::Pending, hosted(closes_at)));
        assert_eq!(delivered(cloud, of_account(EventKind::PaymentPageOpened { payment: id(), attempt })).await, subjects);
    }
}

#[tokio::test]
async fn the_end_of_access_is_told_unless_it_was_restored() {
    for (status, mails) in [(SubscriptionStatus::Unpaid { since: now() }, 1), (SubscriptionStatus::Active, 0)] {
        let cloud = cloud();
        cloud.put(&subscription(status));
        assert_eq!(delivered(cloud, of_account(EventKind::SubscriptionUnpaid { subscription: id() })).await.len(), mails);
    }
}

/// A record of the stream.
fn record(name: &str, image: &serde_dynamo::Item, number: Option<&str>) -> Value {
    json!({
        "awsRegion": "eu-west-3", "eventID": "1", "eventName": name,
        "dynamodb": {"NewImage": image, "SequenceNumber": number, "SizeBytes": 1, "ApproximateCreationDateTime": 1.0},
    })
}

async fn dispatch(cloud: &Arc<Cloud>, records: Vec<Value>) -> Result<DynamoDbEventResponse, super::dispatch_events::UnnamedRecord> {
    let batch: Batch = serde_json::from_value(json!({"Records": records})).unwrap();
    let mut work = Work { stop_at: now(), invocation: Invocation::job(DispatchEvents::ID, now()) };
    DispatchEvents::run(&app(cloud), batch, &mut work).await
}

fn session_event(bits: u128, user: UserId) -> Event {
    event(EventId::from_bits(bits), Owner::User { user }, EventKind::SessionReused { user, session: id() }, now())
}

#[tokio::test]
async fn a_batch_reports_each_record_that_failed_and_delivers_the_others() {
    let mut cloud = cloud();
    cloud.refused = vec!["mallory@example.com"];
    let bad = UserId::from_bits(13);
    let mallory = domain::email::EmailAddress::parse("mallory@example.com").unwrap();
    cloud.put(&domain::account::User { id: bad, email: mallory, ..user("Mallory", Locale::En, true) });
    let (first, poison, last) = (session_event(1, id()), session_event(2, bad), session_event(3, id()));
    let account = cloud.put(&user("Ada", Locale::En, true));
    let records = vec![
        record("INSERT", &cloud.put(&first), Some("100")),
        record("INSERT", &cloud.put(&poison), Some("101")),
        record("INSERT", &account, Some("102")),
        record("MODIFY", &cloud.put(&poison), Some("103")),
        record("INSERT", &cloud.put(&last), Some("104")),
    ];
    let cloud = Arc::new(cloud);
    let report = dispatch(&cloud, records.clone()).await.unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap(), json!({"batchItemFailures": [{"itemIdentifier": "101"}]}));
    assert_eq!(cloud.mails.lock().unwrap().len(), 2);
    assert!(cloud.waits(&poison.key()) && !cloud.waits(&first.key()) && !cloud.waits(&last.key()));

    let again = dispatch(&cloud, records[1..].to_vec()).await.unwrap();
    assert_eq!(again, report);
    assert_eq!(cloud.mails.lock().unwrap().len(), 2, "what was delivered is not mailed again");
}

#[tokio::test]
async fn a_failure_without_a_number_fails_the_batch() {
    let mut cloud = cloud();
    cloud.refused = vec!["ada@example.com"];
    let image = cloud.put(&session_event(1, id()));
    let cloud = Arc::new(cloud);
    assert!(dispatch(&cloud, vec![record("INSERT", &image, None)]).await.is_err());
    let report = dispatch(&cloud, vec![record("REMOVE", &image, None)]).await.unwrap();
    assert!(report.batch_item_failures.is_empty());
}
