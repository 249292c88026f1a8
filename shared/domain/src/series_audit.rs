//! Proving that a year's series of numbers is whole: each number once, none
//! missing, each with the invoice that says so, and no date that goes back.
//!
//! French law wants a chronological sequence without breaks (CGI annexe II,
//! art. 242 nonies A, I, 7°). Numbers are judged in their order, as many at a
//! time as is convenient: what was found so far is all there is to keep.

use crate::id::InvoiceId;
use crate::invoice::{Invoice, InvoiceNumber, Series, SeriesCounter, issue_date};
use crate::money::Currency;
use crate::rounding::ArithmeticError;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most findings that are kept; how many there are in all is counted.
const MOST_FINDINGS: usize = 10;

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// It, and maybe some after it, were never given.
    Gap,
    /// Its invoice has another number as well.
    Double,
    /// Its invoice is not there.
    Absent,
    /// Its invoice says another number, or none.
    OtherNumber,
    /// Its invoice is dated before the number before it.
    DateBack,
    /// Its invoice is dated in another year.
    OtherYear,
    /// The counter does not know of it.
    BeyondCounter,
    /// The counter dates it otherwise than its invoice.
    CounterDate,
}

impl Flaw {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Double => "double",
            Self::Absent => "absent",
            Self::OtherNumber => "other_number",
            Self::DateBack => "date_back",
            Self::OtherYear => "other_year",
            Self::BeyondCounter => "beyond_counter",
            Self::CounterDate => "counter_date",
        }
    }
}

/// A number that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub flaw: Flaw,
    /// With which number.
    pub number: InvoiceNumber,
    /// How many in a row are missing; 1 for any other flaw.
    pub count: u64,
    /// Its invoice, where it has one.
    pub invoice: Option<InvoiceId>,
}

/// What the invoices of a series sum to, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeriesTotals {
    /// Without VAT.
    pub net: i64,
    /// With VAT.
    pub total: i64,
    /// By rate in basis points: the base and its VAT.
    pub rates: BTreeMap<u32, (i64, i64)>,
}

/// A number with its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// The number.
    pub number: InvoiceNumber,
    /// The day its invoice was issued; none where it is not there.
    pub date: Option<Date>,
}

/// What was found of a series, up to a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesAudit {
    /// Which series.
    pub series: Series,
    /// Which year.
    pub year: i16,
    /// The first number.
    pub first: Option<Dated>,
    /// The last number so far.
    pub last: Option<Dated>,
    /// How many numbers there are so far.
    pub count: u64,
    /// The latest date so far.
    latest: Option<Date>,
    /// The first of what is wrong.
    pub findings: Vec<Finding>,
    /// How much is wrong by kind, by its name in the API.
    pub flaws: BTreeMap<String, u64>,
    /// What the invoices so far sum to.
    pub totals: BTreeMap<Currency, SeriesTotals>,
}

impl SeriesAudit {
    /// Before the first number.
    pub fn start(series: Series, year: i16) -> Self {
        Self {
            series,
            year,
            first: None,
            last: None,
            count: 0,
            latest: None,
            findings: Vec::new(),
            flaws: BTreeMap::new(),
            totals: BTreeMap::new(),
        }
    }

    /// True when nothing wrong was found so far.
    pub fn is_sound(&self) -> bool {
        self.flaws.is_empty()
    }

    /// How many numbers are wrong in this way; for gaps how many are missing.
    pub fn count_of(&self, flaw: Flaw) -> u64 {
        self.flaws.get(flaw.name()).copied().unwrap_or_default()
    }

    /// Judges the next number that was given, with the invoice it was given to,
    /// if that is there. `double` says that the number the invoice says was
    /// given to it as well.
    ///
    /// # Errors
    /// [`ArithmeticError`] when the sums overflow.
    pub fn note(
        &mut self,
        number: InvoiceNumber,
        id: InvoiceId,
        invoice: Option<&Invoice>,
        double: bool,
    ) -> Result<(), ArithmeticError> {
        self.missing_before(number.sequence);
        self.count = self.count.saturating_add(1);
        let mut found = |flaw| self.find(flaw, number, 1, Some(id));
        let issued = invoice.and_then(Invoice::issued);
        match (invoice, issued) {
            (None, _) => found(Flaw::Absent),
            (Some(_), Some((says, _))) if says == number => {}
            (Some(_), _) if double => found(Flaw::Double),
            (Some(_), _) => found(Flaw::OtherNumber),
        }
        let date = issued.map(|(_, at)| issue_date(at));
        if let Some(date) = date {
            if date.year() != self.year {
                self.find(Flaw::OtherYear, number, 1, Some(id));
            }
            if self.latest.is_some_and(|latest| date < latest) {
                self.find(Flaw::DateBack, number, 1, Some(id));
            }
            self.latest = self.latest.max(Some(date));
        }
        let dated = Dated { number, date };
        self.first = self.first.or(Some(dated));
        self.last = Some(dated);
        match invoice {
            Some(invoice) => self.add(invoice),
            None => Ok(()),
        }
    }

    /// Judges the end of the series by its counter, read before the numbers
    /// were and after: what the first knows must have been there, and the
    /// second knows of all that was.
    pub fn close(&mut self, before: Option<&SeriesCounter>, after: Option<&SeriesCounter>) {
        let end = before.map_or(0, |counter| counter.last);
        self.missing_before(end.saturating_add(1));
        let Some(last) = self.last else { return };
        let known = after.map_or(0, |counter| counter.last);
        if last.number.sequence > known {
            self.find(Flaw::BeyondCounter, last.number, 1, None);
        }
        let dated = after.map(|counter| counter.last_date);
        if last.number.sequence == known && last.date.is_some() && last.date != dated {
            self.find(Flaw::CounterDate, last.number, 1, None);
        }
    }

    /// Notes the numbers that lie between the last one and this.
    fn missing_before(&mut self, sequence: u64) {
        let last = self.last.map_or(0, |last| last.number.sequence);
        let missing = sequence.saturating_sub(last).saturating_sub(1);
        if missing > 0 {
            let number = InvoiceNumber {
                series: self.series,
                year: self.year,
                sequence: last.saturating_add(1),
            };
            self.find(Flaw::Gap, number, missing, None);
        }
    }

    fn find(&mut self, flaw: Flaw, number: InvoiceNumber, count: u64, invoice: Option<InvoiceId>) {
        let sum = self.flaws.entry(flaw.name().to_owned()).or_default();
        *sum = sum.saturating_add(count);
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding {
                flaw,
                number,
                count,
                invoice,
            });
        }
    }

    fn add(&mut self, invoice: &Invoice) -> Result<(), ArithmeticError> {
        let totals = &invoice.totals;
        let sums = self.totals.entry(totals.total.currency()).or_default();
        sums.net = plus(sums.net, totals.net.amount())?;
        sums.total = plus(sums.total, totals.total.amount())?;
        for rate in &totals.taxes {
            let (net, tax) = sums.rates.entry(rate.rate).or_default();
            *net = plus(*net, rate.base)?;
            *tax = plus(*tax, rate.tax)?;
        }
        Ok(())
    }
}

fn plus(sum: i64, amount: i64) -> Result<i64, ArithmeticError> {
    sum.checked_add(amount).ok_or(ArithmeticError::Overflow)
}
