//! Payments and refunds as staff see them.

use crate::payments::disputes::DisputeView;
use crate::payments::views::{AttemptView, PurposeView};
use domain::locale::Locale;
use domain::payment::Payment;
use domain::refund::{Refund, RefundStatus};
use platform::http::views::MoneyView;
use serde::Serialize;

/// Money given back, or to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct RefundView {
    /// Its id.
    pub id: String,
    /// How much, VAT included.
    pub amount: MoneyView,
    /// Why: `requested_by_customer`, `duplicate`, `fraudulent`,
    /// `billing_error`, `service_issue` or `goodwill`.
    pub reason: &'static str,
    /// More about it, for colleagues.
    pub comment: Option<String>,
    /// `awaiting_approval`, `pending`, `made`, `refused` by the provider,
    /// `rejected` by the second person, or `failed` when the bank returned the
    /// money after it was made: the customer is still owed it.
    pub status: &'static str,
    /// Who asked for it; null where it was made by hand at the provider.
    pub requested_by: Option<String>,
    /// When.
    pub requested_at: String,
    /// The second person; null where none was needed or agreed.
    pub approved_by: Option<String>,
    /// The credit note it has once it is made, null before.
    pub credit_note_id: Option<String>,
    /// The provider's refund; null until it is made.
    pub provider_refund: Option<String>,
    /// Why the provider refused it or the bank returned it, in their words.
    pub refusal_code: Option<String>,
}

impl RefundView {
    /// A refund.
    pub fn of(refund: &Refund) -> Self {
        let (made, refused) = match &refund.status {
            RefundStatus::Made {
                provider_refund, ..
            } => (Some(provider_refund.clone()), None),
            RefundStatus::Failed {
                provider_refund,
                code,
                ..
            } => (Some(provider_refund.clone()), Some(code.clone())),
            RefundStatus::Refused { code, .. } => (None, Some(code.clone())),
            RefundStatus::AwaitingApproval
            | RefundStatus::Pending { .. }
            | RefundStatus::Rejected { .. } => (None, None),
        };
        Self {
            id: refund.id.to_string(),
            amount: refund.amount.into(),
            reason: refund.reason.name(),
            comment: refund.comment.as_ref().map(|it| it.as_str().to_owned()),
            status: refund.status.name(),
            requested_by: refund.requested_by.map(|user| user.to_string()),
            requested_at: refund.requested_at.to_string(),
            approved_by: refund.approved_by.map(|user| user.to_string()),
            credit_note_id: made.as_ref().map(|_| refund.credit_note.to_string()),
            provider_refund: made,
            refusal_code: refused,
        }
    }
}

/// A refund that was asked for or decided.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct RefundedView {
    /// The refund.
    pub refund: RefundView,
    /// The id its credit note will have once the money is back.
    pub credit_note_id: String,
}

impl RefundedView {
    /// A refund.
    pub fn of(refund: &Refund) -> Self {
        Self {
            refund: RefundView::of(refund),
            credit_note_id: refund.credit_note.to_string(),
        }
    }
}

/// A payment with its refunds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct StaffPaymentView {
    /// Its id.
    pub id: String,
    /// Who pays.
    pub account_id: String,
    /// `pending`, `paid`, `failed`, `expired` or `refunded`.
    pub status: &'static str,
    /// How much, VAT included.
    pub amount: MoneyView,
    /// What may still be given back; nothing unless it is paid, nor while a bank
    /// decides on it.
    pub refundable: MoneyView,
    /// What for.
    pub purpose: PurposeView,
    /// The invoice it pays.
    pub invoice_id: String,
    /// When it was made.
    pub created_at: String,
    /// Every try, in order.
    pub attempts: Vec<AttemptView>,
    /// What was or will be given back, oldest first.
    pub refunds: Vec<RefundView>,
    /// What card holders asked their banks to take back, oldest first. While a
    /// bank decides nothing is given back.
    pub disputes: Vec<DisputeView>,
}

impl StaffPaymentView {
    /// A payment in a language.
    pub fn of(payment: &Payment, locale: Locale) -> Self {
        let attempts = payment.attempts.iter();
        Self {
            id: payment.id.to_string(),
            account_id: payment.account.to_string(),
            status: payment.state_name(),
            amount: payment.amount.into(),
            refundable: payment.refundable().into(),
            purpose: payment.purpose.into(),
            invoice_id: payment.invoice.to_string(),
            created_at: payment.created_at.to_string(),
            attempts: attempts.map(|it| AttemptView::of(it, locale)).collect(),
            refunds: payment.refunds.iter().map(RefundView::of).collect(),
            disputes: payment.disputes.iter().map(DisputeView::of).collect(),
        }
    }
}
