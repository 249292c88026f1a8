//! Disputes: a buyer who asks the bank for the money back. `/v1/disputes`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::{Act, later};
use crate::error::ApiError;
use crate::form::Form;
use crate::list::{Listed, Page};
use crate::state::State;

/// How long evidence may be sent, in seconds.
const EVIDENCE_TIME: i64 = 9 * 24 * 60 * 60;

/// What the provider takes for a dispute, in minor units.
const FEE: u64 = 1_500;

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl Status {
    fn is_open(self) -> bool {
        match self {
            Self::WarningNeedsResponse
            | Self::WarningUnderReview
            | Self::NeedsResponse
            | Self::UnderReview => true,
            Self::WarningClosed | Self::Won | Self::Lost => false,
        }
    }

    fn is_inquiry(self) -> bool {
        match self {
            Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed => true,
            Self::NeedsResponse | Self::UnderReview | Self::Won | Self::Lost => false,
        }
    }
}

/// A capture its card holder denies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    id: String,
    created: Timestamp,
    pub(crate) charge: String,
    intent: String,
    amount: u64,
    currency: String,
    status: Status,
    /// The money was taken, and given back.
    withdrawn: bool,
    reinstated: bool,
    submissions: u32,
}

impl Dispute {
    pub(crate) fn to_json(&self, livemode: bool) -> Value {
        let amount = i128::from(self.amount);
        let movement = |at: &str, amount: i128, fee: u64| {
            json!({
                "id": format!("txn_{}_{at}", self.id),
                "object": "balance_transaction",
                "amount": amount,
                "currency": self.currency,
                "fee": fee,
                "net": amount.saturating_sub(i128::from(fee)),
                "type": "adjustment",
            })
        };
        let taken = self
            .withdrawn
            .then(|| movement("out", amount.saturating_neg(), FEE));
        let returned = self.reinstated.then(|| movement("in", amount, 0));
        let moved: Vec<Value> = taken.into_iter().chain(returned).collect();
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": moved,
            "charge": self.charge,
            "created": self.created.as_second(),
            "currency": self.currency,
            "evidence_details": {
                "due_by": later(self.created, EVIDENCE_TIME).as_second(),
                "has_evidence": self.submissions > 0,
                "past_due": false,
                "submission_count": self.submissions,
            },
            "is_charge_refundable": self.status.is_inquiry(),
            "livemode": livemode,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": self.status,
        })
    }

    /// True when nothing of its charge can be refunded.
    pub(crate) fn holds(&self) -> bool {
        match self.status {
            Status::NeedsResponse | Status::UnderReview | Status::Lost => true,
            Status::WarningNeedsResponse
            | Status::WarningUnderReview
            | Status::WarningClosed
            | Status::Won => false,
        }
    }
}

impl Listed for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

/// How the card of a charge disputes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disputes {
    /// The bank takes the money at once.
    AsFraud,
    /// The bank asks first.
    AsInquiry,
}

impl State {
    /// Opens a dispute where the card that paid is a disputing test card.
    pub(crate) fn dispute_if_the_card_does(&mut self, act: &Act, charge: &str, method: &str) {
        let method = self.payment_methods.get(method);
        if let Some(how) = method.and_then(|method| method.card.disputes) {
            self.open_dispute(act, charge, how);
        }
    }

    /// Opens a dispute over what was not given back of a charge. One whose
    /// money a bank decides on, or has taken, is not disputed again.
    pub(crate) fn open_dispute(
        &mut self,
        act: &Act,
        charge: &str,
        how: Disputes,
    ) -> Option<String> {
        let open = |it: &Dispute| it.charge == charge && (it.holds() || it.status.is_open());
        if self.disputes.values().any(open) {
            return None;
        }
        let charge = self.charges.get_mut(charge);
        let charge = charge.filter(|charge| charge.refundable() > 0)?;
        charge.disputed = true;
        let id = self.ids.next("du");
        let dispute = Dispute {
            id: id.clone(),
            created: act.now,
            charge: charge.id.clone(),
            intent: charge.intent.clone(),
            amount: charge.refundable(),
            currency: charge.currency.clone(),
            status: match how {
                Disputes::AsFraud => Status::NeedsResponse,
                Disputes::AsInquiry => Status::WarningNeedsResponse,
            },
            withdrawn: false,
            reinstated: false,
            submissions: 0,
        };
        self.disputes.insert(id.clone(), dispute);
        self.emit_dispute(act, "charge.dispute.created", &id);
        if how == Disputes::AsFraud {
            if let Some(dispute) = self.disputes.get_mut(&id) {
                dispute.withdrawn = true;
            }
            self.emit_dispute(act, "charge.dispute.funds_withdrawn", &id);
        }
        Some(id)
    }

    /// The bank decides an open dispute.
    pub(crate) fn decide_dispute(&mut self, act: &Act, id: &str, won: bool) -> bool {
        let dispute = self.disputes.get_mut(id);
        let Some(dispute) = dispute.filter(|dispute| dispute.status.is_open()) else {
            return false;
        };
        dispute.status = match (dispute.status.is_inquiry(), won) {
            (true, _) => Status::WarningClosed,
            (false, true) => Status::Won,
            (false, false) => Status::Lost,
        };
        let returns = won && dispute.withdrawn;
        self.emit_dispute(act, "charge.dispute.closed", id);
        if returns {
            if let Some(dispute) = self.disputes.get_mut(id) {
                dispute.reinstated = true;
            }
            self.emit_dispute(act, "charge.dispute.funds_reinstated", id);
        }
        true
    }

    /// The bank thinks again: an inquiry becomes a dispute, and what the shop
    /// had won it loses. False where neither is there, or too little is left.
    pub(crate) fn turn_dispute(&mut self, act: &Act, id: &str) -> bool {
        let Some(dispute) = self.disputes.get_mut(id) else {
            return false;
        };
        let charge = self.charges.get(&dispute.charge);
        let left = charge.map_or(0, |charge| charge.refundable());
        let (status, kind) = match dispute.status {
            Status::WarningNeedsResponse | Status::WarningUnderReview => {
                (Status::NeedsResponse, "charge.dispute.updated")
            }
            Status::Won => (Status::Lost, "charge.dispute.closed"),
            Status::WarningClosed | Status::NeedsResponse | Status::UnderReview | Status::Lost => {
                return false;
            }
        };
        if left < dispute.amount {
            return false;
        }
        dispute.status = status;
        dispute.withdrawn = true;
        dispute.reinstated = false;
        self.emit_dispute(act, kind, id);
        self.emit_dispute(act, "charge.dispute.funds_withdrawn", id);
        true
    }

    fn emit_dispute(&mut self, act: &Act, kind: &str, id: &str) {
        if let Some(dispute) = self.disputes.get(id) {
            let object = dispute.to_json(self.config.livemode);
            self.emit(act, kind, &object);
        }
    }

    /// Takes evidence. What the text is decides the dispute, as in the
    /// provider's test mode (docs.stripe.com/testing#disputes).
    pub(crate) fn update_dispute(
        &mut self,
        act: &Act,
        id: &str,
        mut form: Form,
    ) -> Result<Value, ApiError> {
        let mut evidence = form.group("evidence");
        let text = evidence.take("uncategorized_text").unwrap_or_default();
        evidence.finish()?;
        let submit = form.take("submit").is_none_or(|submit| submit == "true");
        form.finish()?;
        let dispute = self.disputes.get_mut(id);
        let dispute = dispute.ok_or_else(|| ApiError::no_such("dispute", id))?;
        if !dispute.status.is_open() {
            return Err(ApiError::state(None, "This dispute is already closed."));
        }
        if submit {
            dispute.submissions = dispute.submissions.saturating_add(1);
            dispute.status = if dispute.status.is_inquiry() {
                Status::WarningUnderReview
            } else {
                Status::UnderReview
            };
        }
        self.emit_dispute(act, "charge.dispute.updated", id);
        match text.as_str() {
            "winning_evidence" if submit => self.decide_dispute(act, id, true),
            "losing_evidence" if submit => self.decide_dispute(act, id, false),
            _ => false,
        };
        self.get_dispute(id)
    }

    /// Gives up: the dispute is lost.
    pub(crate) fn close_dispute(
        &mut self,
        act: &Act,
        id: &str,
        form: Form,
    ) -> Result<Value, ApiError> {
        form.finish()?;
        if !self.disputes.contains_key(id) {
            return Err(ApiError::no_such("dispute", id));
        }
        if !self.decide_dispute(act, id, false) {
            return Err(ApiError::state(None, "This dispute is already closed."));
        }
        self.get_dispute(id)
    }

    pub(crate) fn get_dispute(&self, id: &str) -> Result<Value, ApiError> {
        let dispute = self.disputes.get(id);
        let dispute = dispute.ok_or_else(|| ApiError::no_such("dispute", id))?;
        Ok(dispute.to_json(self.config.livemode))
    }

    pub(crate) fn list_disputes(&self, mut form: Form) -> Result<Value, ApiError> {
        let (intent, charge) = (form.take("payment_intent"), form.take("charge"));
        let page = Page::take(&mut form)?;
        form.finish()?;
        let fits = |asked: &Option<String>, is: &str| asked.as_ref().is_none_or(|it| it == is);
        let wanted = self
            .disputes
            .values()
            .filter(|dispute| fits(&intent, &dispute.intent) && fits(&charge, &dispute.charge));
        page.of("/v1/disputes", wanted, |it| {
            it.to_json(self.config.livemode)
        })
    }
}
