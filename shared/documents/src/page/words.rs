//! The words on a page, French and English.

use crate::document::{Document, Kind};
use domain::locale::Locale;

/// The labels of one language, and of one kind of document.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) number: &'static str,
    pub(super) billed_to: &'static str,
    pub(super) issued: &'static str,
    pub(super) due: &'static str,
    pub(super) settled: &'static str,
    pub(super) corrects: &'static str,
    pub(super) vat_number: &'static str,
    pub(super) designation: &'static str,
    pub(super) quantity: &'static str,
    pub(super) unit_price: &'static str,
    /// Instead of a price of one, where there is none.
    pub(super) tiers: &'static str,
    pub(super) discount: &'static str,
    pub(super) rate: &'static str,
    pub(super) net: &'static str,
    pub(super) base: &'static str,
    pub(super) vat: &'static str,
    pub(super) before_discount: &'static str,
    pub(super) total_net: &'static str,
    pub(super) total_vat: &'static str,
    pub(super) total: &'static str,
    pub(super) paid: &'static str,
    pub(super) left: &'static str,
}

const FRENCH: Words = Words {
    title: "Facture",
    number: "N°",
    billed_to: "Facturé à",
    issued: "Date d'émission",
    due: "Date d'échéance",
    settled: "Payée le",
    corrects: "Facture corrigée",
    vat_number: "N° de TVA",
    designation: "Désignation",
    quantity: "Quantité",
    unit_price: "Prix unitaire HT",
    tiers: "par paliers",
    discount: "Remise",
    rate: "TVA",
    net: "Montant HT",
    base: "Base HT",
    vat: "Montant de TVA",
    before_discount: "Total HT avant remises",
    total_net: "Total HT",
    total_vat: "Total TVA",
    total: "Total TTC",
    paid: "Déjà payé",
    left: "Reste à payer",
};

const FRENCH_CREDIT: Words = Words {
    title: "Avoir",
    tiers: "–",
    settled: "Remboursé le",
    paid: "Déjà remboursé",
    left: "Reste à rembourser",
    ..FRENCH
};

const ENGLISH: Words = Words {
    title: "Invoice",
    number: "No.",
    billed_to: "Billed to",
    issued: "Issue date",
    due: "Due date",
    settled: "Paid on",
    corrects: "Corrects invoice",
    vat_number: "VAT no.",
    designation: "Description",
    quantity: "Quantity",
    unit_price: "Unit price",
    tiers: "tiered",
    discount: "Discount",
    rate: "VAT",
    net: "Net amount",
    base: "Net base",
    vat: "VAT amount",
    before_discount: "Total before discounts",
    total_net: "Total excl. VAT",
    total_vat: "Total VAT",
    total: "Total incl. VAT",
    paid: "Paid",
    left: "Amount due",
};

const ENGLISH_CREDIT: Words = Words {
    title: "Credit note",
    tiers: "–",
    settled: "Refunded on",
    paid: "Refunded",
    left: "To be refunded",
    ..ENGLISH
};

/// The words of a document.
pub(super) fn words(document: &Document<'_>) -> &'static Words {
    match (&document.kind, document.locale) {
        (Kind::Invoice { .. }, Locale::Fr) => &FRENCH,
        (Kind::Invoice { .. }, Locale::En) => &ENGLISH,
        (Kind::CreditNote { .. }, Locale::Fr) => &FRENCH_CREDIT,
        (Kind::CreditNote { .. }, Locale::En) => &ENGLISH_CREDIT,
    }
}

/// From the first to the last day of service.
pub(super) fn service(start: &str, end: &str, locale: Locale) -> String {
    if start == end {
        return start.to_owned();
    }
    match locale {
        Locale::Fr => format!("Du {start} au {end}"),
        Locale::En => format!("{start} to {end}"),
    }
}
