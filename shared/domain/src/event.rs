//! Domain events: what happened, written with the change itself. They are the
//! outbox that mails are sent from, and the account's history. They carry
//! ids, never a person's data.

mod kind;

pub use kind::EventKind;

use crate::id::{AccountId, EventId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whose history an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "owner", rename_all = "snake_case")]
pub enum Owner {
    /// An account.
    Account {
        /// Its id.
        account: AccountId,
    },
    /// A user.
    User {
        /// Its id.
        user: UserId,
    },
    /// Nobody: an event that only makes two answers cost alike.
    Decoy,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Whose history it belongs to.
    #[serde(flatten)]
    pub owner: Owner,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
    /// When it is handled again, until it was handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id as _, InvoiceId, OrderId, PaymentId, SubscriptionId};
    use crate::invoice::{InvoiceNumber, Series};

    /// A renewal that is captured at once is numbered afterwards, one that was
    /// declined first is numbered before: whichever comes last mails the
    /// receipt, so that there is one.
    #[test]
    fn of_a_capture_and_its_number_the_later_one_sends_the_receipt() {
        let captured = |numbered| EventKind::PeriodPaid {
            subscription: SubscriptionId::from_bits(1),
            index: 1,
            payment: PaymentId::from_bits(2),
            numbered,
        };
        let finalised = |paid| EventKind::InvoiceFinalised {
            invoice: InvoiceId::from_bits(3),
            number: InvoiceNumber {
                series: Series::Invoice,
                year: 2026,
                sequence: 1,
            },
            paid,
        };
        let receipts =
            |events: [EventKind; 2]| events.iter().filter(|kind| kind.has_consumer()).count();
        assert_eq!(receipts([captured(false), finalised(true)]), 1);
        assert_eq!(receipts([finalised(false), captured(true)]), 1);
    }

    #[test]
    fn what_only_the_history_needs_keeps_no_timer() {
        let order = OrderId::from_bits(1);
        let payment = PaymentId::from_bits(2);
        for silent in [
            EventKind::OrderPlaced { order },
            EventKind::OrderPaid { order, payment },
            EventKind::SurplusRefunded { payment },
        ] {
            assert!(!silent.has_consumer(), "{silent:?}");
        }
    }
}
