//! The client of the payment provider (Stripe): the few endpoints the shop
//! uses, and what each kind of answer means.

pub use super::answer::CallError;
use super::answer::{Answer, object, sort, was_not_sent};
use super::form::Form;
use super::objects::{Identified, Intent, List, MadeRefund, Session};
pub use super::objects::{NewIntent, NewSession};
use crate::connector::{Measure, Unanswered, exchange};
use crate::http::problem::chain;
use crate::secrets::SecretText;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use domain::id::ActId;
use futures::lock::Mutex;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The version of the provider's API this code was written for.
pub const API_VERSION: &str = "2025-09-30.clover";

/// How long a caller can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A customer waits: 2 s a try, two tries, so that two calls fit into the
    /// time of a request.
    Interactive,
    /// Nobody waits: 25 s a try, two tries.
    OffSession,
}

impl Pace {
    fn attempt(self) -> Duration {
        match self {
            Self::Interactive => Duration::from_secs(2),
            Self::OffSession => Duration::from_secs(25),
        }
    }
}

/// Tries of one call. All send the same idempotency key and the same bytes.
const TRIES: u32 = 2;

/// How long the second try waits when the provider did not begin the first:
/// another call with the same key is under way, or there were too many.
const PAUSE: Duration = Duration::from_millis(300);

/// The longest answer that is read: a hundred payments are some 400 KB.
const LONGEST: usize = 4 << 20;

/// How far apart calls begin that nobody waits for: the provider takes 25 a
/// second of a kind, and a billing day must leave some to customers.
const SPACING: Duration = Duration::from_millis(50);

/// The connection to the provider.
#[derive(Debug)]
pub struct Provider {
    connector: SharedHttpConnector,
    sleep: SharedAsyncSleep,
    base: String,
    turn: Mutex<()>,
}

/// The provider with the key to it.
#[derive(Debug)]
pub struct Gateway<'a> {
    provider: &'a Provider,
    key: SecretText,
    pace: Pace,
    act: ActId,
}

impl Provider {
    /// The provider behind this connector.
    pub fn new(connector: SharedHttpConnector, sleep: SharedAsyncSleep, base: String) -> Self {
        Self {
            connector,
            sleep,
            base,
            turn: Mutex::default(),
        }
    }

    /// The provider with the key to it, for one act of ours: where it failed at
    /// what moves no money, each act asks anew.
    pub fn with_key(&self, key: SecretText, pace: Pace, act: ActId) -> Gateway<'_> {
        Gateway {
            provider: self,
            key,
            pace,
            act,
        }
    }
}

impl Gateway<'_> {
    /// Makes the customer of an account. The first try has the account's own
    /// key, so that orders at the same moment share one customer: one that
    /// meets another under way waits for it. The provider repeats a failure of
    /// its own for a day, though: so that it costs one attempt and not the
    /// account, the second try then has a key of the attempt.
    ///
    /// # Errors
    /// [`CallError`] of the second try.
    pub async fn create_customer(
        &self,
        attempt: &str,
        account: &str,
        email: &str,
    ) -> Result<String, CallError> {
        let path = "/v1/customers";
        let form = Form::default()
            .field("email", email)
            .field("metadata[account]", account)
            .encode();
        let shared = format!("{account}:customer");
        let own = self.spare(&format!("{attempt}:customer"));
        let first = Some(&(&*shared, form.clone()));
        let second = match self.try_once("POST", path, first).await.and_then(object) {
            Ok(Identified { id }) => return Ok(id),
            Err(CallError::NotStarted(_)) => {
                self.provider.sleep.sleep(PAUSE).await;
                shared
            }
            Err(CallError::Unknown(_) | CallError::Failed(_) | CallError::Rejected { .. }) => own,
        };
        let second = Some(&(&*second, form));
        let made: Identified = object(self.try_once("POST", path, second).await?)?;
        Ok(made.id)
    }

    /// Opens a hosted payment page. Where the provider failed at it, and will
    /// say so for a day under that key, the act's spare key asks for another
    /// page: it moves no money, and nobody ever learns the address of a first
    /// one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_session(
        &self,
        key: &str,
        new: &NewSession<'_>,
    ) -> Result<Session, CallError> {
        let mut form = Form::default()
            .field("mode", "payment")
            // Cards alone: a method that settles days later would leave the page
            // complete and the order unpaid.
            .field("payment_method_types[0]", "card")
            .field("customer", new.customer)
            .field("line_items[0][quantity]", 1)
            .field("line_items[0][price_data][currency]", &new.currency)
            .field("line_items[0][price_data][unit_amount]", new.amount)
            .field(
                "line_items[0][price_data][product_data][name]",
                new.description,
            )
            .field("success_url", new.return_url)
            .field("cancel_url", new.return_url)
            .field("expires_at", new.expires_at)
            .field("locale", new.locale)
            .field("payment_intent_data[setup_future_usage]", "off_session");
        for (name, value) in new.metadata {
            // The session's metadata does not reach the payment it makes.
            form = form
                .field(&format!("metadata[{name}]"), value)
                .field(&format!("payment_intent_data[metadata][{name}]"), value);
        }
        let (path, form) = ("/v1/checkout/sessions", form.encode());
        let first = self.send("POST", path, Some((key, form.clone()))).await;
        match first.and_then(object) {
            Err(CallError::Failed(_)) => {
                let spare = self.spare(key);
                object(self.try_once("POST", path, Some(&(&*spare, form))).await?)
            }
            opened => opened,
        }
    }

    /// A key for what moves no money, once the provider keeps a failure under
    /// its proper one.
    fn spare(&self, key: &str) -> String {
        format!("{key}:{}", self.act)
    }

    /// A hosted payment page as it stands.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn session(&self, id: &str) -> Result<Session, CallError> {
        self.get(&format!("/v1/checkout/sessions/{id}")).await
    }

    /// Closes a hosted payment page that is open. The provider's own rule makes
    /// it happen once; the key is the act's, for the provider would repeat a
    /// failure of its own for a day.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when it is not open any more.
    pub async fn expire_session(&self, key: &str, id: &str) -> Result<Session, CallError> {
        let path = format!("/v1/checkout/sessions/{id}/expire");
        self.post(&path, &self.spare(key), Form::default()).await
    }

    /// Charges a saved payment method. A decline is an answer, not an error:
    /// the payment says so.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_intent(&self, key: &str, new: &NewIntent<'_>) -> Result<Intent, CallError> {
        let mut form = Form::default()
            .field("amount", new.amount)
            .field("currency", &new.currency)
            .field("customer", new.customer)
            .field("payment_method", new.payment_method)
            .field("confirm", "true")
            .field("off_session", "true");
        for (name, value) in new.metadata {
            form = form.field(&format!("metadata[{name}]"), value);
        }
        match self
            .send("POST", "/v1/payment_intents", Some((key, form.encode())))
            .await?
        {
            Answer::Object(intent) => Ok(intent),
            Answer::Declined(intent) => Ok(*intent),
        }
    }

    /// A payment as it stands.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn intent(&self, id: &str) -> Result<Intent, CallError> {
        self.get(&format!("/v1/payment_intents/{id}")).await
    }

    /// The payments of a customer made since a moment (Unix seconds), all
    /// pages. A list, never a search: a search may lag behind.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn intents_since(
        &self,
        customer: &str,
        since: i64,
    ) -> Result<Vec<Intent>, CallError> {
        let mut found: Vec<Intent> = Vec::new();
        loop {
            let after = found
                .last()
                .map(|last| format!("&starting_after={}", last.id))
                .unwrap_or_default();
            let path = format!(
                "/v1/payment_intents?customer={customer}&created[gte]={since}&limit=100{after}"
            );
            let page: List<Intent> = self.get(&path).await?;
            let more = page.has_more && !page.data.is_empty();
            found.extend(page.data);
            if !more {
                return Ok(found);
            }
        }
    }

    /// Gives a captured amount back, marked with what is ours about it.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn refund(
        &self,
        key: &str,
        intent: &str,
        amount: i64,
        metadata: &[(&str, String)],
    ) -> Result<MadeRefund, CallError> {
        let mut form = Form::default()
            .field("payment_intent", intent)
            .field("amount", amount);
        for (name, value) in metadata {
            form = form.field(&format!("metadata[{name}]"), value);
        }
        self.post("/v1/refunds", key, form).await
    }

    /// The refunds of a payment, newest first: a hundred at most, and there are
    /// never more of ours.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn refunds_of(&self, intent: &str) -> Result<Vec<MadeRefund>, CallError> {
        let path = format!("/v1/refunds?payment_intent={intent}&limit=100");
        let page: List<MadeRefund> = self.get(&path).await?;
        Ok(page.data)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        object(self.send("GET", path, None).await?)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        form: Form,
    ) -> Result<T, CallError> {
        object(self.send("POST", path, Some((key, form.encode()))).await?)
    }

    /// Waits for a place among the calls nobody waits for.
    async fn take_turn(&self) {
        match self.pace {
            Pace::Interactive => {}
            Pace::OffSession => {
                let _turn = self.provider.turn.lock().await;
                self.provider.sleep.sleep(SPACING).await;
            }
        }
    }

    /// Sends a request, twice at most, with the same key and bytes.
    async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Result<Answer<T>, CallError> {
        let mut last = CallError::NotStarted("no try was made".to_owned());
        let mut unknown = None;
        for attempt in 0..TRIES {
            if attempt > 0 && matches!(last, CallError::NotStarted(_)) {
                self.provider.sleep.sleep(PAUSE).await;
            }
            match self.try_once(method, path, body.as_ref()).await {
                Ok(answer) => return Ok(answer),
                // Once a try may have been done, a later refusal proves nothing.
                Err(error @ CallError::Rejected { .. }) => return Err(unknown.unwrap_or(error)),
                Err(error @ (CallError::Unknown(_) | CallError::Failed(_))) => {
                    unknown = Some(error.clone());
                    last = error;
                }
                Err(error @ CallError::NotStarted(_)) => last = error,
            }
        }
        Err(unknown.unwrap_or(last))
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&(&str, String)>,
    ) -> Result<Answer<T>, CallError> {
        let request = self.request(method, path, body)?;
        self.take_turn().await;
        let Provider {
            connector, sleep, ..
        } = self.provider;
        let most = Measure {
            time: self.pace.attempt(),
            bytes: LONGEST,
        };
        let answer = exchange(connector, sleep, request, most).await;
        let (status, body) = answer.map_err(|unanswered| {
            let text = chain(&unanswered);
            match &unanswered {
                Unanswered::Call(error) if was_not_sent(error) => CallError::NotStarted(text),
                Unanswered::Call(_) | Unanswered::Body(_) | Unanswered::TooLate => {
                    CallError::Unknown(text)
                }
            }
        })?;
        sort(status, &body)
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&(&str, String)>,
    ) -> Result<HttpRequest, CallError> {
        let malformed = |error: &dyn std::fmt::Display| CallError::NotStarted(error.to_string());
        let mut builder = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.provider.base))
            .header("authorization", format!("Bearer {}", self.key.expose()))
            .header("stripe-version", API_VERSION);
        if let Some((key, _)) = body {
            builder = builder
                .header("idempotency-key", *key)
                .header("content-type", "application/x-www-form-urlencoded");
        }
        let sent = body.map_or_else(SdkBody::empty, |(_, form)| SdkBody::from(form.as_str()));
        let request = builder.body(sent).map_err(|error| malformed(&error))?;
        HttpRequest::try_from(request).map_err(|error| malformed(&error))
    }
}
