//! Refunds the shop did not decide on: the bank returned one, or somebody made
//! one by hand at the provider.

use super::{MAX_REFUNDS, Refund, RefundReason, RefundRefusal, RefundStatus, split};
use crate::id::{InvoiceId, RefundId};
use crate::invoice::Invoice;
use crate::money::Money;
use crate::payment::{Payment, PaymentStatus};
use jiff::Timestamp;

/// The provider's code for a capture the bank took back.
pub const CHARGED_BACK: &str = "charge_disputed";

/// The provider's code for a capture nothing is left of.
pub const REFUNDED_BEFORE: &str = "charge_already_refunded";

/// A refund somebody made by hand at the provider.
#[derive(Debug, Clone)]
pub struct HandMade {
    /// The id it gets here.
    pub id: RefundId,
    /// Its credit note's.
    pub credit_note: InvoiceId,
    /// How much, VAT included.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// The provider's refund.
    pub provider_refund: String,
}

impl Payment {
    /// The refund the provider knows under this id.
    pub fn refund_at_provider(&self, made: &str) -> Option<&Refund> {
        let is_it = |refund: &&Refund| match &refund.status {
            RefundStatus::Made {
                provider_refund, ..
            }
            | RefundStatus::Failed {
                provider_refund, ..
            } => provider_refund == made,
            RefundStatus::AwaitingApproval
            | RefundStatus::Pending { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => false,
        };
        self.refunds.iter().find(is_it)
    }

    /// True when what is promised is more than the bank left of the capture.
    pub fn is_overdrawn(&self) -> bool {
        self.claimed() > self.amount.amount()
    }

    /// What is owed to the customer, in minor units: what banks returned and
    /// did not take since.
    pub fn owed(&self) -> i64 {
        let failed = self.refunds.iter().filter(|it| match it.status {
            RefundStatus::Failed { .. } => true,
            RefundStatus::AwaitingApproval
            | RefundStatus::Pending { .. }
            | RefundStatus::Made { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => false,
        });
        let failed = failed.fold(0_i64, |sum, it| sum.saturating_add(it.amount.amount()));
        let settled = self.disputes.iter().map(|it| it.settled);
        failed.saturating_sub(settled.fold(0, i64::saturating_add))
    }

    /// The payment whose refund the bank returned, and how much of it a lost
    /// dispute had paid before, in minor units; none when it was not made.
    pub fn refund_failed(
        mut self,
        id: RefundId,
        code: String,
        at: Timestamp,
    ) -> Option<(Self, i64)> {
        let refund = self.refund_mut(id)?;
        let RefundStatus::Made {
            at: made_at,
            provider_refund,
        } = &refund.status
        else {
            return None;
        };
        refund.status = RefundStatus::Failed {
            at,
            made_at: *made_at,
            provider_refund: provider_refund.clone(),
            code,
        };
        let settled = self.settle_overlap();
        Some((self.rest(), settled))
    }

    /// The payment with a refund that was made by hand: the money is gone, so
    /// refunds that wait for a second person and find too little left are
    /// refused. Their ids come with it.
    ///
    /// # Errors
    /// [`RefundRefusal`] when it was not captured, its invoice has no number,
    /// the provider is being asked for another, or so much was not left.
    pub fn adopt_refund(
        mut self,
        made: HandMade,
        invoice: &Invoice,
        now: Timestamp,
    ) -> Result<(Self, Vec<RefundId>), RefundRefusal> {
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
        if self.open_refund().is_some() {
            return Err(RefundRefusal::UnderWay);
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(RefundRefusal::TooMany);
        }
        if made.amount.currency() != self.amount.currency() {
            return Err(RefundRefusal::Currency);
        }
        let refused = self.refuse_unapproved(REFUNDED_BEFORE, made.amount.amount(), now);
        let rest = self.rest_of(invoice)?;
        let (nets, tax) = split(&rest, made.amount.amount(), invoice)?;
        self.refunds.push(Refund {
            id: made.id,
            amount: made.amount,
            nets,
            tax,
            reason: made.reason,
            comment: None,
            requested_by: None,
            requested_at: now,
            approved_by: None,
            credit_note: made.credit_note,
            status: RefundStatus::Made {
                at: now,
                provider_refund: made.provider_refund,
            },
        });
        Ok((self.rest(), refused))
    }
}
