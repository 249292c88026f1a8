//! What a document says, before it is drawn or written.

use domain::address::BillingAddress;
use domain::invoice::{Invoice, InvoiceLine, InvoiceNumber, InvoiceTotals, Seller, issue_date};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::vat::{TaxDecision, VatCategory};
use domain::vat_number::VatNumber;
use domain::written::date;
use jiff::Timestamp;
use jiff::civil::Date;

/// Which kind of document, and what is said only of that kind.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// An invoice.
    Invoice {
        /// When it is to be paid.
        due_at: Timestamp,
    },
    /// A credit note. Its amounts are positive, as EN 16931 wants them.
    CreditNote {
        /// The invoice it corrects.
        corrects: InvoiceNumber,
        /// When that was issued.
        issued_at: Timestamp,
    },
}

/// An issued invoice or credit note, as it is drawn and written.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    pub(crate) kind: Kind,
    /// As printed.
    pub(crate) number: InvoiceNumber,
    pub(crate) issued_at: Timestamp,
    /// When it was paid, or a credit note paid back; none while it is not.
    pub(crate) settled_at: Option<Timestamp>,
    pub(crate) seller: &'a Seller,
    pub(crate) buyer: &'a BillingAddress,
    pub(crate) lines: &'a [InvoiceLine],
    pub(crate) totals: &'a InvoiceTotals,
    pub(crate) tax: &'a TaxDecision,
    /// Language it is written in.
    pub(crate) locale: Locale,
    /// What the law wants said, the reason of the tax last.
    pub(crate) notes: Vec<String>,
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The buyer is to account for VAT and has no VAT number (EN 16931,
    /// BR-AE-02).
    #[error("the buyer accounts for VAT and has no VAT number")]
    NoBuyerNumber,
    /// The amounts do not add up.
    #[error("the amounts do not add up: {0}")]
    Amounts(#[from] domain::rounding::ArithmeticError),
    /// The XML cannot be written.
    #[error("the XML cannot be written: {0}")]
    Xml(String),
    /// The PDF cannot be written, or would be no PDF/A.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

impl From<std::io::Error> for DocumentError {
    fn from(error: std::io::Error) -> Self {
        Self::Xml(error.to_string())
    }
}

impl<'a> Document<'a> {
    /// The document of an issued invoice or credit note; none for a draft.
    pub fn of(invoice: &'a Invoice, buyer: &'a BillingAddress, seller: &'a Seller) -> Option<Self> {
        let (number, issued_at) = invoice.issued()?;
        let kind = match &invoice.correction {
            None => Kind::Invoice { due_at: issued_at },
            Some(correction) => Kind::CreditNote {
                corrects: correction.number,
                issued_at: correction.issued_at,
            },
        };
        Some(Self {
            kind,
            number,
            issued_at,
            settled_at: invoice.status.paid_at(),
            seller,
            buyer,
            lines: &invoice.lines,
            totals: &invoice.totals,
            tax: &invoice.tax,
            locale: invoice.locale,
            notes: invoice.mentions(),
        })
    }

    /// What it is saved as.
    pub fn file_name(&self) -> String {
        format!("{}.pdf", self.number)
    }

    pub(crate) fn currency(&self) -> Currency {
        self.totals.total.currency()
    }

    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency())
    }

    /// VAT in all.
    pub(crate) fn vat(&self) -> Result<Money, DocumentError> {
        Ok(self.totals.total.checked_sub(self.totals.net)?)
    }

    /// What was paid, and what is still to be paid.
    pub(crate) fn paid_and_due(&self) -> (Money, Money) {
        let (total, nothing) = (self.totals.total, Money::zero(self.currency()));
        match self.settled_at {
            Some(_) => (total, nothing),
            None => (nothing, total),
        }
    }

    /// The buyer's VAT number, where the address holds one of the Union; what
    /// else was typed there is printed and says nothing to machines.
    pub(crate) fn buyer_vat_number(&self) -> Option<VatNumber> {
        let typed = self.buyer.vat_number.as_ref()?;
        VatNumber::of(self.buyer.country, typed.as_str()).ok()
    }

    /// Who is billed: the company if there is one, and then the person.
    pub(crate) fn buyer_names(&self) -> (&str, Option<&str>) {
        let person = self.buyer.name.as_str();
        match &self.buyer.company {
            Some(company) => (company.as_str(), Some(person)),
            None => (person, None),
        }
    }

    /// The seller's form, capital and register (R123-237 C. com.).
    pub(crate) fn seller_identity(&self) -> String {
        let seller = self.seller;
        let joint = match self.locale {
            Locale::Fr => "au capital de",
            Locale::En => "with share capital of",
        };
        format!(
            "{} {joint} {}, RCS {}",
            seller.legal_form, seller.capital, seller.rcs
        )
    }

    /// # Errors
    /// [`DocumentError::NoBuyerNumber`].
    pub(crate) fn check(&self) -> Result<(), DocumentError> {
        match (self.tax.category, self.buyer_vat_number()) {
            (VatCategory::ReverseCharge, None) => Err(DocumentError::NoBuyerNumber),
            (VatCategory::ReverseCharge, Some(_))
            | (VatCategory::Standard | VatCategory::OutsideScope, _) => Ok(()),
        }
    }

    /// A day as the document's reader writes it.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        date(issue_date(at), self.locale)
    }
}

/// The days a line was sold for: from the first to that of the last instant,
/// since a period's end is the next one's beginning.
pub(crate) fn service_days(line: &InvoiceLine) -> (Date, Date) {
    let last = line
        .period_end
        .checked_sub(jiff::SignedDuration::from_nanos(1))
        .unwrap_or(line.period_end);
    let start = issue_date(line.period_start);
    (start, issue_date(last).max(start))
}
