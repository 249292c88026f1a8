//! Credit notes: what a refund takes back of an invoice.

use crate::id::{InvoiceId, RefundId};
use crate::invoice::{Invoice, InvoiceLine, InvoiceNumber, InvoiceTotals, issue_date};
use crate::ledger::{Posting, PostingError};
use crate::locale::Locale;
use crate::money::Money;
use crate::refund::{Refund, RefundReason};
use crate::rounding::ArithmeticError;
use crate::vat::RateTotal;
use crate::written::date;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a credit note corrects: an invoice by its number and date (CGI ann. II
/// 242 nonies A), and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: InvoiceNumber,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The refund that gave the money back.
    pub refund: RefundId,
    /// Why.
    pub reason: RefundReason,
}

impl Correction {
    /// What the credit note says of it: the invoice by number and date (CGI
    /// ann. II 242 nonies A), and the reason.
    pub fn mention(&self, locale: Locale) -> String {
        let date = date(issue_date(self.issued_at), locale);
        let (number, reason) = (self.number, self.reason.text(locale));
        match locale {
            Locale::Fr => format!("Avoir sur la facture {number} du {date}. Motif\u{a0}: {reason}"),
            Locale::En => format!("Credit note to invoice {number} of {date}. Reason: {reason}"),
        }
    }
}

/// An invoice a credit note cannot be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditNoteRefusal {
    /// It has no number to be named by.
    #[error("the invoice has no number")]
    NotNumbered,
    /// An amount is out of range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

impl Invoice {
    /// The credit note of a refund: the lines it takes something of, for the
    /// same periods, taxed as they were. It waits for its number.
    ///
    /// # Errors
    /// [`CreditNoteRefusal`] when the invoice has no number.
    pub fn credit_note(&self, refund: &Refund, now: Timestamp) -> Result<Self, CreditNoteRefusal> {
        let (number, issued_at) = self.issued().ok_or(CreditNoteRefusal::NotNumbered)?;
        let currency = refund.amount.currency();
        let parts = self.lines.iter().zip(&refund.nets);
        let lines: Vec<InvoiceLine> = parts
            .filter(|(_, net)| **net != 0)
            .map(|(line, net)| {
                let net = Money::new(*net, currency);
                InvoiceLine {
                    unit_price: None,
                    subtotal: net,
                    discount: Money::zero(currency),
                    total: net,
                    ..line.clone()
                }
            })
            .collect();
        let net = Money::sum(lines.iter().map(|line| line.total), currency)?;
        let total = net.checked_add(Money::new(refund.tax, currency))?;
        let taxes = vec![RateTotal {
            rate: self.tax.rate_basis_points,
            base: net.amount(),
            tax: refund.tax,
        }];
        let totals = InvoiceTotals {
            subtotal: net,
            discount: Money::zero(currency),
            net,
            taxes,
            total,
        };
        let correction = Correction {
            invoice: self.id,
            number,
            issued_at,
            refund: refund.id,
            reason: refund.reason,
        };
        let draft = Self {
            id: refund.credit_note,
            lines,
            totals,
            correction: Some(correction),
            created_at: now,
            ..self.clone()
        };
        Ok(draft.settled(now))
    }

    /// What is booked when it gets its number.
    ///
    /// # Errors
    /// [`PostingError`] when the totals do not add up.
    pub fn posting(&self) -> Result<Posting, PostingError> {
        let totals = &self.totals;
        let (net, taxes, total) = (totals.net, &totals.taxes, totals.total);
        match self.correction {
            Some(_) => Posting::credit_note(self.id, net, taxes, total),
            None => {
                let paid = matches!(self.ready_paid_at(), Some(Some(_)));
                Posting::invoice(self.id, net, taxes, total, paid)
            }
        }
    }
}
