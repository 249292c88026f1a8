//! Disputes as JSON, for whoever paid and for staff.

use domain::dispute::{Dispute, DisputeStatus};
use domain::locale::Locale;
use domain::money::Money;
use platform::http::views::MoneyView;
use serde::Serialize;

/// A dispute, as whoever paid sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct DisputedView {
    /// How much is disputed.
    pub amount: MoneyView,
    /// `open`, `lost` when the bank gave the money back, or `closed` when the
    /// payment stands.
    pub status: &'static str,
    /// How it stands, in plain words.
    pub text: String,
    /// When it was opened.
    pub opened_at: String,
    /// When it was closed; null while it is open.
    pub closed_at: Option<String>,
}

impl DisputedView {
    /// The dispute in a language.
    pub(super) fn of(dispute: &Dispute, locale: Locale) -> Self {
        let (status, french, english) = match dispute.status {
            DisputeStatus::Inquiry
            | DisputeStatus::InquiryUnderReview
            | DisputeStatus::NeedsResponse
            | DisputeStatus::UnderReview => (
                "open",
                "Ce paiement est contesté auprès de la banque, qui n'a pas encore décidé.",
                "This payment is disputed at the bank, which has not decided yet.",
            ),
            DisputeStatus::InquiryClosed | DisputeStatus::Won | DisputeStatus::Prevented => (
                "closed",
                "La contestation est close\u{a0}; la banque n'a rien rendu.",
                "The dispute is closed; the bank gave nothing back.",
            ),
            DisputeStatus::Lost => (
                "lost",
                "La contestation est close\u{a0}; la banque a rendu cette somme.",
                "The dispute is closed; the bank gave this money back.",
            ),
        };
        let text = match locale {
            Locale::Fr => french,
            Locale::En => english,
        };
        Self {
            amount: dispute.amount.into(),
            status,
            text: text.to_owned(),
            opened_at: dispute.opened_at.to_string(),
            closed_at: dispute.closed_at.map(|at| at.to_string()),
        }
    }
}

/// A dispute, as staff see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct DisputeView {
    /// The provider's id.
    pub id: String,
    /// How much is disputed.
    pub amount: MoneyView,
    /// Why, in the provider's words; new ones may come.
    pub reason: String,
    /// `inquiry`, `inquiry_under_review`, `inquiry_closed`, `needs_response`,
    /// `under_review`, `won`, `lost` or `prevented`.
    pub status: &'static str,
    /// When it was opened.
    pub opened_at: String,
    /// Until when evidence may be sent, at the provider; null where none may.
    pub evidence_due: Option<String>,
    /// What the provider keeps back because of it.
    pub withdrawn: MoneyView,
    /// How much of what is lost was owed anyhow, for refunds that came back:
    /// so much is not to be paid to the customer once more.
    pub settled: MoneyView,
    /// When it was closed; null while it is open.
    pub closed_at: Option<String>,
}

impl DisputeView {
    /// A dispute.
    pub fn of(dispute: &Dispute) -> Self {
        let currency = dispute.amount.currency();
        Self {
            id: dispute.id.clone(),
            amount: dispute.amount.into(),
            reason: dispute.reason.clone(),
            status: dispute.status.name(),
            opened_at: dispute.opened_at.to_string(),
            evidence_due: dispute.evidence_due.map(|at| at.to_string()),
            withdrawn: Money::new(dispute.withdrawn, currency).into(),
            settled: Money::new(dispute.settled, currency).into(),
            closed_at: dispute.closed_at.map(|at| at.to_string()),
        }
    }
}
