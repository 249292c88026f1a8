//! Whether the ledger and the payment provider's book say the same of a day:
//! every movement of money stands in both, once, with the same amount.

use crate::id::PaymentId;
use crate::ledger::{Cause, LedgerAccount, LedgerEntry};
use crate::money::Money;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Which way money went at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From a customer.
    Captured,
    /// Back to a customer.
    Refunded,
}

impl Direction {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }
}

/// A movement of money, as one of the books has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Which way.
    pub direction: Direction,
    /// For which payment; none where the provider's book does not say it.
    pub payment: Option<PaymentId>,
    /// How much; never below zero.
    pub amount: Money,
    /// When it was booked there.
    pub at: Timestamp,
    /// What that book calls it.
    pub reference: String,
}

impl Movement {
    /// What a ledger entry says of a capture or refund; none for any other. The
    /// money of disputes and of refunds that came back moves at the provider
    /// under kinds of its own, which are counted and not compared.
    pub fn of(entry: &LedgerEntry) -> Option<Self> {
        let (direction, payment) = match entry.cause {
            Cause::Capture { payment } => (Direction::Captured, payment),
            Cause::Refund { payment } | Cause::SurplusRefund { payment } => {
                (Direction::Refunded, payment)
            }
            Cause::Invoice { .. }
            | Cause::CreditNote { .. }
            | Cause::RefundFailed { .. }
            | Cause::Dispute { .. } => return None,
        };
        let mut lines = entry.lines.iter();
        let moved = lines.find(|line| line.account == LedgerAccount::Provider)?;
        Some(Self {
            direction,
            payment: Some(payment),
            amount: Money::new(moved.amount.checked_abs()?, entry.currency),
            at: entry.at,
            reference: format!("{}/{}", entry.account, entry.sequence),
        })
    }

    fn day(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }
}

/// What is not the same in both books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The provider moved money the ledger does not know of.
    OnlyAtProvider {
        /// What moved.
        provider: Movement,
    },
    /// The ledger says that money moved, and the provider does not.
    OnlyInLedger {
        /// What was booked.
        ledger: Movement,
    },
    /// Both have it, with another amount.
    AnotherAmount {
        /// In the ledger.
        ledger: Movement,
        /// At the provider.
        provider: Movement,
    },
    /// Both have it, on another day: the ledger hears of it later, and at
    /// midnight that is the next day.
    AnotherDay {
        /// In the ledger.
        ledger: Movement,
        /// At the provider.
        provider: Movement,
    },
}

impl Difference {
    /// Its name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OnlyAtProvider { .. } => "only_at_provider",
            Self::OnlyInLedger { .. } => "only_in_ledger",
            Self::AnotherAmount { .. } => "another_amount",
            Self::AnotherDay { .. } => "another_day",
        }
    }

    /// The ledger's side.
    pub fn ledger(&self) -> Option<&Movement> {
        match self {
            Self::OnlyAtProvider { .. } => None,
            Self::OnlyInLedger { ledger }
            | Self::AnotherAmount { ledger, .. }
            | Self::AnotherDay { ledger, .. } => Some(ledger),
        }
    }

    /// The provider's side.
    pub fn provider(&self) -> Option<&Movement> {
        match self {
            Self::OnlyInLedger { .. } => None,
            Self::OnlyAtProvider { provider }
            | Self::AnotherAmount { provider, .. }
            | Self::AnotherDay { provider, .. } => Some(provider),
        }
    }

    fn touches(&self, day: Date) -> bool {
        let sides = [self.ledger(), self.provider()];
        sides.into_iter().flatten().any(|it| it.day() == day)
    }
}

/// What of one payment went one way: the movements in both books.
#[derive(Default)]
struct Group {
    ledger: Vec<Movement>,
    provider: Vec<Movement>,
}

/// What the books do not agree on of a day. Both may be given with the days
/// around it: what has its other side there is told from what has none.
pub fn differences(day: Date, ledger: &[Movement], provider: &[Movement]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut groups: BTreeMap<(PaymentId, Direction), Group> = BTreeMap::new();
    for movement in ledger {
        if let Some(payment) = movement.payment {
            let group = groups.entry((payment, movement.direction)).or_default();
            group.ledger.push(movement.clone());
        }
    }
    for movement in provider {
        match movement.payment {
            Some(payment) => {
                let group = groups.entry((payment, movement.direction)).or_default();
                group.provider.push(movement.clone());
            }
            None => found.push(Difference::OnlyAtProvider {
                provider: movement.clone(),
            }),
        }
    }
    for group in groups.into_values() {
        found.extend(group.differences());
    }
    found.retain(|difference| difference.touches(day));
    found
}

impl Group {
    /// Takes away what is the same: of the same day first, since a payment may
    /// have moved one amount several times.
    fn differences(mut self) -> Vec<Difference> {
        self.pair(|ledger, provider| {
            ledger.amount == provider.amount && ledger.day() == provider.day()
        });
        let mut found: Vec<Difference> = self
            .pair(|ledger, provider| ledger.amount == provider.amount)
            .into_iter()
            .map(|(ledger, provider)| Difference::AnotherDay { ledger, provider })
            .collect();
        let amounts = self.pair(|ledger, provider| ledger.day() == provider.day());
        found.extend(
            amounts
                .into_iter()
                .map(|(ledger, provider)| Difference::AnotherAmount { ledger, provider }),
        );
        let rest = self.ledger.into_iter();
        found.extend(rest.map(|ledger| Difference::OnlyInLedger { ledger }));
        let rest = self.provider.into_iter();
        found.extend(rest.map(|provider| Difference::OnlyAtProvider { provider }));
        found
    }

    /// Takes pairs that fit out of both books.
    fn pair(&mut self, fits: fn(&Movement, &Movement) -> bool) -> Vec<(Movement, Movement)> {
        let mut taken = BTreeSet::new();
        let mut pairs = Vec::new();
        let provider = &self.provider;
        self.ledger.retain(|ledger| {
            let mut open = provider.iter().enumerate();
            let found = open.find(|(at, it)| !taken.contains(at) && fits(ledger, it));
            match found {
                Some((at, it)) => {
                    taken.insert(at);
                    pairs.push((ledger.clone(), it.clone()));
                    false
                }
                None => true,
            }
        });
        let mut at = 0_usize;
        self.provider.retain(|_| {
            let stays = !taken.contains(&at);
            at = at.saturating_add(1);
            stays
        });
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;
    use crate::money::Currency;

    fn moved(payment: u128, cents: i64, at: &str) -> Movement {
        Movement {
            direction: Direction::Captured,
            payment: Some(PaymentId::from_bits(payment)),
            amount: Money::new(cents, Currency::EUR),
            at: at.parse().unwrap(),
            reference: at.to_owned(),
        }
    }

    fn back(payment: u128, cents: i64, at: &str) -> Movement {
        Movement {
            direction: Direction::Refunded,
            ..moved(payment, cents, at)
        }
    }

    fn names(ledger: &[Movement], provider: &[Movement]) -> Vec<&'static str> {
        let day = "2026-03-02".parse().unwrap();
        let found = differences(day, ledger, provider);
        found.iter().map(Difference::name).collect()
    }

    const NOON: &str = "2026-03-02T12:00:00Z";
    const LATER: &str = "2026-03-02T12:00:01.5Z";
    const BEFORE: &str = "2026-03-01T23:59:59Z";
    const AFTER: &str = "2026-03-03T00:00:01Z";

    #[test]
    fn books_that_say_the_same_agree_in_whatever_order() {
        let ledger = [
            moved(1, 500, LATER),
            back(1, 200, LATER),
            back(1, 200, LATER),
        ];
        let provider = [back(1, 200, NOON), moved(1, 500, NOON), back(1, 200, NOON)];
        assert_eq!(names(&ledger, &provider), [""; 0]);
    }

    #[test]
    fn what_only_one_of_them_has_is_named() {
        let ledger = [moved(1, 500, LATER), back(1, 200, LATER)];
        let provider = [moved(1, 500, NOON), back(1, 200, NOON), back(1, 200, NOON)];
        assert_eq!(names(&ledger, &provider), ["only_at_provider"]);
        assert_eq!(names(&provider, &ledger), ["only_in_ledger"]);
        // The same amount of another payment, or the other way, is no match.
        assert_eq!(
            names(&[moved(1, 500, NOON)], &[moved(2, 500, NOON)]),
            ["only_in_ledger", "only_at_provider"]
        );
        assert_eq!(
            names(&[moved(1, 500, NOON)], &[back(1, 500, NOON)]),
            ["only_in_ledger", "only_at_provider"]
        );
    }

    #[test]
    fn another_amount_and_another_currency_are_one_difference() {
        let mut dollars = moved(1, 500, NOON);
        dollars.amount = Money::new(500, Currency::parse("USD").unwrap());
        for provider in [moved(1, 501, NOON), dollars] {
            assert_eq!(
                names(&[moved(1, 500, LATER)], &[provider]),
                ["another_amount"]
            );
        }
    }

    #[test]
    fn what_was_booked_around_midnight_is_of_another_day_and_told_on_both() {
        assert_eq!(
            names(&[moved(1, 500, AFTER)], &[moved(1, 500, NOON)]),
            ["another_day"]
        );
        assert_eq!(
            names(&[moved(1, 500, NOON)], &[moved(1, 500, BEFORE)]),
            ["another_day"]
        );
        // The same amount on each of two days is two movements.
        assert_eq!(
            names(
                &[back(1, 200, NOON), back(1, 200, BEFORE)],
                &[back(1, 200, BEFORE), back(1, 200, NOON)]
            ),
            [""; 0]
        );
        // What differs on the days around is theirs.
        assert_eq!(
            names(&[moved(1, 500, AFTER)], &[moved(2, 500, BEFORE)]),
            [""; 0]
        );
    }

    #[test]
    fn what_the_provider_moved_for_no_payment_of_ours_is_named() {
        let mut by_hand = back(1, 200, NOON);
        by_hand.payment = None;
        assert_eq!(names(&[], &[by_hand]), ["only_at_provider"]);
    }
}
