//! VAT by rate, totals and payment (BG-23, BG-22, BG-16).

use super::xml::{Written, Xml, rate};
use crate::document::{Document, Kind};
use domain::invoice::issue_date;
use domain::locale::Locale;
use domain::money::Money;
use domain::vat::{RateTotal, VatCategory};

/// An online payment service (UNCL 4461).
const ONLINE_PAYMENT: &str = "68";

/// How the document is settled.
pub(super) fn settlement(xml: &mut Xml, document: &Document<'_>, vat: Money) -> Written {
    xml.group("ram:ApplicableHeaderTradeSettlement", |xml| {
        xml.text("ram:InvoiceCurrencyCode", document.currency().as_str())?;
        xml.group("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
            xml.text("ram:TypeCode", ONLINE_PAYMENT)
        })?;
        for group in &document.totals.taxes {
            breakdown(xml, document, group)?;
        }
        xml.group("ram:SpecifiedTradePaymentTerms", |xml| terms(xml, document))?;
        xml.group(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            |xml| totals(xml, document, vat),
        )?;
        match &document.kind {
            Kind::Invoice { .. } => Ok(()),
            Kind::CreditNote {
                corrects,
                issued_at,
            } => xml.group("ram:InvoiceReferencedDocument", |xml| {
                xml.text("ram:IssuerAssignedID", &corrects.to_string())?;
                xml.group("ram:FormattedIssueDateTime", |xml| {
                    xml.date("qdt", issue_date(*issued_at))
                })
            }),
        }
    })
}

/// VAT at one rate (BG-23), with the reason where there is none.
fn breakdown(xml: &mut Xml, document: &Document<'_>, group: &RateTotal) -> Written {
    let tax = document.tax;
    xml.group("ram:ApplicableTradeTax", |xml| {
        xml.amount("ram:CalculatedAmount", document.money(group.tax))?;
        xml.text("ram:TypeCode", "VAT")?;
        let exemption = exemption_code(tax.category);
        if exemption.is_some() {
            xml.text("ram:ExemptionReason", tax.reason.text(document.locale))?;
        }
        xml.amount("ram:BasisAmount", document.money(group.base))?;
        category(xml, tax.category, exemption, group.rate)
    })
}

/// Category, reason and rate. What is outside the scope of VAT has no rate,
/// not even zero (BR-O-05).
pub(super) fn category(
    xml: &mut Xml,
    category: VatCategory,
    exemption: Option<&str>,
    basis_points: u32,
) -> Written {
    xml.text("ram:CategoryCode", category.code())?;
    xml.optional("ram:ExemptionReasonCode", exemption)?;
    match category {
        VatCategory::Standard | VatCategory::ReverseCharge => {
            xml.text("ram:RateApplicablePercent", &rate(basis_points))
        }
        VatCategory::OutsideScope => Ok(()),
    }
}

/// Why there is no VAT, by the list of the Connecting Europe Facility.
fn exemption_code(category: VatCategory) -> Option<&'static str> {
    match category {
        VatCategory::Standard => None,
        VatCategory::ReverseCharge => Some("VATEX-EU-AE"),
        VatCategory::OutsideScope => Some("VATEX-EU-O"),
    }
}

fn terms(xml: &mut Xml, document: &Document<'_>) -> Written {
    let text = match (&document.kind, document.settled_at, document.locale) {
        (Kind::Invoice { .. }, None, Locale::Fr) => "Payable à réception",
        (Kind::Invoice { .. }, None, Locale::En) => "Payable on receipt",
        (Kind::Invoice { .. }, Some(_), Locale::Fr) => "Payé en ligne",
        (Kind::Invoice { .. }, Some(_), Locale::En) => "Paid online",
        (Kind::CreditNote { .. }, None, Locale::Fr) => "À rembourser",
        (Kind::CreditNote { .. }, None, Locale::En) => "To be refunded",
        (Kind::CreditNote { .. }, Some(_), Locale::Fr) => "Remboursé",
        (Kind::CreditNote { .. }, Some(_), Locale::En) => "Refunded",
    };
    xml.text("ram:Description", text)?;
    match document.kind {
        Kind::Invoice { due_at } => xml.group("ram:DueDateDateTime", |xml| {
            xml.date("udt", issue_date(due_at))
        }),
        Kind::CreditNote { .. } => Ok(()),
    }
}

/// The totals (BG-22). Discounts are of the lines, so that their sum is
/// already without them (BR-CO-10, BR-CO-13).
fn totals(xml: &mut Xml, document: &Document<'_>, vat: Money) -> Written {
    let totals = document.totals;
    let (paid, due) = document.paid_and_due();
    let currency = [("currencyID", document.currency().as_str())];
    xml.amount("ram:LineTotalAmount", totals.net)?;
    xml.amount("ram:TaxBasisTotalAmount", totals.net)?;
    xml.labelled("ram:TaxTotalAmount", &currency, &vat.plain())?;
    xml.amount("ram:GrandTotalAmount", totals.total)?;
    xml.amount("ram:TotalPrepaidAmount", paid)?;
    xml.amount("ram:DuePayableAmount", due)
}
