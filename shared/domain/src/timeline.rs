//! What happened to one order, from its own items: the order, its payment and
//! its invoice carry the time of everything that befell them.

use crate::attempt::{Attempt, Channel, Outcome};
use crate::dispute::{Dispute, DisputeStatus};
use crate::id::{InvoiceId, RefundId, SubscriptionId};
use crate::invoice::{Invoice, InvoiceNumber};
use crate::localized::Localized;
use crate::money::Money;
use crate::order::{Order, OrderStatus};
use crate::payment::{Payment, PaymentStatus, Surplus};
use crate::refund::{Refund, RefundReason, RefundStatus};
use jiff::Timestamp;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What a bank can do with captured money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankAct {
    /// A refund did not arrive: it was returned.
    RefundReturned {
        /// The refund.
        refund: RefundId,
        /// How much.
        amount: Money,
    },
    /// The card holder asked for the payment back.
    PaymentDisputed {
        /// How much.
        amount: Money,
    },
    /// It has decided, or was asked no more.
    DisputeClosed {
        /// How much.
        amount: Money,
        /// True when the card holder got the money.
        lost: bool,
    },
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// It was placed.
    OrderPlaced,
    /// Its payment page opened.
    PaymentPageOpened {
        /// Which attempt.
        attempt: u32,
        /// When it closes.
        closes_at: Timestamp,
    },
    /// A card was declined.
    PaymentDeclined {
        /// Which attempt.
        attempt: u32,
        /// The provider's decline code.
        code: String,
    },
    /// The bank wants the customer present.
    AuthenticationRequired {
        /// Which attempt.
        attempt: u32,
    },
    /// The payment page closed, and nobody had paid on it.
    PaymentPageClosed {
        /// Which attempt.
        attempt: u32,
    },
    /// The payment never reached the provider, or its page never opened.
    PaymentNotRequested {
        /// Which attempt.
        attempt: u32,
    },
    /// The money was taken.
    PaymentCaptured {
        /// By which attempt, where it is still known.
        attempt: Option<u32>,
        /// How much.
        amount: Money,
    },
    /// Nobody tries the payment again.
    PaymentGivenUp,
    /// A part of the payment, or all of it, was given back.
    RefundMade {
        /// The refund.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
        /// The credit note that says what for.
        credit_note: InvoiceId,
    },
    /// A bank did something with the money.
    Bank(BankAct),
    /// It was paid.
    OrderPaid,
    /// The subscription of one of its lines began.
    SubscriptionStarted {
        /// Which.
        subscription: SubscriptionId,
        /// Product and plan by name.
        name: Localized,
        /// How many.
        quantity: u64,
    },
    /// Its invoice got its number.
    InvoiceIssued {
        /// Which.
        number: InvoiceNumber,
    },
    /// The customer canceled it.
    OrderCanceled,
    /// It was not paid in time.
    OrderExpired,
    /// All of it was given back.
    OrderRefunded,
    /// Money was taken that nobody owed.
    SurplusCaptured {
        /// How much.
        amount: Money,
    },
    /// It was given back.
    SurplusRefunded {
        /// How much.
        amount: Money,
    },
}

impl Happening {
    /// Its name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OrderPlaced => "order_placed",
            Self::PaymentPageOpened { .. } => "payment_page_opened",
            Self::PaymentDeclined { .. } => "payment_declined",
            Self::AuthenticationRequired { .. } => "authentication_required",
            Self::PaymentPageClosed { .. } => "payment_page_closed",
            Self::PaymentNotRequested { .. } => "payment_not_requested",
            Self::PaymentCaptured { .. } => "payment_captured",
            Self::PaymentGivenUp => "payment_given_up",
            Self::RefundMade { .. } => "refund_made",
            Self::Bank(BankAct::RefundReturned { .. }) => "refund_returned",
            Self::Bank(BankAct::PaymentDisputed { .. }) => "payment_disputed",
            Self::Bank(BankAct::DisputeClosed { .. }) => "dispute_closed",
            Self::OrderPaid => "order_paid",
            Self::SubscriptionStarted { .. } => "subscription_started",
            Self::InvoiceIssued { .. } => "invoice_issued",
            Self::OrderCanceled => "order_canceled",
            Self::OrderExpired => "order_expired",
            Self::OrderRefunded => "order_refunded",
            Self::SurplusCaptured { .. } => "surplus_captured",
            Self::SurplusRefunded { .. } => "surplus_refunded",
        }
    }
}

/// What happened to an order, oldest first; of one moment, causes before what
/// they led to. The invoice is there once the order was paid.
pub fn of_order(order: &Order, payment: &Payment, invoice: Option<&Invoice>) -> Vec<Moment> {
    let mut told = vec![Moment {
        at: order.created_at,
        what: Happening::OrderPlaced,
    }];
    // Its page closes because it was canceled; it expires because its page
    // closed.
    told.extend(payment.attempts.iter().filter_map(opening));
    told.extend(cancellation(order));
    for attempt in &payment.attempts {
        told.extend(of_attempt(attempt));
    }
    told.extend(of_payment(payment));
    if let Some(at) = paid_at(order, payment) {
        told.extend(purchase(order, at));
    }
    let number = invoice.and_then(Invoice::issued);
    told.extend(number.map(|(number, at)| Moment {
        at,
        what: Happening::InvoiceIssued { number },
    }));
    told.extend(payment.refunds.iter().flat_map(of_refund));
    told.extend(payment.disputes.iter().flat_map(of_dispute));
    told.extend(end(order));
    for surplus in &payment.surplus {
        told.extend(of_surplus(surplus, payment));
    }
    // Stable: what is of one moment stays in this order.
    told.sort_by_key(|moment| moment.at);
    told
}

/// The opening of an attempt's payment page.
fn opening(attempt: &Attempt) -> Option<Moment> {
    match &attempt.channel {
        Channel::OffSession { .. } => None,
        Channel::Hosted {
            page, closes_at, ..
        } => page.as_ref().map(|page| Moment {
            at: page.opened_at.unwrap_or(attempt.started_at),
            what: Happening::PaymentPageOpened {
                attempt: attempt.number,
                closes_at: *closes_at,
            },
        }),
    }
}

/// What became of an attempt.
fn of_attempt(attempt: &Attempt) -> Vec<Moment> {
    let number = attempt.number;
    let mut told = Vec::new();
    let mut tell = |at, what| told.push(Moment { at, what });
    let hosted = match &attempt.channel {
        Channel::OffSession { .. } => false,
        Channel::Hosted { .. } => true,
    };
    for decline in &attempt.declines {
        let declined = Happening::PaymentDeclined {
            attempt: number,
            code: decline.code.clone(),
        };
        tell(decline.at, declined);
    }
    match &attempt.outcome {
        Outcome::InFlight | Outcome::Unknown | Outcome::Succeeded { .. } => {}
        Outcome::Failed { at, .. } if hosted && attempt.page().is_some() => {
            tell(*at, Happening::PaymentPageClosed { attempt: number });
        }
        Outcome::Failed { at, code } if !hosted => {
            let declined = Happening::PaymentDeclined {
                attempt: number,
                code: code.clone(),
            };
            tell(*at, declined);
        }
        Outcome::Failed { at, .. } | Outcome::NotCreated { at } => {
            tell(*at, Happening::PaymentNotRequested { attempt: number });
        }
        Outcome::NeedsCustomer { at } => {
            tell(*at, Happening::AuthenticationRequired { attempt: number });
        }
    }
    told
}

/// How a payment ended. That it expired is told by its page or its order.
fn of_payment(payment: &Payment) -> Option<Moment> {
    let amount = payment.amount;
    let (at, what) = match &payment.status {
        PaymentStatus::Pending | PaymentStatus::Expired { .. } => return None,
        PaymentStatus::Failed { at } => (*at, Happening::PaymentGivenUp),
        PaymentStatus::Paid {
            at,
            provider_payment,
        } => {
            let mut attempts = payment.attempts.iter();
            let by = attempts.find(|it| it.provider_payment.as_ref() == Some(provider_payment));
            let attempt = by.map(|attempt| attempt.number);
            (*at, Happening::PaymentCaptured { attempt, amount })
        }
    };
    Some(Moment { at, what })
}

/// A refund once its money is back: before, it may still be refused.
fn of_refund(refund: &Refund) -> impl Iterator<Item = Moment> {
    let (made_at, failed_at) = match refund.status {
        RefundStatus::Made { at, .. } => (Some(at), None),
        RefundStatus::Failed { at, made_at, .. } => (Some(made_at), Some(at)),
        RefundStatus::AwaitingApproval
        | RefundStatus::Pending { .. }
        | RefundStatus::Refused { .. }
        | RefundStatus::Rejected { .. } => (None, None),
    };
    let made = made_at.map(|at| Moment {
        at,
        what: Happening::RefundMade {
            refund: refund.id,
            amount: refund.amount,
            reason: refund.reason,
            credit_note: refund.credit_note,
        },
    });
    let returned = failed_at.map(|at| Moment {
        at,
        what: Happening::Bank(BankAct::RefundReturned {
            refund: refund.id,
            amount: refund.amount,
        }),
    });
    made.into_iter().chain(returned)
}

/// What the bank was asked, and what it decided.
fn of_dispute(dispute: &Dispute) -> impl Iterator<Item = Moment> {
    let amount = dispute.amount;
    let opened = Moment {
        at: dispute.opened_at,
        what: Happening::Bank(BankAct::PaymentDisputed { amount }),
    };
    let lost = dispute.status == DisputeStatus::Lost;
    let closed = dispute.closed_at.map(|at| Moment {
        at,
        what: Happening::Bank(BankAct::DisputeClosed { amount, lost }),
    });
    std::iter::once(opened).chain(closed)
}

/// An order that was refunded keeps in its payment when it was paid.
fn paid_at(order: &Order, payment: &Payment) -> Option<Timestamp> {
    match (&order.status, &payment.status) {
        (OrderStatus::Paid { at }, _)
        | (OrderStatus::Refunded { .. }, PaymentStatus::Paid { at, .. }) => Some(*at),
        (OrderStatus::Refunded { at }, _) => Some(*at),
        (OrderStatus::Pending | OrderStatus::Canceled { .. } | OrderStatus::Expired { .. }, _) => {
            None
        }
    }
}

/// The order is paid and each of its lines becomes a subscription, in one act.
fn purchase(order: &Order, at: Timestamp) -> impl Iterator<Item = Moment> {
    let paid = std::iter::once(Happening::OrderPaid);
    let started = order
        .lines
        .iter()
        .map(|line| Happening::SubscriptionStarted {
            subscription: line.subscription,
            name: line.name.clone(),
            quantity: line.quantity,
        });
    paid.chain(started).map(move |what| Moment { at, what })
}

fn end(order: &Order) -> Option<Moment> {
    let (at, what) = match order.status {
        OrderStatus::Pending | OrderStatus::Paid { .. } | OrderStatus::Canceled { .. } => {
            return None;
        }
        OrderStatus::Expired { at } => (at, Happening::OrderExpired),
        OrderStatus::Refunded { at } => (at, Happening::OrderRefunded),
    };
    Some(Moment { at, what })
}

fn cancellation(order: &Order) -> Option<Moment> {
    match order.status {
        OrderStatus::Canceled { at } => Some(Moment {
            at,
            what: Happening::OrderCanceled,
        }),
        OrderStatus::Pending
        | OrderStatus::Paid { .. }
        | OrderStatus::Expired { .. }
        | OrderStatus::Refunded { .. } => None,
    }
}

/// A surplus that was written down before its times were is told at the last
/// moment its payment knows of.
fn of_surplus(surplus: &Surplus, payment: &Payment) -> impl Iterator<Item = Moment> {
    let amount = surplus.amount;
    let captured_at = surplus.captured_at.unwrap_or_else(|| closed_at(payment));
    let captured = Moment {
        at: captured_at,
        what: Happening::SurplusCaptured { amount },
    };
    let refunded = surplus.refund.is_some().then(|| Moment {
        at: surplus.refunded_at.unwrap_or(captured_at),
        what: Happening::SurplusRefunded { amount },
    });
    std::iter::once(captured).chain(refunded)
}

fn closed_at(payment: &Payment) -> Timestamp {
    match &payment.status {
        PaymentStatus::Pending => payment.created_at,
        PaymentStatus::Paid { at, .. }
        | PaymentStatus::Failed { at }
        | PaymentStatus::Expired { at } => *at,
    }
}
