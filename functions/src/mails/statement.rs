//! What was billed, as a mail shows it.

use super::letter::Addressee;
use super::words::{date, day, percent};
use domain::invoice::{Invoice, InvoiceLine, InvoiceNumber, Series, issue_date};
use domain::locale::Locale;
use domain::money::Money;
use jiff::Timestamp;
use serde::Serialize;

/// An invoice in the words of a mail.
#[derive(Serialize)]
pub(super) struct Statement {
    title: String,
    lines: Vec<Line>,
    sums: Vec<Sum>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    detail: String,
    period: String,
}

#[derive(Serialize)]
struct Sum {
    label: String,
    amount: String,
}

impl Statement {
    /// The invoice with this number and date.
    pub(super) fn of(
        invoice: &Invoice,
        number: InvoiceNumber,
        issued_at: Timestamp,
        to: &Addressee,
    ) -> Self {
        let issued = date(issue_date(issued_at), to.locale);
        let title = match (to.locale, number.series) {
            (Locale::Fr, Series::Invoice) => format!("Facture {number} du {issued}"),
            (Locale::En, Series::Invoice) => format!("Invoice {number} of {issued}"),
            (Locale::Fr, Series::CreditNote) => format!("Avoir {number} du {issued}"),
            (Locale::En, Series::CreditNote) => format!("Credit note {number} of {issued}"),
        };
        let lines = invoice
            .lines
            .iter()
            .map(|line| Line::of(line, to))
            .collect();
        Self {
            title,
            lines,
            sums: sums(invoice, to.locale),
        }
    }
}

impl Line {
    fn of(line: &InvoiceLine, to: &Addressee) -> Self {
        let (quantity, amount) = (line.quantity, line.subtotal.format(to.locale));
        let each = line.unit_price.map(|price| price.format(to.locale));
        let (start, end) = (
            day(line.period_start, &to.zone, to.locale),
            day(line.period_end, &to.zone, to.locale),
        );
        let (detail, period) = match to.locale {
            Locale::Fr => (
                match each {
                    Some(each) => format!("{quantity} × {each} = {amount} HT"),
                    None => format!("Quantité {quantity}\u{a0}: {amount} HT"),
                },
                format!("Du {start} au {end}"),
            ),
            Locale::En => (
                match each {
                    Some(each) => format!("{quantity} × {each} = {amount} excl. VAT"),
                    None => format!("Quantity {quantity}: {amount} excl. VAT"),
                },
                format!("From {start} to {end}"),
            ),
        };
        Self {
            name: line.name.get(to.locale).to_owned(),
            detail,
            period,
        }
    }
}

/// The sums of the invoice, the one to pay last.
fn sums(invoice: &Invoice, locale: Locale) -> Vec<Sum> {
    let totals = &invoice.totals;
    let currency = totals.total.currency();
    let label = |french: &str, english: &str| match locale {
        Locale::Fr => french.to_owned(),
        Locale::En => english.to_owned(),
    };
    let sum = |label: String, amount: Money| Sum {
        label,
        amount: amount.format(locale),
    };
    let mut sums = vec![sum(
        label("Sous-total HT", "Subtotal excl. VAT"),
        totals.subtotal,
    )];
    if !totals.discount.is_zero() {
        sums.push(sum(label("Remise", "Discount"), totals.discount));
    }
    sums.extend(totals.taxes.iter().map(|tax| {
        let rate = percent(tax.rate, locale);
        sum(
            label(&format!("TVA {rate}"), &format!("VAT {rate}")),
            Money::new(tax.tax, currency),
        )
    }));
    sums.push(sum(label("Total TTC", "Total incl. VAT"), totals.total));
    sums
}
