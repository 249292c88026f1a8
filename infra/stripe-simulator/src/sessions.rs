//! Checkout Sessions: what they are and how they end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Act;
use crate::list::Listed;
use crate::state::State;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// A payment, with or without saving the card.
    Payment,
    /// Saving a card only.
    Setup,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// The buyer may still pay; declines change nothing about that.
    Open,
    /// Paid, or the card saved.
    Complete,
    /// Over without a payment, by time or by request.
    Expired,
}

/// One line on the hosted page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutLine {
    /// The product's name.
    pub name: String,
    /// More words, where given.
    pub description: Option<String>,
    /// How many.
    pub quantity: u64,
    /// Price of one, in minor units.
    pub unit_amount: u64,
    /// Price of all, in minor units.
    pub amount: u64,
}

/// A visit to the hosted page, from its creation to its end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) mode: SessionMode,
    pub(crate) status: SessionStatus,
    /// What the page offers to pay with.
    #[serde(default = "cards")]
    pub(crate) methods: Vec<String>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) lines: Vec<CheckoutLine>,
    pub(crate) amount: u64,
    pub(crate) currency: Option<String>,
    /// The session's own. It never reaches the intent.
    pub(crate) metadata: BTreeMap<String, String>,
    /// What the intent will carry.
    pub(crate) intent_metadata: BTreeMap<String, String>,
    pub(crate) intent_description: Option<String>,
    pub(crate) saves_card: bool,
    pub(crate) client_reference: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    /// Exists once a card was tried, as on the real page.
    pub(crate) intent: Option<String>,
    pub(crate) setup_intent: Option<String>,
}

/// What a page offers that was kept before pages said so.
fn cards() -> Vec<String> {
    vec!["card".to_owned()]
}

impl Listed for Session {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

impl State {
    /// A session as the API shows it.
    pub(crate) fn session_json(&self, session: &Session) -> Value {
        let open = session.status == SessionStatus::Open;
        let url = format!(
            "{}/{}",
            self.config.checkout_base_url.trim_end_matches('/'),
            session.id
        );
        let payment_status = match (session.mode, session.status) {
            (SessionMode::Setup, _) => "no_payment_required",
            (SessionMode::Payment, SessionStatus::Complete) => "paid",
            (SessionMode::Payment, SessionStatus::Open | SessionStatus::Expired) => "unpaid",
        };
        let amount = (session.mode == SessionMode::Payment).then_some(session.amount);
        let email = self.session_email(session);
        json!({
            "id": session.id,
            "object": "checkout.session",
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": session.cancel_url,
            "client_reference_id": session.client_reference,
            "created": session.created.as_second(),
            "currency": session.currency,
            "customer": session.customer,
            "customer_details": email.map(|email| json!({ "email": email, "name": null })),
            "customer_email": session.customer_email,
            "expires_at": session.expires.as_second(),
            "livemode": self.config.livemode,
            "locale": session.locale,
            "metadata": session.metadata,
            "mode": session.mode,
            "payment_intent": session.intent,
            "payment_method_types": session.methods,
            "payment_status": payment_status,
            "setup_intent": session.setup_intent,
            "status": session.status,
            "success_url": session.success_url,
            "ui_mode": "hosted",
            "url": open.then_some(url),
        })
    }

    /// The buyer's address: the customer's, else the one given for the session.
    pub(crate) fn session_email<'a>(&'a self, session: &'a Session) -> Option<&'a String> {
        let customer = session
            .customer
            .as_ref()
            .and_then(|id| self.customers.get(id));
        customer
            .and_then(|customer| customer.email.as_ref())
            .or(session.customer_email.as_ref())
    }

    /// Ends an open session and tells of it. What it left open ends with it.
    pub(crate) fn end_session(&mut self, act: &Act, id: &str, status: SessionStatus) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.status != SessionStatus::Open {
            return;
        }
        session.status = status;
        self.expiries.remove(&(session.expires, id.to_owned()));
        let (intent, setup_intent) = (session.intent.clone(), session.setup_intent.clone());
        let event = match status {
            SessionStatus::Open => return,
            SessionStatus::Complete => "checkout.session.completed",
            SessionStatus::Expired => {
                if let Some(intent) = intent {
                    self.cancel(act, &intent, Some("expired".to_owned()));
                }
                if let Some(setup) = setup_intent {
                    self.cancel_setup(act, &setup);
                }
                "checkout.session.expired"
            }
        };
        if let Some(session) = self.sessions.get(id) {
            let object = self.session_json(session);
            self.emit(act, event, &object);
        }
    }

    /// Everything happens that time brings, each at its own moment.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        self.expire_sessions(now);
        self.turn_refunds(now);
    }

    /// Expires the sessions whose time is over, each at its own moment.
    fn expire_sessions(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.expiries.pop_first() {
            if at > now {
                self.expiries.insert((at, id));
                break;
            }
            self.end_session(&Act::outside(at), &id, SessionStatus::Expired);
        }
    }
}
