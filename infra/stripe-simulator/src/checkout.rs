//! The hosted payment page: what it shows and what its buyer can do.

use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use crate::cards::{Card, Refusal, Verdict};
use crate::clock::Act;
use crate::intents::{Intent, IntentStatus};
use crate::sessions::{CheckoutLine, Session, SessionMode, SessionStatus};
use crate::setup_intents::Setup;
use crate::state::State;

/// What the hosted page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutView {
    /// The session's id.
    pub session_id: String,
    /// A payment, or saving a card only.
    pub mode: SessionMode,
    /// Whether the page still takes a card.
    pub status: SessionStatus,
    /// The methods it offers. This model of it takes cards, whatever it offers.
    pub methods: Vec<String>,
    /// What is to be paid, in minor units; 0 in setup mode.
    pub amount: u64,
    /// Lower-case currency code; none in setup mode unless it was given.
    pub currency: Option<String>,
    /// What is paid for.
    pub lines: Vec<CheckoutLine>,
    /// The buyer's e-mail address, where known.
    pub email: Option<String>,
    /// The language asked for.
    pub locale: Option<String>,
    /// Where the buyer goes after paying; `{CHECKOUT_SESSION_ID}` is filled in.
    pub success_url: String,
    /// Where the buyer goes to give up.
    pub cancel_url: Option<String>,
    /// When the page closes.
    pub expires_at: Timestamp,
    /// The buyer is in the middle of 3-D Secure.
    pub awaits_authentication: bool,
    /// Why the latest card was refused, if it was.
    pub decline_code: Option<String>,
}

/// What came of a buyer's act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayOutcome {
    /// Paid, refused, or to be authenticated.
    pub status: PayStatus,
    /// Why the card was refused: the issuer's code, else the provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
}

/// The kinds of outcome of a buyer's act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayStatus {
    /// The money was taken (in setup mode: the card was saved).
    Paid,
    /// The card was refused; the session stays open for another.
    Declined,
    /// The card asks for 3-D Secure.
    AuthenticationRequired,
}

impl PayOutcome {
    fn of(status: PayStatus) -> Self {
        Self {
            status,
            decline_code: None,
        }
    }

    fn declined(refusal: &Refusal) -> Self {
        let decline_code = Some(refusal.reason().to_owned());
        Self {
            status: PayStatus::Declined,
            decline_code,
        }
    }
}

/// Why an act on the hosted page did not happen at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PayError {
    /// No such session.
    #[error("no such checkout session")]
    UnknownSession,
    /// The session is complete or expired.
    #[error("the checkout session is no longer open")]
    NotOpen,
    /// The check digit is wrong.
    #[error("not a card number")]
    InvalidNumber,
    /// A card number, but none of the provider's test cards.
    #[error("not one of the provider's test cards")]
    UnknownCard,
    /// No card waits for 3-D Secure.
    #[error("no card awaits authentication")]
    NothingToAuthenticate,
}

impl State {
    pub(crate) fn checkout(&self, session_id: &str) -> Option<CheckoutView> {
        let session = self.sessions.get(session_id)?;
        let intent = session.intent.as_ref().and_then(|id| self.intents.get(id));
        let setup = session
            .setup_intent
            .as_ref()
            .and_then(|id| self.setup_intents.get(id));
        let status = intent
            .map(|intent| intent.status)
            .or(setup.map(|setup| setup.status));
        let refusal = intent
            .and_then(|intent| intent.last_error.as_ref().map(|error| &error.refusal))
            .or(setup.and_then(|setup| setup.last_error.as_ref()));
        Some(CheckoutView {
            session_id: session.id.clone(),
            mode: session.mode,
            status: session.status,
            methods: session.methods.clone(),
            amount: session.amount,
            currency: session.currency.clone(),
            lines: session.lines.clone(),
            email: self.session_email(session).cloned(),
            locale: session.locale.clone(),
            success_url: session
                .success_url
                .replace("{CHECKOUT_SESSION_ID}", &session.id),
            cancel_url: session.cancel_url.clone(),
            expires_at: session.expires,
            awaits_authentication: status == Some(IntentStatus::RequiresAction),
            decline_code: refusal.map(|refusal| refusal.reason().to_owned()),
        })
    }

    /// The buyer types in a card. Allowed while another awaits authentication:
    /// the buyer went back.
    pub(crate) fn pay(
        &mut self,
        act: &Act,
        session_id: &str,
        number: &str,
    ) -> Result<PayOutcome, PayError> {
        self.open_session(session_id)?;
        let card = Card::numbered(number)?;
        let verdict = card.on_session.clone();
        let method = self.take_card(act.now, card);
        self.ensure_intent(act, session_id);
        self.resolve(act, session_id, &method, verdict)
    }

    /// The buyer passes 3-D Secure (`passed`), or fails it.
    pub(crate) fn authenticate(
        &mut self,
        act: &Act,
        session_id: &str,
        passed: bool,
    ) -> Result<PayOutcome, PayError> {
        let session = self.open_session(session_id)?;
        let method = match session.mode {
            SessionMode::Payment => self.waiting_payment(session),
            SessionMode::Setup => self.waiting_setup(session),
        };
        let method = method.ok_or(PayError::NothingToAuthenticate)?;
        let verdict = if passed {
            Verdict::Approve
        } else {
            Verdict::Decline(Refusal::failed_authentication())
        };
        self.resolve(act, session_id, &method, verdict)
    }

    fn open_session(&self, id: &str) -> Result<&Session, PayError> {
        let session = self.sessions.get(id).ok_or(PayError::UnknownSession)?;
        match session.status {
            SessionStatus::Open => Ok(session),
            SessionStatus::Complete | SessionStatus::Expired => Err(PayError::NotOpen),
        }
    }

    fn waiting_payment(&self, session: &Session) -> Option<String> {
        let intent = self.intents.get(session.intent.as_ref()?)?;
        let waits = intent.status == IntentStatus::RequiresAction;
        intent.method.clone().filter(|_| waits)
    }

    fn waiting_setup(&self, session: &Session) -> Option<String> {
        let setup = self.setup_intents.get(session.setup_intent.as_ref()?)?;
        let waits = setup.status == IntentStatus::RequiresAction;
        setup.method.clone().filter(|_| waits)
    }

    /// A session has one intent, made when its first card is tried and used
    /// again for every further card.
    fn ensure_intent(&mut self, act: &Act, session_id: &str) {
        let Some(session) = self.sessions.get_mut(session_id) else {
            return;
        };
        if session.mode == SessionMode::Setup || session.intent.is_some() {
            return;
        }
        let id = self.ids.next("pi");
        session.intent = Some(id.clone());
        let intent = Intent {
            id,
            created: self.weather.clock(act.now),
            amount: session.amount,
            currency: session.currency.clone().unwrap_or_default(),
            customer: session.customer.clone(),
            description: session.intent_description.clone(),
            metadata: session.intent_metadata.clone(),
            saves_card: session.saves_card,
            status: IntentStatus::RequiresPaymentMethod,
            method: None,
            last_error: None,
            latest_charge: None,
            canceled: None,
            session: Some(session_id.to_owned()),
        };
        self.open_intent(act, intent);
    }

    /// Books the network's answer on the session's intent, and ends the
    /// session where it was paid.
    fn resolve(
        &mut self,
        act: &Act,
        session_id: &str,
        method: &str,
        verdict: Verdict,
    ) -> Result<PayOutcome, PayError> {
        let session = self.open_session(session_id)?;
        let (intent, setup) = (session.intent.clone(), session.setup_intent.clone());
        let outcome = match &verdict {
            Verdict::Approve => PayOutcome::of(PayStatus::Paid),
            Verdict::Authenticate => PayOutcome::of(PayStatus::AuthenticationRequired),
            Verdict::Decline(refusal) => PayOutcome::declined(refusal),
        };
        if let Some(intent) = intent {
            match verdict {
                Verdict::Approve => self.capture(act, &intent, method),
                Verdict::Authenticate => self.require_action(act, &intent, method),
                Verdict::Decline(refusal) => self.decline(act, &intent, method, refusal),
            }
        } else if let Some(setup) = setup {
            let attempt = match verdict {
                Verdict::Approve => Setup::Saved,
                Verdict::Authenticate => Setup::Authenticating,
                Verdict::Decline(refusal) => Setup::Refused(refusal),
            };
            self.set_up(act, &setup, method, attempt);
        }
        if outcome.status == PayStatus::Paid {
            self.end_session(act, session_id, SessionStatus::Complete);
        }
        Ok(outcome)
    }
}
