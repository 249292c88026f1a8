//! The kinds of events.

use crate::coupon::CouponCode;
use crate::id::{
    ActId, CardId, InvoiceId, OrderId, PaymentId, RefundId, SessionId, SubscriptionId, UserId,
};
use crate::invoice::InvoiceNumber;
use crate::vat_number::VatDigest;
use serde::{Deserialize, Serialize};

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
    /// The bank returned money that had been given back.
    RefundFailed {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
    },
    /// A refund somebody made by hand at the provider was written down.
    RefundAdopted {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// Its credit note.
        invoice: InvoiceId,
    },
    /// A card holder asked the bank to take a payment back, or the bank that had
    /// only asked takes it.
    PaymentDisputed {
        /// Which payment.
        payment: PaymentId,
        /// The dispute, by the provider's id.
        dispute: String,
    },
    /// A dispute goes on, or its money moved.
    DisputeChanged {
        /// Of which payment.
        payment: PaymentId,
        /// Which, by the provider's id.
        dispute: String,
    },
    /// A dispute is over, or ended otherwise than it had.
    DisputeClosed {
        /// Of which payment.
        payment: PaymentId,
        /// Which, by the provider's id.
        dispute: String,
    },
    /// All that was paid for an order was given back.
    OrderRefunded {
        /// Which.
        order: OrderId,
    },
    /// A page to save a card on was asked for.
    CardRequested {
        /// The card it may become.
        card: CardId,
    },
    /// A card was saved.
    CardAdded {
        /// Which.
        card: CardId,
    },
    /// A card is charged by another payment method, or looks otherwise.
    CardUpdated {
        /// Which.
        card: CardId,
    },
    /// A card was removed.
    CardRemoved {
        /// Which.
        card: CardId,
    },
    /// Renewals are charged to another card.
    DefaultCardChanged {
        /// Which.
        card: CardId,
    },
    /// The card renewals are charged to expires soon.
    CardExpiring {
        /// Which.
        card: CardId,
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
    /// It was given back, or a part of it.
    SurplusRefunded {
        /// For which payment.
        payment: PaymentId,
    },
    /// The bank returned what had been given back of it.
    SurplusReturned {
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
            | Self::SubscriptionUnpaid { .. }
            | Self::CardExpiring { .. } => true,
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
            | Self::SurplusReturned { .. }
            | Self::RefundRequested { .. }
            | Self::RefundApproved { .. }
            | Self::RefundRejected { .. }
            | Self::RefundMade { .. }
            | Self::RefundRefused { .. }
            | Self::RefundFailed { .. }
            | Self::RefundAdopted { .. }
            | Self::PaymentDisputed { .. }
            | Self::DisputeChanged { .. }
            | Self::DisputeClosed { .. }
            | Self::OrderRefunded { .. }
            | Self::CouponCreated { .. }
            | Self::CouponEnded { .. }
            | Self::CardRequested { .. }
            | Self::CardAdded { .. }
            | Self::CardUpdated { .. }
            | Self::CardRemoved { .. }
            | Self::DefaultCardChanged { .. } => false,
        }
    }
}
