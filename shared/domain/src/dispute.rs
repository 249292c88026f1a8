//! Disputes: a card holder who asks the bank for the money back.
//!
//! The bank decides, not the shop. What the provider says of a dispute is
//! therefore taken as it is, each time as a whole, so that it makes no
//! difference in which order its news arrive, or how often.

use crate::id::RefundId;
use crate::money::Money;
use crate::payment::Payment;
use crate::refund::{CHARGED_BACK, RefundStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a dispute stands (docs.stripe.com/api/disputes/object).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The bank asks, and takes no money yet.
    Inquiry,
    /// It weighs what it was answered.
    InquiryUnderReview,
    /// It asks no more.
    InquiryClosed,
    /// The money is taken; evidence may be sent.
    NeedsResponse,
    /// Evidence was sent.
    UnderReview,
    /// The money stays the shop's.
    Won,
    /// The money is the card holder's.
    Lost,
    /// It was settled before the bank took anything.
    Prevented,
}

impl DisputeStatus {
    /// The state's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::InquiryUnderReview => "inquiry_under_review",
            Self::InquiryClosed => "inquiry_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Prevented => "prevented",
        }
    }

    /// True once nobody decides anything any more.
    pub fn is_closed(self) -> bool {
        match self {
            Self::InquiryClosed | Self::Won | Self::Lost | Self::Prevented => true,
            Self::Inquiry | Self::InquiryUnderReview | Self::NeedsResponse | Self::UnderReview => {
                false
            }
        }
    }

    /// True while the money is nobody's to give back. An inquiry is no such
    /// time: giving the money back is one way to end it.
    fn holds(self) -> bool {
        match self {
            Self::NeedsResponse | Self::UnderReview => true,
            Self::Inquiry
            | Self::InquiryUnderReview
            | Self::InquiryClosed
            | Self::Won
            | Self::Lost
            | Self::Prevented => false,
        }
    }
}

/// A capture its card holder denies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's id.
    pub id: String,
    /// How much is disputed.
    pub amount: Money,
    /// Why, in the provider's words.
    pub reason: String,
    /// How it stands.
    pub status: DisputeStatus,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when evidence may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due: Option<Timestamp>,
    /// How much of our money the provider keeps back because of it, in minor
    /// units.
    pub withdrawn: i64,
    /// How much of what is lost was owed anyhow, in minor units: refunds that
    /// banks had returned are owed no more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settled: i64,
    /// When it was seen closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// A dispute as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderDispute {
    /// The provider's id.
    pub id: String,
    /// How much is disputed.
    pub amount: Money,
    /// Why, in the provider's words.
    pub reason: String,
    /// How it stands.
    pub status: DisputeStatus,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when evidence may be sent.
    pub evidence_due: Option<Timestamp>,
    /// How much of our money it keeps back because of it, in minor units.
    pub withdrawn: i64,
}

/// Where the money of a dispute is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stake {
    /// Kept back until the bank has decided, in minor units.
    pub disputed: i64,
    /// Gone for good, in minor units.
    pub lost: i64,
    /// Gone for good too, for what was owed, in minor units.
    pub settled: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl Dispute {
    /// Where its money is.
    fn stake(&self) -> Stake {
        match self.status {
            DisputeStatus::Lost => Stake {
                disputed: 0,
                lost: self.withdrawn.saturating_sub(self.settled),
                settled: self.settled,
            },
            DisputeStatus::Inquiry
            | DisputeStatus::InquiryUnderReview
            | DisputeStatus::InquiryClosed
            | DisputeStatus::NeedsResponse
            | DisputeStatus::UnderReview
            | DisputeStatus::Won
            | DisputeStatus::Prevented => Stake {
                disputed: self.withdrawn,
                lost: 0,
                settled: 0,
            },
        }
    }
}

/// What is new about a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeNews {
    /// Nobody knew of it, or the bank had only asked.
    Opened,
    /// It goes on, or its money moved.
    Changed,
    /// It is over, or ended otherwise than it had.
    Closed,
}

impl DisputeNews {
    fn of(before: Option<DisputeStatus>, now: DisputeStatus) -> Self {
        let was_inquiry = before.is_some_and(|it| !it.is_closed() && !it.holds());
        match before {
            _ if now.is_closed() && before != Some(now) => Self::Closed,
            None => Self::Opened,
            Some(_) if was_inquiry && now.holds() => Self::Opened,
            Some(_) => Self::Changed,
        }
    }
}

/// What the provider's word on a dispute changes.
#[derive(Debug, Clone)]
pub enum Disputing {
    /// Something.
    Changed(Box<Disputed>),
    /// Nothing.
    Nothing,
    /// It is in another currency, or about more than was captured.
    Mismatch,
}

/// A payment whose dispute changed.
#[derive(Debug, Clone)]
pub struct Disputed {
    /// The payment.
    pub payment: Payment,
    /// What is new.
    pub news: DisputeNews,
    /// Where the dispute's money was, and where it is.
    pub stake: (Stake, Stake),
    /// Refunds that waited for a second person, for which the lost dispute
    /// left too little.
    pub refused: Vec<RefundId>,
}

impl Payment {
    /// Decides what the provider's word on a dispute of this payment means.
    pub fn disputed(mut self, seen: &ProviderDispute, now: Timestamp) -> Disputing {
        let is_possible = seen.amount.currency() == self.amount.currency()
            && (1..=self.amount.amount()).contains(&seen.amount.amount())
            && (0..=seen.amount.amount()).contains(&seen.withdrawn);
        if !is_possible {
            return Disputing::Mismatch;
        }
        let known = self.disputes.iter().position(|it| it.id == seen.id);
        let old = known.and_then(|place| self.disputes.get(place)).cloned();
        let dispute = Dispute {
            id: seen.id.clone(),
            amount: seen.amount,
            reason: seen.reason.clone(),
            status: seen.status,
            opened_at: seen.opened_at,
            evidence_due: seen.evidence_due,
            withdrawn: seen.withdrawn,
            settled: self.settled_by(old.as_ref(), seen),
            closed_at: seen.status.is_closed().then(|| {
                let same = old.as_ref().filter(|old| old.status == seen.status);
                same.and_then(|old| old.closed_at).unwrap_or(now)
            }),
        };
        if old.as_ref() == Some(&dispute) {
            return Disputing::Nothing;
        }
        let news = DisputeNews::of(old.as_ref().map(|old| old.status), dispute.status);
        let before = old.as_ref().map(Dispute::stake).unwrap_or_default();
        let stake = (before, dispute.stake());
        match known.and_then(|place| self.disputes.get_mut(place)) {
            Some(place) => *place = dispute,
            None => self.disputes.push(dispute),
        }
        let refused = self.refuse_unapproved(CHARGED_BACK, 0, now);
        // What waited for the bank may be given back now.
        let payment = self.looked_at_soon(now).rest();
        Disputing::Changed(Box::new(Disputed {
            payment,
            news,
            stake,
            refused,
        }))
    }

    /// True while the bank decides whose its money is.
    pub fn is_on_hold(&self) -> bool {
        self.disputes.iter().any(|it| it.status.holds())
    }

    /// How much a dispute pays of what is owed: what was owed when it was lost.
    fn settled_by(&self, old: Option<&Dispute>, seen: &ProviderDispute) -> i64 {
        match (old, seen.status) {
            (Some(old), DisputeStatus::Lost) if old.status == DisputeStatus::Lost => {
                old.settled.min(seen.withdrawn)
            }
            (_, DisputeStatus::Lost) => {
                let before = old.map_or(0, |old| old.settled);
                let owed = self.owed().saturating_add(before);
                owed.clamp(0, seen.withdrawn)
            }
            (
                _,
                DisputeStatus::Inquiry
                | DisputeStatus::InquiryUnderReview
                | DisputeStatus::InquiryClosed
                | DisputeStatus::NeedsResponse
                | DisputeStatus::UnderReview
                | DisputeStatus::Won
                | DisputeStatus::Prevented,
            ) => 0,
        }
    }

    /// Lets lost disputes pay what of a returned refund is more than was
    /// captured: the bank had given it to the customer before. How much, in
    /// minor units.
    pub(crate) fn settle_overlap(&mut self) -> i64 {
        let excess = self.claimed().saturating_sub(self.amount.amount());
        let mut left = excess.max(0);
        for dispute in &mut self.disputes {
            let part = dispute.stake().lost.min(left);
            dispute.settled = dispute.settled.saturating_add(part);
            left = left.saturating_sub(part);
        }
        excess.max(0).saturating_sub(left)
    }

    /// What banks took beside what was owed anyhow, in minor units.
    pub fn charged_back(&self) -> i64 {
        let stakes = self.disputes.iter().map(Dispute::stake);
        stakes.fold(0, |sum, stake| sum.saturating_add(stake.lost))
    }

    /// Refuses refunds that wait for a second person, the last one first, until
    /// what is promised, with this much beside it, fits into what was captured.
    pub(crate) fn refuse_unapproved(
        &mut self,
        code: &str,
        beside: i64,
        at: Timestamp,
    ) -> Vec<RefundId> {
        let mut refused = Vec::new();
        while self.claimed().saturating_add(beside) > self.amount.amount() {
            let waiting = |status: &RefundStatus| *status == RefundStatus::AwaitingApproval;
            let last = self.refunds.iter_mut().rev();
            let Some(refund) = last.into_iter().find(|it| waiting(&it.status)) else {
                break;
            };
            let code = code.to_owned();
            refund.status = RefundStatus::Refused { at, code };
            refused.push(refund.id);
        }
        refused
    }
}
