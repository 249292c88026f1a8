//! The document for machines: a Cross Industry Invoice (UN/CEFACT D22B) within
//! the core of EN 16931. The names in brackets are the standard's: BT a term,
//! BG a group.

mod lines;
mod parties;
mod settlement;
#[cfg(test)]
mod tests;
mod xml;

use crate::document::{Document, DocumentError, Kind};
use domain::invoice::issue_date;
use xml::{Written, Xml};

/// The name of the profile (BT-24).
const PROFILE: &str = "urn:cen.eu:en16931:2017";

const NAMESPACES: [(&str, &str); 5] = [
    (
        "xmlns:rsm",
        "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    ),
    (
        "xmlns:ram",
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    ),
    (
        "xmlns:udt",
        "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    ),
    (
        "xmlns:qdt",
        "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    ),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

/// The document as `factur-x.xml`.
///
/// # Errors
/// [`DocumentError`] when it would not be an invoice by EN 16931.
pub fn cii(document: &Document<'_>) -> Result<String, DocumentError> {
    document.check()?;
    let vat = document.vat()?;
    let mut xml = Xml::start()?;
    xml.with(
        "rsm:CrossIndustryInvoice",
        &NAMESPACES,
        |xml: &mut Xml| -> Written {
            context(xml)?;
            header(xml, document)?;
            xml.group("rsm:SupplyChainTradeTransaction", |xml| {
                for (place, line) in (1_usize..).zip(document.lines) {
                    lines::line(xml, document, place, line)?;
                }
                parties::agreement(xml, document)?;
                xml.empty("ram:ApplicableHeaderTradeDelivery")?;
                settlement::settlement(xml, document, vat)
            })
        },
    )?;
    xml.finish()
}

/// The business process (BT-23) as French platforms name it: an invoice for
/// services.
fn context(xml: &mut Xml) -> Written {
    xml.group("rsm:ExchangedDocumentContext", |xml| {
        xml.group(
            "ram:BusinessProcessSpecifiedDocumentContextParameter",
            |xml| xml.text("ram:ID", "S1"),
        )?;
        xml.group("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
            xml.text("ram:ID", PROFILE)
        })
    })
}

fn header(xml: &mut Xml, document: &Document<'_>) -> Written {
    let code = match document.kind {
        Kind::Invoice { .. } => "380",
        Kind::CreditNote { .. } => "381",
    };
    xml.group("rsm:ExchangedDocument", |xml| {
        xml.text("ram:ID", &document.number.to_string())?;
        xml.text("ram:TypeCode", code)?;
        xml.group("ram:IssueDateTime", |xml| {
            xml.date("udt", issue_date(document.issued_at))
        })?;
        for note in &document.notes {
            xml.group("ram:IncludedNote", |xml| xml.text("ram:Content", note))?;
        }
        Ok(())
    })
}
