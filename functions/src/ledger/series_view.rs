//! A year's series of numbers as auditors see them.

use domain::invoice::InvoiceNumber;
use domain::money::{Currency, Money};
use domain::series_audit::{Dated, Finding, Flaw, SeriesAudit, SeriesTotals};
use platform::http::views::MoneyView;
use serde::Serialize;

/// What was found of the numbers of a year.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SeriesYearView {
    /// The year.
    pub year: i16,
    /// True when nothing wrong was found in what was read so far.
    pub sound: bool,
    /// True when both series were read to their ends.
    pub complete: bool,
    /// Invoices, then credit notes.
    pub series: Vec<SeriesView>,
}

/// What was found of one series.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SeriesView {
    /// The letter its numbers begin with: `F` invoices, `A` credit notes.
    pub series: String,
    /// True when nothing wrong was found so far.
    pub sound: bool,
    /// The first number.
    pub first: Option<DatedView>,
    /// The last number so far.
    pub last: Option<DatedView>,
    /// How many numbers were given.
    pub count: u64,
    /// How many between the first and the last of the counter were not.
    pub gaps: u64,
    /// How many invoices have a second number.
    pub doubles: u64,
    /// What is wrong, at most ten of each series.
    pub findings: Vec<FindingView>,
    /// What the invoices sum to.
    pub totals: Vec<SeriesTotalsView>,
}

/// A number and the day its invoice was issued.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct DatedView {
    /// The number.
    pub number: String,
    /// The day, in the seller's zone; null where its invoice is not there.
    pub date: Option<String>,
}

/// A number that is not as it must be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct FindingView {
    /// `gap`, `double` (its invoice has another number as well), `absent` (its
    /// invoice is not there), `other_number` (its invoice says another one, or
    /// none), `date_back`, `other_year`, `beyond_counter` or `counter_date`
    /// (the counter does not know it, or dates it otherwise).
    pub kind: &'static str,
    /// The number, of a gap the first.
    pub number: String,
    /// How many numbers in a row.
    pub count: u64,
    /// Its invoice.
    pub invoice_id: Option<String>,
}

/// What the invoices of a series sum to, in one currency.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SeriesTotalsView {
    /// Without VAT.
    pub net: MoneyView,
    /// VAT by rate.
    pub vat: Vec<RateSumView>,
    /// With VAT.
    pub total: MoneyView,
}

/// The VAT of one rate.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct RateSumView {
    /// In basis points: 2000 is 20 %.
    pub rate_basis_points: u32,
    /// What it was computed of.
    pub base: MoneyView,
    /// The VAT.
    pub tax: MoneyView,
}

impl SeriesView {
    /// What is told of a series.
    pub(super) fn of(audit: &SeriesAudit) -> Self {
        let totals = audit.totals.iter();
        Self {
            series: audit.series.letter().to_string(),
            sound: audit.is_sound(),
            first: audit.first.as_ref().map(dated),
            last: audit.last.as_ref().map(dated),
            count: audit.count,
            gaps: audit.count_of(Flaw::Gap),
            doubles: audit.count_of(Flaw::Double),
            findings: audit.findings.iter().map(finding).collect(),
            totals: totals
                .map(|(currency, sums)| sum(*currency, sums))
                .collect(),
        }
    }
}

fn dated(it: &Dated) -> DatedView {
    DatedView {
        number: it.number.to_string(),
        date: it.date.map(|date| date.to_string()),
    }
}

fn finding(it: &Finding) -> FindingView {
    let number: InvoiceNumber = it.number;
    FindingView {
        kind: it.flaw.name(),
        number: number.to_string(),
        count: it.count,
        invoice_id: it.invoice.map(|invoice| invoice.to_string()),
    }
}

fn sum(currency: Currency, sums: &SeriesTotals) -> SeriesTotalsView {
    let money = |amount| Money::new(amount, currency).into();
    let rate = |(rate, (base, tax)): (&u32, &(i64, i64))| RateSumView {
        rate_basis_points: *rate,
        base: money(*base),
        tax: money(*tax),
    };
    SeriesTotalsView {
        net: money(sums.net),
        vat: sums.rates.iter().map(rate).collect(),
        total: money(sums.total),
    }
}
