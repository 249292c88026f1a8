//! Numbers of invoices and credit notes: each a series of its own for every
//! calendar year, without gaps.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The zone of issue dates and series years: the seller's.
const SELLER_ZONE: &str = "Europe/Paris";

/// What is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Series {
    /// Invoices.
    #[default]
    Invoice,
    /// Credit notes.
    CreditNote,
}

impl Series {
    /// The letter its numbers begin with: facture, avoir.
    pub fn letter(self) -> char {
        match self {
            Self::Invoice => 'F',
            Self::CreditNote => 'A',
        }
    }

    // What is left out in the table is an invoice's.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    fn is_invoice(&self) -> bool {
        match self {
            Self::Invoice => true,
            Self::CreditNote => false,
        }
    }
}

/// `F2026-000001`, `A2026-000001`: series by kind and calendar year of issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceNumber {
    /// Which series.
    #[serde(default, skip_serializing_if = "Series::is_invoice")]
    pub series: Series,
    /// Calendar year of issue.
    pub year: i16,
    /// 1, 2, 3 … without gaps.
    pub sequence: u64,
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.series.letter();
        write!(f, "{letter}{}-{:06}", self.year, self.sequence)
    }
}

/// The civil date, in the seller's zone, on which something issued now is
/// dated; its year names the series.
pub fn issue_date(now: Timestamp) -> Date {
    let zone = TimeZone::get(SELLER_ZONE).unwrap_or(TimeZone::UTC);
    zone.to_datetime(now).date()
}

/// The last number of a series and the day it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesCounter {
    /// Of what.
    #[serde(default, skip_serializing_if = "Series::is_invoice")]
    pub series: Series,
    /// Calendar year.
    pub year: i16,
    /// Last number given; 0 for none.
    pub last: u64,
    /// Day of the last number.
    pub last_date: Date,
    /// What was invoiced to consumers elsewhere in the Union, in cents without
    /// VAT (Directive 2006/112 art. 59c).
    #[serde(default)]
    pub cross_border: i64,
}

/// A number asked for a day before the last one given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number was already given on {0}")]
pub struct DateGoesBack(pub Date);

impl SeriesCounter {
    /// The series of this year before its first number.
    pub fn start(series: Series, date: Date) -> Self {
        Self {
            series,
            year: date.year(),
            last: 0,
            last_date: date,
            cross_border: 0,
        }
    }

    /// The series after another sale elsewhere in the Union, in cents.
    pub fn sold(self, cross_border: i64) -> Self {
        Self {
            cross_border: self.cross_border.saturating_add(cross_border),
            ..self
        }
    }

    /// Takes the next number.
    ///
    /// # Errors
    /// [`DateGoesBack`], since issue dates never decrease within a series.
    pub fn take(self, date: Date) -> Result<(Self, InvoiceNumber), DateGoesBack> {
        if date < self.last_date {
            return Err(DateGoesBack(self.last_date));
        }
        let sequence = self.last.saturating_add(1);
        let counter = Self {
            last: sequence,
            last_date: date,
            ..self
        };
        Ok((
            counter,
            InvoiceNumber {
                series: self.series,
                year: self.year,
                sequence,
            },
        ))
    }
}
