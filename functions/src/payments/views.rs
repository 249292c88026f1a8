//! Payments and their attempts as JSON.

use super::disputes::DisputedView;
use super::reasons::{attempt_reason, sentence};
use domain::locale::Locale;
use domain::payment::{Attempt, Channel, Outcome, Payment, PaymentStatus, Purpose, Surplus};
use domain::refund::{Refund, RefundStatus};
use platform::http::views::MoneyView;
use serde::Serialize;

/// One try at a payment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct AttemptView {
    /// 1, 2, 3 …
    pub number: u32,
    /// When it began.
    pub at: String,
    /// `page`: on a payment page; `saved_card`: without the customer.
    pub channel: &'static str,
    /// `in_flight`, `unknown`, `succeeded`, `failed`, `needs_customer`
    /// or `not_created`.
    pub outcome: &'static str,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it was declined; new codes may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
    /// How it went, in plain words.
    pub reason: String,
}

impl AttemptView {
    /// The attempt in a language.
    pub fn of(attempt: &Attempt, locale: Locale) -> Self {
        let ended_at = match &attempt.outcome {
            Outcome::InFlight | Outcome::Unknown => None,
            Outcome::Succeeded { at }
            | Outcome::Failed { at, .. }
            | Outcome::NeedsCustomer { at }
            | Outcome::NotCreated { at } => Some(at.to_string()),
        };
        Self {
            number: attempt.number,
            at: attempt.started_at.to_string(),
            channel: match &attempt.channel {
                Channel::Hosted { .. } => "page",
                Channel::OffSession { .. } => "saved_card",
            },
            outcome: attempt.outcome_name(),
            ended_at,
            decline_code: attempt.decline_code().map(str::to_owned),
            reason: attempt_reason(attempt, locale),
        }
    }
}

/// What a payment is for.
#[derive(Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub enum PurposeView {
    /// An order: the first period of its subscriptions.
    Order {
        /// The order.
        order_id: String,
    },
    /// A renewal: one later period of one subscription.
    Renewal {
        /// The subscription.
        subscription_id: String,
        /// The period.
        period_index: u32,
    },
}

impl From<Purpose> for PurposeView {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Order { order } => Self::Order {
                order_id: order.to_string(),
            },
            Purpose::Renewal {
                subscription,
                index,
            } => Self::Renewal {
                subscription_id: subscription.to_string(),
                period_index: index,
            },
        }
    }
}

/// Money given back, or about to be, as whoever paid it sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct MoneyBackView {
    /// Its id; null where money was taken that nobody owed, and goes back by
    /// itself.
    pub id: Option<String>,
    /// How much, VAT included.
    pub amount: MoneyView,
    /// `pending`, `made`, or `failed` where the bank returned it to us.
    pub status: &'static str,
    /// Why, in plain words.
    pub reason: String,
    /// The credit note, once it is made; null for what was never billed.
    pub credit_note_id: Option<String>,
    /// When it was made or came back, or since when it is under way; null where
    /// that was not written down.
    pub at: Option<String>,
}

impl MoneyBackView {
    /// A refund in a language; none while a second person may still say no,
    /// nor where nothing was given back.
    fn of(refund: &Refund, locale: Locale) -> Option<Self> {
        let note = || Some(refund.credit_note.to_string());
        let (status, at, credit_note_id) = match &refund.status {
            RefundStatus::Pending { since } => ("pending", since, None),
            RefundStatus::Made { at, .. } => ("made", at, note()),
            RefundStatus::Failed { at, .. } => ("failed", at, note()),
            RefundStatus::AwaitingApproval
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => return None,
        };
        Some(Self {
            id: Some(refund.id.to_string()),
            amount: refund.amount.into(),
            status,
            reason: sentence(refund.reason.text(locale)),
            credit_note_id,
            at: Some(at.to_string()),
        })
    }

    /// What was taken and not owed, in a language.
    fn of_surplus(surplus: &Surplus, locale: Locale) -> Self {
        let (status, at) = match surplus.refund {
            _ if !surplus.returned.is_empty() => ("failed", surplus.refunded_at),
            Some(_) => ("made", surplus.refunded_at),
            None => ("pending", surplus.captured_at),
        };
        let reason = match locale {
            Locale::Fr => "Ce montant a été encaissé sans être dû\u{a0}; il vous est rendu.",
            Locale::En => "This amount was collected though it was not owed; it is given back.",
        };
        Self {
            id: None,
            amount: surplus.amount.into(),
            status,
            reason: reason.to_owned(),
            credit_note_id: None,
            at: at.map(|at| at.to_string()),
        }
    }
}

/// One thing to pay, with every try at it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PaymentHistoryView {
    /// Its id.
    pub id: String,
    /// `pending`, `paid`, `failed`, `expired` or `refunded`.
    pub status: &'static str,
    /// How much, VAT included.
    pub amount: MoneyView,
    /// What for.
    pub purpose: PurposeView,
    /// The invoice it pays; null for an order that was not paid.
    pub invoice_id: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<String>,
    /// Every try, in order.
    pub attempts: Vec<AttemptView>,
    /// What of it was or is being given back, oldest first, then what was taken
    /// beside it and goes back.
    pub refunds: Vec<MoneyBackView>,
    /// What the card holder asked the bank to take back of it, oldest first.
    pub disputes: Vec<DisputedView>,
}

impl PaymentHistoryView {
    /// The payment in a language.
    pub fn of(payment: &Payment, locale: Locale) -> Self {
        let (was_paid, paid_at) = match &payment.status {
            PaymentStatus::Paid { at, .. } => (true, Some(at.to_string())),
            PaymentStatus::Pending
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => (false, None),
        };
        // A renewal has its invoice from the start, an order once it is paid.
        let has_invoice = match payment.purpose {
            Purpose::Order { .. } => was_paid,
            Purpose::Renewal { .. } => true,
        };
        let refunds = payment.refunds.iter();
        let refunds = refunds.filter_map(|refund| MoneyBackView::of(refund, locale));
        let surplus = payment.surplus.iter();
        let surplus = surplus.map(|surplus| MoneyBackView::of_surplus(surplus, locale));
        Self {
            id: payment.id.to_string(),
            status: payment.state_name(),
            amount: payment.amount.into(),
            purpose: payment.purpose.into(),
            invoice_id: has_invoice.then(|| payment.invoice.to_string()),
            created_at: payment.created_at.to_string(),
            paid_at,
            attempts: payment
                .attempts
                .iter()
                .map(|attempt| AttemptView::of(attempt, locale))
                .collect(),
            refunds: refunds.chain(surplus).collect(),
            disputes: payment
                .disputes
                .iter()
                .map(|dispute| DisputedView::of(dispute, locale))
                .collect(),
        }
    }
}
