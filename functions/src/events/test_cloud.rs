//! Table, mail service and secrets that answer from memory: as much of each
//! as delivering needs.

use crate::mails::samples::{APP, id, now, paris, seller, user};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use domain::account::Account;
use domain::locale::Locale;
use jiff::Timestamp;
use platform::app::{App, Parts, WebClient};
use platform::clock::{Clock, SystemEntropy};
use platform::config::Config;
use platform::store::Entity;
use platform::store::keys::Key;
use platform::telemetry::StandardOutput;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What there is, and what was sent.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    items: Mutex<HashMap<(String, String), Value>>,
    pub(super) mails: Mutex<Vec<Value>>,
    /// Addresses the mail service refuses.
    pub(super) refused: Vec<&'static str>,
}

fn key_of(item: &Value) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("pk"), text("sk"))
}

impl Cloud {
    fn answer(&self, target: &str, request: &Value) -> (u16, Value) {
        let find = |key: &Value| self.items.lock().unwrap().get(&key_of(key)).cloned();
        match target {
            "DynamoDB_20120810.GetItem" => (
                200,
                find(&request["Key"]).map_or(json!({}), |item| json!({"Item": item})),
            ),
            "DynamoDB_20120810.BatchGetItem" => {
                let keys = request["RequestItems"]["table"]["Keys"].as_array().unwrap();
                (
                    200,
                    json!({"Responses": {"table": keys.iter().filter_map(find).collect::<Vec<_>>()}}),
                )
            }
            "DynamoDB_20120810.UpdateItem" => self.update(request),
            "secretsmanager.GetSecretValue" => (
                200,
                json!({"SecretString": "0123456789abcdef0123456789abcdef"}),
            ),
            _ => self.mail(request),
        }
    }

    /// What an update of an event does: it sets and removes attributes of one
    /// that waits.
    fn update(&self, request: &Value) -> (u16, Value) {
        assert_eq!(
            request["ConditionExpression"],
            "attribute_exists(deliver_at)"
        );
        let update = request["UpdateExpression"].as_str().unwrap();
        let (set, removed) = update.split_once(" REMOVE ").unwrap_or((update, ""));
        let mut items = self.items.lock().unwrap();
        match items
            .get_mut(&key_of(&request["Key"]))
            .and_then(Value::as_object_mut)
        {
            Some(item) if item.contains_key("deliver_at") => {
                item.retain(|name, _| !removed.split(", ").any(|gone| gone == name));
                for (name, value) in request["ExpressionAttributeValues"].as_object().unwrap() {
                    let name = name.trim_start_matches(':');
                    if set.contains(&format!("{name} = :{name}")) {
                        item.insert(name.to_owned(), value.clone());
                    }
                }
                (200, json!({}))
            }
            Some(_) | None => (
                400,
                json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}),
            ),
        }
    }

    fn mail(&self, request: &Value) -> (u16, Value) {
        let to = request["Destination"]["ToAddresses"][0].as_str().unwrap();
        if self.refused.contains(&to) {
            return (400, json!({"__type": "MessageRejected", "message": to}));
        }
        self.mails
            .lock()
            .unwrap()
            .push(request["Content"]["Simple"].clone());
        (200, json!({"MessageId": "1"}))
    }

    pub(super) fn put<T: Entity>(&self, value: &T) -> serde_dynamo::Item {
        let mut item: HashMap<String, serde_dynamo::AttributeValue> =
            serde_dynamo::to_item::<_, serde_dynamo::Item>(value)
                .unwrap()
                .into_inner();
        let key = value.key();
        let mut set = |name: &str, value: String| {
            item.insert(name.to_owned(), serde_dynamo::AttributeValue::S(value))
        };
        if let Some(due) = value.due() {
            set("due_shard", due.shard(&key));
            set("due_at", due.sort_key(&key));
        }
        set("type", T::TYPE.to_owned());
        set("pk", key.pk.clone());
        set("sk", key.sk.clone());
        item.insert(
            "version".to_owned(),
            serde_dynamo::AttributeValue::N("1".to_owned()),
        );
        let item = serde_dynamo::Item::from(item);
        self.items
            .lock()
            .unwrap()
            .insert((key.pk, key.sk), serde_json::to_value(&item).unwrap());
        item
    }

    pub(super) fn subjects(&self) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails
            .iter()
            .map(|mail| mail["Subject"]["Data"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A part of the first mail: `Text` or `Html`.
    pub(super) fn part(&self, name: &str) -> String {
        let mails = self.mails.lock().unwrap();
        mails[0]["Body"][name]["Data"].as_str().unwrap().to_owned()
    }

    /// An attribute of an item, if it has it.
    pub(super) fn attribute(&self, key: &Key, name: &str) -> Option<String> {
        let items = self.items.lock().unwrap();
        let item = &items[&(key.pk.clone(), key.sk.clone())];
        item.get(name)
            .map(|value| value["S"].as_str().unwrap().to_owned())
    }

    /// True while an event has its timer.
    pub(super) fn waits(&self, key: &Key) -> bool {
        self.attribute(key, "due_at").is_some()
    }
}

#[derive(Debug, Clone)]
struct Wire(Arc<Cloud>);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = self.0.answer(target, &body);
        let answer = HttpResponse::new(
            status.try_into().unwrap(),
            SdkBody::from(answer.to_string()),
        );
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

pub(super) fn app(cloud: &Arc<Cloud>) -> App {
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
            register_url: String::new(),
            live_mode: false,
            one_stop_shop: false,
            refund_approval_above: 100_000,
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
        hashing: platform::identity::password::Cost::DEPLOYED,
    })
}

/// A cloud with a customer.
pub(super) fn cloud() -> Cloud {
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
