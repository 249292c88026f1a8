//! Why money is given back.

use crate::locale::Locale;
use serde::{Deserialize, Serialize};

/// Why money is given back: printed on the credit note, in the customer's
/// language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The customer asked for it.
    RequestedByCustomer,
    /// It was paid twice.
    Duplicate,
    /// Somebody else used the card.
    Fraudulent,
    /// Too much was billed.
    BillingError,
    /// The service was not what was sold.
    ServiceIssue,
    /// A gesture.
    Goodwill,
}

impl RefundReason {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::RequestedByCustomer,
        Self::Duplicate,
        Self::Fraudulent,
        Self::BillingError,
        Self::ServiceIssue,
        Self::Goodwill,
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestedByCustomer => "requested_by_customer",
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::BillingError => "billing_error",
            Self::ServiceIssue => "service_issue",
            Self::Goodwill => "goodwill",
        }
    }

    /// What the provider calls it; the customer's wish where it says nothing
    /// (docs.stripe.com/api/refunds/object).
    pub fn at_provider(reason: Option<&str>) -> Self {
        match reason {
            Some("duplicate") => Self::Duplicate,
            Some("fraudulent") => Self::Fraudulent,
            Some(_) | None => Self::RequestedByCustomer,
        }
    }

    /// What it says on the credit note.
    pub fn text(self, locale: Locale) -> &'static str {
        match (self, locale) {
            (Self::RequestedByCustomer, Locale::Fr) => "demande du client",
            (Self::RequestedByCustomer, Locale::En) => "requested by the customer",
            (Self::Duplicate, Locale::Fr) => "paiement en double",
            (Self::Duplicate, Locale::En) => "paid twice",
            (Self::Fraudulent, Locale::Fr) => "paiement frauduleux",
            (Self::Fraudulent, Locale::En) => "fraudulent payment",
            (Self::BillingError, Locale::Fr) => "erreur de facturation",
            (Self::BillingError, Locale::En) => "billing error",
            (Self::ServiceIssue, Locale::Fr) => "défaut du service",
            (Self::ServiceIssue, Locale::En) => "fault of the service",
            (Self::Goodwill, Locale::Fr) => "geste commercial",
            (Self::Goodwill, Locale::En) => "goodwill",
        }
    }
}
