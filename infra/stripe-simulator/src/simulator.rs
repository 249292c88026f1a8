//! The simulator as its users hold it: one shared, locked state.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::Reply;
use crate::checkout::{CheckoutView, PayError, PayOutcome};
use crate::clock::Act;
use crate::courier::Delivery;
use crate::disputes::Disputes;
use crate::faults::{ApiFault, ApiFaults, ApiWeather, WebhookFaults};
use crate::signature;
use crate::state::State;

/// How the simulator presents itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The secret API key that requests must carry.
    pub api_key: String,
    /// The secret that signs webhooks.
    pub webhook_secret: String,
    /// Where the hosted page is served; a session's URL is this, a slash, and
    /// the session's id.
    pub checkout_base_url: String,
    /// The version of the API that requests must name, as this simulator does
    /// not speak the others; without one any will do, and none.
    pub api_version: Option<String>,
    /// The `api_version` of events.
    pub webhook_api_version: String,
    /// The `livemode` of every object.
    pub livemode: bool,
    /// The least amount of a payment, in minor units. Stripe's is 50 for euros
    /// and US dollars; 1 accepts every amount but zero.
    pub minimum_amount: u64,
}

/// An in-process payment provider; clones share one state.
///
/// Every act takes its time as `now`. Times must not run backwards; sessions
/// expire at their own moment as soon as a later time is seen.
#[derive(Debug, Clone)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
    /// Secrets of a roll, the old ones too; the first is the newest.
    secrets: Arc<Mutex<Vec<String>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A poisoned state is still the book; whoever panicked has said why.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulator {
    /// An empty provider.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let secrets = Arc::new(Mutex::new(vec![config.webhook_secret.clone()]));
        Self {
            state: Arc::new(Mutex::new(State::new(config))),
            secrets,
        }
    }

    /// Says where the hosted page is served, once the port is known.
    pub fn set_checkout_base_url(&self, url: String) {
        lock(&self.state).config.checkout_base_url = url;
    }

    /// Signs with these secrets from now on, one `v1` for each: two while a
    /// secret is being rolled.
    pub fn set_webhook_secrets(&self, secrets: Vec<String>) {
        *lock(&self.secrets) = secrets;
    }

    /// Answers a request to the REST API.
    ///
    /// Parameters are form-encoded (in the query for GET), answers JSON,
    /// authentication is bearer or basic. The path counts from `/v1/` on, so
    /// the API can be mounted anywhere.
    #[must_use]
    pub fn handle(&self, now: Timestamp, request: &Request<Bytes>) -> Reply {
        lock(&self.state).handle(now, request)
    }

    /// Answers a request that meets this fault, or none whatever the weather.
    #[must_use]
    pub fn handle_under(
        &self,
        now: Timestamp,
        request: &Request<Bytes>,
        fault: Option<ApiFault>,
    ) -> Reply {
        lock(&self.state).handle_under(now, request, fault)
    }

    /// What the hosted page shows for a session; `None` where there is none.
    #[must_use]
    pub fn checkout(&self, now: Timestamp, session_id: &str) -> Option<CheckoutView> {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.checkout(session_id)
    }

    /// The buyer types in a card number and submits.
    ///
    /// # Errors
    /// The session is unknown or no longer open, or the number is none of the
    /// provider's test cards. A declined card is no error.
    pub fn pay(
        &self,
        now: Timestamp,
        session_id: &str,
        card_number: &str,
    ) -> Result<PayOutcome, PayError> {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.pay(&Act::outside(now), session_id, card_number)
    }

    /// The buyer passes 3-D Secure. (One who abandons it does nothing: the
    /// session stays open until another card is tried or it expires.)
    ///
    /// # Errors
    /// The session is unknown or not open, or no card awaits authentication.
    pub fn authenticate(&self, now: Timestamp, session_id: &str) -> Result<PayOutcome, PayError> {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.authenticate(&Act::outside(now), session_id, true)
    }

    /// The buyer fails 3-D Secure; the session stays open for another card.
    ///
    /// # Errors
    /// As [`Simulator::authenticate`].
    pub fn fail_authentication(
        &self,
        now: Timestamp,
        session_id: &str,
    ) -> Result<PayOutcome, PayError> {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.authenticate(&Act::outside(now), session_id, false)
    }

    /// Makes every saved card of the customers with that e-mail answer
    /// off-session charges so from now on: `ok`, `authentication_required`, or
    /// a decline code. Answers how many cards that is.
    pub fn set_card_behaviour(&self, email: &str, behave: &str) -> usize {
        lock(&self.state).set_card_behaviour(email, behave)
    }

    /// The holder of the card that paid asks the bank for the money back; at
    /// first the bank may only inquire. Answers the dispute's id, if what
    /// that payment took can be disputed.
    #[must_use]
    pub fn dispute(&self, now: Timestamp, payment: &str, inquiry: bool) -> Option<String> {
        let how = match inquiry {
            true => Disputes::AsInquiry,
            false => Disputes::AsFraud,
        };
        let mut state = lock(&self.state);
        state.catch_up(now);
        let charge = state.intents.get(payment)?.latest_charge.clone()?;
        state.open_dispute(&Act::outside(now), &charge, how)
    }

    /// Lets the network say that every saved card of the customers with that
    /// e-mail expires with another month. Answers how many cards that is.
    pub fn set_card_expiry(&self, now: Timestamp, email: &str, (year, month): (i16, i8)) -> usize {
        lock(&self.state).set_card_expiry(&Act::outside(now), email, year, month)
    }

    /// The bank decides a dispute. False where none of that id is open.
    pub fn decide_dispute(&self, now: Timestamp, dispute: &str, won: bool) -> bool {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.decide_dispute(&Act::outside(now), dispute, won)
    }

    /// The bank thinks again: an inquiry becomes a dispute, what was won is
    /// lost. False where it cannot.
    pub fn turn_dispute(&self, now: Timestamp, dispute: &str) -> bool {
        let mut state = lock(&self.state);
        state.catch_up(now);
        state.turn_dispute(&Act::outside(now), dispute)
    }

    /// Lets time pass: sessions expire and refunds end, each at its own moment.
    pub fn tick(&self, now: Timestamp) {
        lock(&self.state).catch_up(now);
    }

    /// When something next happens by itself: a webhook attempt falls due, a
    /// session expires or a refund ends.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let state = lock(&self.state);
        let expiry = state.expiries.first().map(|(at, _)| *at);
        let turn = state.turns.first().map(|(at, _)| *at);
        [expiry, turn, state.courier.next_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The webhook attempts due by `now`, each handed out once and signed
    /// afresh. Report each with [`Simulator::delivered`]; one never reported
    /// counts as unanswered and is tried again on schedule.
    #[must_use]
    pub fn due_deliveries(&self, now: Timestamp) -> Vec<Delivery> {
        let secrets = lock(&self.secrets).clone();
        let mut state = lock(&self.state);
        state.catch_up(now);
        state
            .courier
            .take_due(now, |body| signature::header(&secrets, now, body))
    }

    /// Books the endpoint's answer to a delivery's latest attempt. Anything
    /// but a 2xx is tried again: after 5 and 30 minutes, 2, 5 and 10 hours,
    /// then every 12 hours, for 3 days after the first attempt.
    pub fn delivered(&self, delivery_id: &str, http_status: u16) {
        lock(&self.state)
            .courier
            .delivered(delivery_id, http_status);
    }

    /// Sends a past event once more, out of reach of the webhook faults.
    /// False for an unknown event.
    pub fn redeliver(&self, now: Timestamp, event_id: &str) -> bool {
        lock(&self.state).courier.post_again(now, event_id)
    }

    /// The `Stripe-Signature` header of a body sent at `now`.
    #[must_use]
    pub fn sign(&self, now: Timestamp, body: &[u8]) -> String {
        signature::header(&lock(&self.secrets), now, body)
    }

    /// Puts webhook faults in force; the default clears them.
    pub fn set_webhook_faults(&self, faults: WebhookFaults, seed: u64) {
        lock(&self.state).courier.set_faults(faults, seed);
    }

    /// Puts API faults in force; the default clears them.
    pub fn set_api_faults(&self, faults: ApiFaults, seed: u64) {
        lock(&self.state).weather = ApiWeather::new(faults, seed);
    }

    /// The provider's own book: `customers`, `cards`, `sessions`, `payments`,
    /// `refunds`, `disputes`, and `events` with their deliveries, oldest
    /// first. A payment tells `status` (`failed` after a refusal),
    /// `amountCaptured`, `refundedAmount` and, after a refusal, `declineCode`.
    #[must_use]
    pub fn book(&self) -> Value {
        lock(&self.state).book()
    }

    /// Forgets everything but the configuration.
    pub fn reset(&self) {
        let mut state = lock(&self.state);
        let config = std::mem::take(&mut state.config);
        *lock(&self.secrets) = vec![config.webhook_secret.clone()];
        *state = State::new(config);
    }

    /// The whole state as JSON, for a caller that keeps its data in a file.
    /// The configuration, and with it every secret, stays out.
    ///
    /// # Errors
    /// Only where JSON cannot express it, which would be a defect here.
    pub fn dump(&self) -> serde_json::Result<String> {
        serde_json::to_string(&*lock(&self.state))
    }

    /// Goes on from a state that [`Simulator::dump`] gave.
    ///
    /// # Errors
    /// The text is not such a state; nothing is changed then.
    pub fn restore(&self, dump: &str) -> serde_json::Result<()> {
        let mut restored: State = serde_json::from_str(dump)?;
        let mut state = lock(&self.state);
        restored.config = std::mem::take(&mut state.config);
        *state = restored;
        Ok(())
    }
}
