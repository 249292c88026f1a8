//! How a refund stands.

use crate::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a refund stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefundStatus {
    /// A second person is to approve it; nothing has moved.
    AwaitingApproval,
    /// The provider is asked for it, or was, and nobody knows the answer.
    Pending {
        /// Since when.
        since: Timestamp,
    },
    /// The provider made it.
    Made {
        /// When.
        at: Timestamp,
        /// The provider's refund.
        provider_refund: String,
    },
    /// The bank returned it to us after it was made: its credit note stands,
    /// and the customer is still owed the money.
    Failed {
        /// When.
        at: Timestamp,
        /// When it was made.
        made_at: Timestamp,
        /// The provider's refund.
        provider_refund: String,
        /// Why, in the provider's words.
        code: String,
    },
    /// The provider refused it: nothing was given back.
    Refused {
        /// When.
        at: Timestamp,
        /// Why, in the provider's words.
        code: String,
    },
    /// The second person said no.
    Rejected {
        /// When.
        at: Timestamp,
        /// Who.
        by: UserId,
    },
}

impl RefundStatus {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::Pending { .. } => "pending",
            Self::Made { .. } => "made",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
            Self::Rejected { .. } => "rejected",
        }
    }

    /// True while its money is gone, may go, or is owed.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::AwaitingApproval
            | Self::Pending { .. }
            | Self::Made { .. }
            | Self::Failed { .. } => true,
            Self::Refused { .. } | Self::Rejected { .. } => false,
        }
    }
}
