//! Refunds: captured money that is given back, with the credit note that says
//! what for.
//!
//! A refund is decided once, when it is asked for: how much of each line and of
//! the VAT it takes back is frozen in it, so that the credit note cannot come
//! to something else than the money. What was asked for and may still move
//! counts as given back, so that refunds together never exceed the capture.

mod reason;
mod refusal;
mod returned;
mod status;

pub use reason::RefundReason;
pub use refusal::RefundRefusal;
pub use returned::{CHARGED_BACK, HandMade, REFUNDED_BEFORE};
pub use status::RefundStatus;

use crate::allocation::allocate;
use crate::id::{InvoiceId, RefundId, UserId};
use crate::invoice::Invoice;
use crate::money::Money;
use crate::payment::{Payment, PaymentStatus};
use crate::rounding::{ArithmeticError, BASIS_POINTS, mul_ratio};
use crate::text::Line;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Most refunds a payment may have, refused ones among them: its item must not
/// grow without end, and the provider lists a hundred at once.
pub const MAX_REFUNDS: usize = 50;

/// Money given back for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// How much, VAT included.
    pub amount: Money,
    /// How much of each line of the invoice, in its order, without VAT.
    pub nets: Vec<i64>,
    /// How much of the VAT.
    pub tax: i64,
    /// Why.
    pub reason: RefundReason,
    /// More about it, for colleagues; no customer sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Line<500>>,
    /// Who asked for it; nobody here where it was made by hand at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<UserId>,
    /// When.
    pub requested_at: Timestamp,
    /// The second person, where one was needed and agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<UserId>,
    /// The credit note it will have once made.
    pub credit_note: InvoiceId,
    /// How it stands.
    pub status: RefundStatus,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct RefundRequest {
    /// The refund's id.
    pub id: RefundId,
    /// Its credit note's.
    pub credit_note: InvoiceId,
    /// How much, VAT included.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// More about it, for colleagues.
    pub comment: Option<Line<500>>,
    /// By whom.
    pub by: UserId,
    /// True when a second person must agree before money moves.
    pub needs_approval: bool,
}

/// What is left of an invoice to give back.
struct Rest {
    nets: Vec<i64>,
    net: i64,
    tax: i64,
}

impl Payment {
    /// The payment with a refund of a part of what was captured.
    ///
    /// # Errors
    /// [`RefundRefusal`] when it was not captured, its invoice has no number,
    /// or less than that is left.
    pub fn request_refund(
        mut self,
        request: RefundRequest,
        invoice: &Invoice,
        now: Timestamp,
    ) -> Result<Self, RefundRefusal> {
        match &self.status {
            PaymentStatus::Paid { .. } => {}
            PaymentStatus::Pending
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => {
                return Err(RefundRefusal::NotPaid(self.state_name()));
            }
        }
        if invoice.issued().is_none() {
            return Err(RefundRefusal::NotNumbered);
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(RefundRefusal::TooMany);
        }
        if self.is_on_hold() {
            return Err(RefundRefusal::Disputed);
        }
        if request.amount.currency() != self.amount.currency() {
            return Err(RefundRefusal::Currency);
        }
        self.leaves(request.amount.amount())?;
        let rest = self.rest_of(invoice)?;
        let (nets, tax) = split(&rest, request.amount.amount(), invoice)?;
        let status = if request.needs_approval {
            RefundStatus::AwaitingApproval
        } else {
            RefundStatus::Pending { since: now }
        };
        self.refunds.push(Refund {
            id: request.id,
            amount: request.amount,
            nets,
            tax,
            reason: request.reason,
            comment: request.comment,
            requested_by: Some(request.by),
            requested_at: now,
            approved_by: None,
            credit_note: request.credit_note,
            status,
        });
        Ok(self.looked_at_soon(now))
    }

    /// What is left of the invoice, after what was and may be given back.
    fn rest_of(&self, invoice: &Invoice) -> Result<Rest, ArithmeticError> {
        let take = |left: i64, part: i64| left.checked_sub(part).ok_or(ArithmeticError::Overflow);
        let mut nets: Vec<i64> = invoice.lines.iter().map(|it| it.total.amount()).collect();
        let net = invoice.totals.net;
        let mut tax = invoice.totals.total.checked_sub(net)?.amount();
        for refund in self.refunds.iter().filter(|it| it.status.holds()) {
            for (left, part) in nets.iter_mut().zip(&refund.nets) {
                *left = take(*left, *part)?;
            }
            tax = take(tax, refund.tax)?;
        }
        let net = nets
            .iter()
            .try_fold(0_i64, |sum, net| sum.checked_add(*net))
            .ok_or(ArithmeticError::Overflow)?;
        Ok(Rest { nets, net, tax })
    }

    /// What can still be given back: nothing unless it is paid, nor while the
    /// bank decides on it.
    pub fn refundable(&self) -> Money {
        let left = match self.status {
            PaymentStatus::Paid { .. } if self.is_on_hold() => 0,
            PaymentStatus::Paid { .. } => self.amount.amount().saturating_sub(self.claimed()),
            PaymentStatus::Pending
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => 0,
        };
        Money::new(left.max(0), self.amount.currency())
    }

    /// What is claimed of the capture, by customers and by their banks.
    pub(crate) fn claimed(&self) -> i64 {
        let held = self.refunds.iter().filter(|it| it.status.holds());
        held.fold(self.charged_back(), |sum, refund| {
            sum.saturating_add(refund.amount.amount())
        })
    }

    /// An amount that is not left cannot be given back.
    fn leaves(&self, amount: i64) -> Result<(), RefundRefusal> {
        match self.amount.amount().saturating_sub(self.claimed()) {
            left if left < 1 => Err(RefundRefusal::NothingLeft),
            left if amount > left => Err(RefundRefusal::Amount(left)),
            _ => Ok(()),
        }
    }

    /// True once all that was captured was given back, or is owed again because
    /// the bank returned it.
    pub fn is_refunded(&self) -> bool {
        let made = self.refunds.iter().filter(|it| match it.status {
            RefundStatus::Made { .. } | RefundStatus::Failed { .. } => true,
            RefundStatus::AwaitingApproval
            | RefundStatus::Pending { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => false,
        });
        let sum = made.fold(0_i64, |sum, it| sum.saturating_add(it.amount.amount()));
        sum > 0 && sum == self.amount.amount()
    }

    /// A refund of this payment.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// The first refund the provider is to make, and since when.
    pub fn open_refund(&self) -> Option<(&Refund, Timestamp)> {
        self.refunds
            .iter()
            .find_map(|refund| refund.pending_since().map(|since| (refund, since)))
    }

    /// The payment whose refund a second person agreed to, or did not.
    ///
    /// # Errors
    /// [`RefundRefusal`] when it does not wait for that, or by who asked for it.
    pub fn decide_refund(
        mut self,
        id: RefundId,
        by: UserId,
        agrees: bool,
        now: Timestamp,
    ) -> Result<Self, RefundRefusal> {
        let is_on_hold = self.is_on_hold();
        let refund = self.refund_mut(id).ok_or(RefundRefusal::Unknown)?;
        match refund.status {
            RefundStatus::AwaitingApproval => {}
            RefundStatus::Pending { .. }
            | RefundStatus::Made { .. }
            | RefundStatus::Failed { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => {
                return Err(RefundRefusal::Decided(refund.status.name()));
            }
        }
        if agrees && refund.requested_by == Some(by) {
            return Err(RefundRefusal::SamePerson);
        }
        if agrees && is_on_hold {
            return Err(RefundRefusal::Disputed);
        }
        if agrees {
            refund.approved_by = Some(by);
            refund.status = RefundStatus::Pending { since: now };
        } else {
            refund.status = RefundStatus::Rejected { at: now, by };
        }
        Ok(self.looked_at_soon(now))
    }

    /// The payment whose refund the provider made; none when it is not open.
    pub fn refund_made(mut self, id: RefundId, made: String, at: Timestamp) -> Option<Self> {
        let refund = self.refund_mut(id)?;
        refund.pending_since()?;
        refund.status = RefundStatus::Made {
            at,
            provider_refund: made,
        };
        Some(self.rest())
    }

    /// The payment whose refund the provider refused; none when it is not open.
    pub fn refund_refused(mut self, id: RefundId, code: String, at: Timestamp) -> Option<Self> {
        let refund = self.refund_mut(id)?;
        refund.pending_since()?;
        refund.status = RefundStatus::Refused { at, code };
        Some(self.rest())
    }

    fn refund_mut(&mut self, id: RefundId) -> Option<&mut Refund> {
        self.refunds.iter_mut().find(|refund| refund.id == id)
    }

    /// An open refund is looked at in a minute, if the call that follows does
    /// not end it.
    pub(crate) fn looked_at_soon(self, now: Timestamp) -> Self {
        if self.open_refund().is_none() {
            return self;
        }
        let soon = now
            .saturating_add(SignedDuration::from_mins(1))
            .unwrap_or(now);
        let check_at = Some(self.check_at.map_or(soon, |at| at.min(soon)));
        Self { check_at, ..self }
    }
}

impl Refund {
    /// True when this person decided so before: a repetition changes nothing.
    pub fn is_decided(&self, by: UserId, agrees: bool) -> bool {
        match &self.status {
            RefundStatus::AwaitingApproval => false,
            RefundStatus::Rejected { by: rejecter, .. } => !agrees && *rejecter == by,
            RefundStatus::Pending { .. }
            | RefundStatus::Made { .. }
            | RefundStatus::Failed { .. }
            | RefundStatus::Refused { .. } => agrees && self.approved_by == Some(by),
        }
    }

    fn pending_since(&self) -> Option<Timestamp> {
        match self.status {
            RefundStatus::Pending { since } => Some(since),
            RefundStatus::AwaitingApproval
            | RefundStatus::Made { .. }
            | RefundStatus::Failed { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => None,
        }
    }
}

/// Splits an amount with VAT into what it takes of each line and of the VAT.
///
/// What empties the invoice takes what is left of the VAT. Else the base is the
/// one whose VAT, rounded once, makes the amount; where there is none (3 cents
/// at 20 % lie between 2 and 4), it is the nearest, and the VAT is the
/// difference: within a cent of the rate.
fn split(rest: &Rest, gross: i64, invoice: &Invoice) -> Result<(Vec<i64>, i64), RefundRefusal> {
    let most = rest.net.checked_add(rest.tax);
    let most = most.ok_or(ArithmeticError::Overflow)?;
    if most == 0 {
        return Err(RefundRefusal::NothingLeft);
    }
    if gross < 1 || gross > most {
        return Err(RefundRefusal::Amount(most));
    }
    if gross == most {
        return Ok((rest.nets.clone(), rest.tax));
    }
    let net = base_of(gross, invoice.tax.rate_basis_points)?.min(rest.net);
    // Rounding of earlier parts may have left less VAT than the rate says.
    let tax = gross.saturating_sub(net).min(rest.tax);
    let net = gross.saturating_sub(tax);
    Ok((allocate(net, &rest.nets)?, tax))
}

/// The base nearest to an amount without its VAT. Where a base gives the amount
/// to the cent it is this one: its rounded VAT is off by half a cent at most, so
/// it lies within half a cent of the quotient.
fn base_of(gross: i64, rate: u32) -> Result<i64, ArithmeticError> {
    let whole = BASIS_POINTS.saturating_add(i64::from(rate));
    mul_ratio(gross, BASIS_POINTS, whole)
}
