//! The lines (BG-25).

use super::settlement::category;
use super::xml::{Written, Xml};
use crate::document::{Document, service_days};
use domain::invoice::InvoiceLine;
use domain::locale::Locale;

/// Pieces, seats, licences: "one" (UN/ECE Recommendation 20).
const UNIT: [(&str, &str); 1] = [("unitCode", "C62")];

/// One line.
pub(super) fn line(
    xml: &mut Xml,
    document: &Document<'_>,
    place: usize,
    line: &InvoiceLine,
) -> Written {
    xml.group("ram:IncludedSupplyChainTradeLineItem", |xml| {
        xml.group("ram:AssociatedDocumentLineDocument", |xml| {
            xml.text("ram:LineID", &place.to_string())
        })?;
        xml.group("ram:SpecifiedTradeProduct", |xml| {
            xml.text("ram:SellerAssignedID", &line.plan.to_string())?;
            xml.text("ram:Name", line.name.get(document.locale))
        })?;
        xml.group("ram:SpecifiedLineTradeAgreement", |xml| price(xml, line))?;
        xml.group("ram:SpecifiedLineTradeDelivery", |xml| {
            xml.labelled("ram:BilledQuantity", &UNIT, &line.quantity.to_string())
        })?;
        xml.group("ram:SpecifiedLineTradeSettlement", |xml| {
            settlement(xml, document, line)
        })
    })
}

/// The price (BG-29). Where no single price gives the amount, as with tiers,
/// it is the amount for that many (BT-149), which is exact.
fn price(xml: &mut Xml, line: &InvoiceLine) -> Written {
    let single = line
        .unit_price
        .filter(|price| price.checked_mul(line.quantity) == Ok(line.subtotal));
    xml.group("ram:NetPriceProductTradePrice", |xml| {
        xml.amount("ram:ChargeAmount", single.unwrap_or(line.subtotal))?;
        match single {
            Some(_) => Ok(()),
            None => xml.labelled("ram:BasisQuantity", &UNIT, &line.quantity.to_string()),
        }
    })
}

fn settlement(xml: &mut Xml, document: &Document<'_>, line: &InvoiceLine) -> Written {
    xml.group("ram:ApplicableTradeTax", |xml| {
        xml.text("ram:TypeCode", "VAT")?;
        category(
            xml,
            document.tax.category,
            None,
            document.tax.rate_basis_points,
        )
    })?;
    let (start, end) = service_days(line);
    xml.group("ram:BillingSpecifiedPeriod", |xml| {
        xml.group("ram:StartDateTime", |xml| xml.date("udt", start))?;
        xml.group("ram:EndDateTime", |xml| xml.date("udt", end))
    })?;
    if !line.discount.is_zero() {
        allowance(xml, document.locale, line)?;
    }
    xml.group("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
        xml.amount("ram:LineTotalAmount", line.total)
    })
}

/// The discount of a line (BG-27).
fn allowance(xml: &mut Xml, locale: Locale, line: &InvoiceLine) -> Written {
    xml.group("ram:SpecifiedTradeAllowanceCharge", |xml| {
        xml.group("ram:ChargeIndicator", |xml| {
            xml.text("udt:Indicator", "false")
        })?;
        xml.amount("ram:BasisAmount", line.subtotal)?;
        xml.amount("ram:ActualAmount", line.discount)?;
        xml.text("ram:ReasonCode", "95")?;
        xml.text(
            "ram:Reason",
            match locale {
                Locale::Fr => "Remise",
                Locale::En => "Discount",
            },
        )
    })
}
