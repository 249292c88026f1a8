//! Domain events: what happened, written with the change itself. They are the
//! outbox that mails are sent from, and the account's history. They carry
//! ids, never a person's data.

use crate::coupon::CouponCode;
use crate::id::{
    AccountId, ActId, EventId, InvoiceId, OrderId, PaymentId, RefundId, SessionId, SubscriptionId,
    UserId,
};
use crate::invoice::InvoiceNumber;
use crate::vat_number::VatDigest;
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

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// A user registered; a verification mail is due.
    UserRegistered {
        /// Who.
        user: UserId,
        /// The act its token is derived from.
        token: ActId,
    },
    /// Somebody registered with an address that has a login already.
    RegistrationRepeated {
        /// Whose address.
        user: UserId,
    },
    /// A new verification mail was asked for.
    VerificationRequested {
        /// Who.
        user: UserId,
        /// The act its token is derived from.
        token: ActId,
    },
    /// Something was asked for an address without a login.
    NothingToSend,
    /// An address was confirmed.
    EmailVerified {
        /// Whose.
        user: UserId,
    },
    /// A used refresh token came back: the session was ended.
    SessionReused {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
    },
    /// An order was placed.
    OrderPlaced {
        /// Which.
        order: OrderId,
    },
    /// An order was paid and its subscriptions began.
    OrderPaid {
        /// Which.
        order: OrderId,
        /// How.
        payment: PaymentId,
    },
    /// An order was canceled.
    OrderCanceled {
        /// Which.
        order: OrderId,
    },
    /// An order was never paid.
    OrderExpired {
        /// Which.
        order: OrderId,
    },
    /// A billing period was opened.
    PeriodOpened {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which.
        index: u32,
        /// How it is paid.
        payment: PaymentId,
    },
    /// A renewal was captured.
    PeriodPaid {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which.
        index: u32,
        /// How.
        payment: PaymentId,
        /// True when its invoice had a number before, because an attempt had
        /// failed: then the receipt follows from this, else from the number.
        numbered: bool,
    },
    /// Another attempt at a payment began.
    AttemptStarted {
        /// Which payment.
        payment: PaymentId,
        /// Which attempt.
        attempt: u32,
    },
    /// A renewal was declined.
    RenewalDeclined {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which payment.
        payment: PaymentId,
        /// Which attempt.
        attempt: u32,
        /// Why.
        code: String,
    },
    /// The bank wants the customer present for a renewal.
    CustomerNeeded {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which payment.
        payment: PaymentId,
    },
    /// The payment page of a renewal is ready to be mailed.
    PaymentPageOpened {
        /// Which payment.
        payment: PaymentId,
        /// Which attempt.
        attempt: u32,
    },
    /// Dunning ended without money.
    SubscriptionUnpaid {
        /// Which.
        subscription: SubscriptionId,
    },
    /// A subscription ended.
    SubscriptionEnded {
        /// Which.
        subscription: SubscriptionId,
    },
    /// A subscription failed too often in our own hands and waits for a person.
    SubscriptionParked {
        /// Which.
        subscription: SubscriptionId,
    },
    /// An invoice got its number.
    InvoiceFinalised {
        /// Which.
        invoice: InvoiceId,
        /// Its number.
        number: InvoiceNumber,
        /// True when it was paid before: then its receipt follows from this.
        paid: bool,
    },
    /// The register answered whether a VAT number is good.
    VatNumberChecked {
        /// Which.
        number: VatDigest,
        /// True when it is registered.
        registered: bool,
    },
    /// Staff asked for a refund.
    RefundRequested {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// Who asked.
        by: UserId,
        /// True when a second person must approve it first.
        needs_approval: bool,
    },
    /// A second person approved a refund.
    RefundApproved {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// Who.
        by: UserId,
    },
    /// A refund that waited for approval was rejected.
    RefundRejected {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// Who.
        by: UserId,
    },
    /// The provider gave money back.
    RefundMade {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// Its credit note.
        invoice: InvoiceId,
    },
    /// The provider refused to give money back.
    RefundRefused {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
    },
    /// All that was paid for an order was given back.
    OrderRefunded {
        /// Which.
        order: OrderId,
    },
    /// A coupon was made.
    CouponCreated {
        /// Its code.
        code: CouponCode,
    },
    /// A coupon can be redeemed no more.
    CouponEnded {
        /// Its code.
        code: CouponCode,
    },
    /// Money was captured that nobody owed.
    SurplusCaptured {
        /// For which payment.
        payment: PaymentId,
    },
    /// It was given back.
    SurplusRefunded {
        /// For which payment.
        payment: PaymentId,
    },
}

impl EventKind {
    /// True when somebody waits for it: it keeps a timer until it is handled.
    pub fn has_consumer(&self) -> bool {
        match self {
            Self::UserRegistered { .. }
            | Self::RegistrationRepeated { .. }
            | Self::VerificationRequested { .. }
            | Self::NothingToSend
            | Self::SessionReused { .. }
            | Self::RenewalDeclined { .. }
            | Self::PaymentPageOpened { .. }
            | Self::SubscriptionUnpaid { .. } => true,
            // Of the two, the later one sends the receipt.
            Self::InvoiceFinalised { paid, .. } => *paid,
            Self::PeriodPaid { numbered, .. } => *numbered,
            Self::EmailVerified { .. }
            | Self::OrderPlaced { .. }
            | Self::OrderPaid { .. }
            | Self::OrderCanceled { .. }
            | Self::OrderExpired { .. }
            | Self::PeriodOpened { .. }
            | Self::AttemptStarted { .. }
            | Self::CustomerNeeded { .. }
            | Self::SubscriptionEnded { .. }
            | Self::SubscriptionParked { .. }
            | Self::VatNumberChecked { .. }
            | Self::SurplusCaptured { .. }
            | Self::SurplusRefunded { .. }
            | Self::RefundRequested { .. }
            | Self::RefundApproved { .. }
            | Self::RefundRejected { .. }
            | Self::RefundMade { .. }
            | Self::RefundRefused { .. }
            | Self::OrderRefunded { .. }
            | Self::CouponCreated { .. }
            | Self::CouponEnded { .. } => false,
        }
    }
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
    use crate::id::Id as _;
    use crate::invoice::Series;

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
