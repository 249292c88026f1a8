//! A day's books as finance see them.

use domain::agreement::{Difference, Direction, Movement};
use domain::daybook::DayTotals;
use domain::money::{Currency, Money};
use domain::rounding::ArithmeticError;
use platform::http::views::MoneyView;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most differences that are listed; how many more there are is said.
const MOST_DIFFERENCES: usize = 100;

/// What the ledger and the provider say of a day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct LedgerDayView {
    /// The day, in UTC.
    pub date: String,
    /// True when it is over: until then more may be booked.
    pub over: bool,
    /// False when one of the books has more than was read, of that day or, where
    /// the books differ, of the days around it: then the sums may be of a part,
    /// and no differences are told.
    pub complete: bool,
    /// True when every capture and every refund stands in both books, with the
    /// same amount, on that day.
    pub agrees: bool,
    /// What the ledgers of all accounts sum to.
    pub ledger: Vec<LedgerTotalsView>,
    /// What the payment provider's book sums to.
    pub provider: Vec<ProviderTotalsView>,
    /// What else moved the balance at the provider, which is counted and
    /// not compared: disputes, refunds that came back, payouts, fees.
    pub others: Vec<KindView>,
    /// What is not the same in both books, at most a hundred.
    pub differences: Vec<DifferenceView>,
    /// How many differences there are in all.
    pub difference_count: usize,
}

/// What a day's ledger entries in one currency sum to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct LedgerTotalsView {
    /// ISO 4217.
    pub currency: String,
    /// By ledger account.
    pub accounts: Vec<SidesView>,
    /// Entries by kind: `capture`, `invoice`, `refund`, `credit_note`,
    /// `surplus_refund`, `refund_failed`, `dispute`.
    pub movements: Vec<KindView>,
}

/// Both sides of a ledger account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SidesView {
    /// `receivable`, `revenue`, `vat`, `provider`, `clearing`, `payable`,
    /// `disputed` or `chargebacks`.
    pub account: &'static str,
    /// Sum of the debits.
    pub debit: MoneyView,
    /// Sum of the credits.
    pub credit: MoneyView,
}

/// How many there are of a kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct KindView {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// What the provider moved in one currency.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct ProviderTotalsView {
    /// ISO 4217.
    pub currency: String,
    /// Sum of what was captured.
    pub captured: MoneyView,
    /// How many captures.
    pub captures: u64,
    /// Sum of what was given back.
    pub refunded: MoneyView,
    /// How many refunds.
    pub refunds: u64,
}

/// Something that is not the same in both books.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct DifferenceView {
    /// `only_at_provider`, `only_in_ledger`, `another_amount` or `another_day`.
    pub kind: &'static str,
    /// `captured` or `refunded`.
    pub direction: &'static str,
    /// For which payment; null where the provider's book names none of ours.
    pub payment_id: Option<String>,
    /// In the ledger.
    pub ledger: Option<BookedView>,
    /// At the provider.
    pub provider: Option<BookedView>,
}

/// One side of a difference.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct BookedView {
    /// How much.
    pub amount: MoneyView,
    /// When it was booked.
    pub at: String,
    /// In the ledger the account and the entry's number, at the provider the
    /// charge or refund.
    pub reference: String,
}

impl LedgerTotalsView {
    /// By currency.
    pub(super) fn all(totals: BTreeMap<Currency, DayTotals>) -> Vec<Self> {
        let view = |(currency, day): (Currency, DayTotals)| Self {
            currency: currency.as_str().to_owned(),
            accounts: day
                .accounts
                .iter()
                .map(|(account, sides)| SidesView {
                    account: account.name(),
                    debit: Money::new(sides.debit, currency).into(),
                    credit: Money::new(sides.credit, currency).into(),
                })
                .collect(),
            movements: kinds(day.kinds.iter().map(|(kind, count)| (*kind, *count))),
        };
        totals.into_iter().map(view).collect()
    }
}

/// How many there are of each kind.
pub(super) fn kinds<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<KindView> {
    counts
        .map(|(kind, count)| KindView {
            kind: kind.to_owned(),
            count,
        })
        .collect()
}

impl ProviderTotalsView {
    /// By currency.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow.
    pub(super) fn all(movements: &[Movement]) -> Result<Vec<Self>, ArithmeticError> {
        let mut sums: BTreeMap<Currency, BTreeMap<Direction, (Money, u64)>> = BTreeMap::new();
        for movement in movements {
            let currency = movement.amount.currency();
            let ways = sums.entry(currency).or_default();
            let zero = (Money::zero(currency), 0);
            let (sum, count) = ways.entry(movement.direction).or_insert(zero);
            *sum = sum.checked_add(movement.amount)?;
            *count = count.saturating_add(1);
        }
        let view = |(currency, ways): (Currency, BTreeMap<Direction, (Money, u64)>)| {
            let of = |way| {
                let found = ways.get(&way).copied();
                found.unwrap_or((Money::zero(currency), 0))
            };
            let (captured, captures) = of(Direction::Captured);
            let (refunded, refunds) = of(Direction::Refunded);
            Self {
                currency: currency.as_str().to_owned(),
                captured: captured.into(),
                captures,
                refunded: refunded.into(),
                refunds,
            }
        };
        Ok(sums.into_iter().map(view).collect())
    }
}

impl DifferenceView {
    /// The first of them.
    pub(super) fn first(differences: &[Difference]) -> Vec<Self> {
        let shown = differences.iter().take(MOST_DIFFERENCES);
        shown.map(Self::of).collect()
    }

    fn of(difference: &Difference) -> Self {
        let sides = [difference.provider(), difference.ledger()];
        let side = sides.into_iter().flatten().next();
        let named = sides.into_iter().flatten().find_map(|it| it.payment);
        let booked = |movement: &Movement| BookedView {
            amount: movement.amount.into(),
            at: movement.at.to_string(),
            reference: movement.reference.clone(),
        };
        Self {
            kind: difference.name(),
            direction: side.map_or("", |it| it.direction.name()),
            payment_id: named.map(|payment| payment.to_string()),
            ledger: difference.ledger().map(booked),
            provider: difference.provider().map(booked),
        }
    }
}
