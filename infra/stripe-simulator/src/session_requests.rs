//! The endpoints of Checkout Sessions: `/v1/checkout/sessions`.

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::{Act, later};
use crate::customers::take_email;
use crate::error::ApiError;
use crate::form::Form;
use crate::intents::IntentStatus;
use crate::list::Page;
use crate::sessions::{CheckoutLine, Session, SessionMode, SessionStatus};
use crate::setup_intents::SetupIntent;
use crate::state::State;

/// A session lives between these bounds, in seconds (Stripe: 30 minutes to
/// 24 hours, the latter by default).
const SHORTEST: i64 = 30 * 60;
const LONGEST: i64 = 24 * 60 * 60;

/// Parameters of the real API that change nothing a shop could see here.
const UNUSED: &[&str] = &[
    "adaptive_pricing",
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "consent_collection",
    "custom_text",
    "customer_creation",
    "customer_update",
    "payment_method_collection",
    "payment_method_options",
    "phone_number_collection",
    "saved_payment_method_options",
    "submit_type",
    "tax_id_collection",
    "ui_mode",
];

/// The methods this account has switched on: what a page offers that names
/// none. Nothing but a card pays at once.
const SWITCHED_ON: [&str; 2] = ["card", "sepa_debit"];

impl State {
    pub(crate) fn create_session(&mut self, act: &Act, form: Form) -> Result<Value, ApiError> {
        let mut session = self.read_session(act.now, form)?;
        // The provider tells live from test ids apart.
        session.id = self.ids.next(if self.config.livemode {
            "cs_live"
        } else {
            "cs_test"
        });
        if session.mode == SessionMode::Setup {
            let setup = SetupIntent {
                id: self.ids.next("seti"),
                created: act.now,
                customer: session.customer.clone(),
                metadata: session.intent_metadata.clone(),
                status: IntentStatus::RequiresPaymentMethod,
                method: None,
                last_error: None,
            };
            session.setup_intent = Some(setup.id.clone());
            self.setup_intents.insert(setup.id.clone(), setup);
        }
        let answer = self.session_json(&session);
        self.expiries.insert((session.expires, session.id.clone()));
        self.sessions.insert(session.id.clone(), session);
        Ok(answer)
    }

    /// The session a request describes, complete but for its id.
    fn read_session(&self, now: Timestamp, mut form: Form) -> Result<Session, ApiError> {
        let mode = match form.require("mode")?.as_str() {
            "payment" => SessionMode::Payment,
            "setup" => SessionMode::Setup,
            other => {
                let message = format!("Invalid mode: {other} (payment and setup are simulated)");
                return Err(ApiError::invalid("mode", message));
            }
        };
        let (lines, currency) = match mode {
            SessionMode::Payment => read_lines(&mut form)?,
            SessionMode::Setup => (Vec::new(), form.take("currency")),
        };
        let amount = lines
            .iter()
            .try_fold(0_u64, |sum, line| sum.checked_add(line.amount));
        let amount = amount.ok_or_else(|| ApiError::invalid("line_items", "Amount too large."))?;
        if mode == SessionMode::Payment {
            self.check_amount("line_items", amount)?;
        }
        let mut intent_data = form.group(match mode {
            SessionMode::Payment => "payment_intent_data",
            SessionMode::Setup => "setup_intent_data",
        });
        let customer = self.known_customer(form.take("customer"))?;
        let session = Session {
            id: String::new(),
            created: now,
            expires: read_expiry(now, &mut form)?,
            mode,
            status: SessionStatus::Open,
            methods: read_methods(&mut form)?,
            customer,
            customer_email: take_email(&mut form, "customer_email")?,
            lines,
            amount,
            currency,
            metadata: form.take_metadata()?,
            intent_metadata: intent_data.take_metadata()?,
            intent_description: intent_data.take("description"),
            saves_card: read_usage(&mut intent_data)? || mode == SessionMode::Setup,
            client_reference: form.take("client_reference_id"),
            locale: form.take("locale"),
            success_url: form.require("success_url")?,
            cancel_url: form.take("cancel_url"),
            intent: None,
            setup_intent: None,
        };
        intent_data.discard(&[
            "receipt_email",
            "statement_descriptor",
            "statement_descriptor_suffix",
        ]);
        intent_data.finish()?;
        form.discard(UNUSED);
        form.finish()?;
        check_buyer(&session)?;
        Ok(session)
    }

    pub(crate) fn get_session(&self, id: &str) -> Result<Value, ApiError> {
        let session = self.sessions.get(id);
        let session = session.ok_or_else(|| ApiError::no_such("checkout.session", id))?;
        Ok(self.session_json(session))
    }

    pub(crate) fn list_sessions(&self, mut form: Form) -> Result<Value, ApiError> {
        let customer = form.take("customer");
        let intent = form.take("payment_intent");
        let status = form.take("status");
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self.sessions.values().filter(|session| {
            let shown = serde_json::to_value(session.status).unwrap_or_default();
            (customer.is_none() || session.customer == customer)
                && (intent.is_none() || session.intent == intent)
                && status.as_deref().is_none_or(|status| shown == status)
        });
        page.of("/v1/checkout/sessions", wanted, |session| {
            self.session_json(session)
        })
    }

    /// `POST /v1/checkout/sessions/:id/expire`: only an open one.
    pub(crate) fn expire_session(
        &mut self,
        act: &Act,
        id: &str,
        form: Form,
    ) -> Result<Value, ApiError> {
        form.finish()?;
        let status = self.sessions.get(id).map(|session| session.status);
        let status = status.ok_or_else(|| ApiError::no_such("checkout.session", id))?;
        if status != SessionStatus::Open {
            let shown = serde_json::to_value(status).unwrap_or_default();
            return Err(ApiError::state(
                None,
                format!(
                    "Only Checkout Sessions with a status in [\"open\"] can be expired. This \
                     Checkout Session has a status of {shown}.",
                ),
            ));
        }
        self.end_session(act, id, SessionStatus::Expired);
        self.get_session(id)
    }
}

/// A session has one buyer; a saved card needs a customer to belong to.
fn check_buyer(session: &Session) -> Result<(), ApiError> {
    if session.customer.is_some() && session.customer_email.is_some() {
        let message = "You may only specify one of these parameters: customer, customer_email.";
        return Err(ApiError::invalid("customer_email", message));
    }
    if session.saves_card && session.customer.is_none() {
        return Err(ApiError::missing("customer"));
    }
    Ok(())
}

/// `setup_future_usage`: whether the card is kept for charges off session.
fn read_usage(intent_data: &mut Form) -> Result<bool, ApiError> {
    match intent_data.take("setup_future_usage").as_deref() {
        None => Ok(false),
        Some("off_session" | "on_session") => Ok(true),
        Some(other) => {
            let param = intent_data.name("setup_future_usage");
            Err(ApiError::invalid(
                &param,
                format!("Invalid setup_future_usage: {other}"),
            ))
        }
    }
}

/// `payment_method_types`: what the page offers.
fn read_methods(form: &mut Form) -> Result<Vec<String>, ApiError> {
    let mut named = form.group("payment_method_types");
    let mut methods = Vec::new();
    loop {
        let place = methods.len().to_string();
        let Some(method) = named.take(&place) else {
            break;
        };
        if !SWITCHED_ON.contains(&&*method) {
            let message = format!("The payment method type provided: {method} is invalid.");
            return Err(ApiError::invalid(&named.name(&place), message));
        }
        methods.push(method);
    }
    named.finish()?;
    if methods.is_empty() {
        methods.extend(SWITCHED_ON.map(str::to_owned));
    }
    Ok(methods)
}

fn read_expiry(now: Timestamp, form: &mut Form) -> Result<Timestamp, ApiError> {
    let Some(seconds) = form.take_integer("expires_at")? else {
        return Ok(later(now, LONGEST));
    };
    let lifetime = seconds.saturating_sub(now.as_second());
    Timestamp::from_second(seconds)
        .ok()
        .filter(|_| (SHORTEST..=LONGEST).contains(&lifetime))
        .ok_or_else(|| {
            ApiError::invalid(
                "expires_at",
                "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from \
                 Checkout Session creation.",
            )
        })
}

/// The lines and their one currency.
fn read_lines(form: &mut Form) -> Result<(Vec<CheckoutLine>, Option<String>), ApiError> {
    let mut lines = Vec::new();
    let mut currency: Option<String> = None;
    for mut row in form.list("line_items") {
        let mut price = row.group("price_data");
        let code = price.require_currency("currency")?;
        if currency.as_ref().is_some_and(|first| *first != code) {
            let message = "All line items must have the same currency.";
            return Err(ApiError::invalid("line_items", message));
        }
        currency = Some(code);
        let unit_amount = price.take_amount("unit_amount")?;
        let unit_amount =
            unit_amount.ok_or_else(|| ApiError::missing(&price.name("unit_amount")))?;
        let quantity = row.take_amount("quantity")?.unwrap_or(1);
        let mut product = price.group("product_data");
        let name = product.require("name")?;
        let description = product.take("description");
        product.discard(&["images", "metadata", "tax_code", "unit_label"]);
        product.finish()?;
        price.discard(&["tax_behavior"]);
        price.finish()?;
        let amount = unit_amount.checked_mul(quantity);
        let amount = amount.ok_or_else(|| ApiError::invalid("line_items", "Amount too large."))?;
        row.finish()?;
        lines.push(CheckoutLine {
            name,
            description,
            quantity,
            unit_amount,
            amount,
        });
    }
    if lines.is_empty() {
        return Err(ApiError::missing("line_items"));
    }
    Ok((lines, currency))
}
