//! Seller and buyer (BG-4, BG-7).

use super::xml::{Written, Xml};
use crate::document::Document;
use domain::vat::VatCategory;

/// SIREN, in the list of identifier schemes (ISO/IEC 6523).
const SIREN: [(&str, &str); 1] = [("schemeID", "0002")];

/// Who sells what to whom.
pub(super) fn agreement(xml: &mut Xml, document: &Document<'_>) -> Written {
    xml.group("ram:ApplicableHeaderTradeAgreement", |xml| {
        xml.group("ram:SellerTradeParty", |xml| seller(xml, document))?;
        xml.group("ram:BuyerTradeParty", |xml| buyer(xml, document))
    })
}

/// An invoice outside the scope of VAT must name no VAT number (BR-O-02): its
/// SIREN tells who sells then, and the numbers stay on the page.
fn shows_vat_numbers(document: &Document<'_>) -> bool {
    match document.tax.category {
        VatCategory::Standard | VatCategory::ReverseCharge => true,
        VatCategory::OutsideScope => false,
    }
}

fn seller(xml: &mut Xml, document: &Document<'_>) -> Written {
    let seller = document.seller;
    xml.text("ram:Name", &seller.name)?;
    xml.text("ram:Description", &document.seller_identity())?;
    xml.group("ram:SpecifiedLegalOrganization", |xml| {
        xml.labelled("ram:ID", &SIREN, &without_blanks(&seller.siren))
    })?;
    address(
        xml,
        &Address {
            postal_code: &seller.postal_code,
            line1: &seller.line1,
            line2: None,
            city: &seller.city,
            country: &seller.country,
            region: None,
        },
    )?;
    if shows_vat_numbers(document) {
        vat_number(xml, &without_blanks(&seller.vat_number))?;
    }
    Ok(())
}

fn buyer(xml: &mut Xml, document: &Document<'_>) -> Written {
    let buyer = document.buyer;
    let (name, person) = document.buyer_names();
    xml.text("ram:Name", name)?;
    if let Some(person) = person {
        xml.group("ram:DefinedTradeContact", |xml| {
            xml.text("ram:PersonName", person)
        })?;
    }
    address(
        xml,
        &Address {
            postal_code: buyer.postal_code.as_str(),
            line1: buyer.line1.as_str(),
            line2: buyer.line2.as_ref().map(|line| line.as_str()),
            city: buyer.city.as_str(),
            country: buyer.country.as_str(),
            region: buyer.region.as_ref().map(|line| line.as_str()),
        },
    )?;
    match document.buyer_vat_number() {
        Some(number) if shows_vat_numbers(document) => vat_number(xml, number.as_str()),
        Some(_) | None => Ok(()),
    }
}

struct Address<'a> {
    postal_code: &'a str,
    line1: &'a str,
    line2: Option<&'a str>,
    city: &'a str,
    country: &'a str,
    region: Option<&'a str>,
}

fn address(xml: &mut Xml, address: &Address<'_>) -> Written {
    xml.group("ram:PostalTradeAddress", |xml| {
        xml.text("ram:PostcodeCode", address.postal_code)?;
        xml.text("ram:LineOne", address.line1)?;
        xml.optional("ram:LineTwo", address.line2)?;
        xml.text("ram:CityName", address.city)?;
        xml.text("ram:CountryID", address.country)?;
        xml.optional("ram:CountrySubDivisionName", address.region)
    })
}

fn vat_number(xml: &mut Xml, number: &str) -> Written {
    xml.group("ram:SpecifiedTaxRegistration", |xml| {
        xml.labelled("ram:ID", &[("schemeID", "VA")], number)
    })
}

/// Numbers are configured as people write them.
fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
