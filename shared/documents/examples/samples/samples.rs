//! Documents of every kind, of nobody real.

use documents::Document;
use domain::address::BillingAddress;
use domain::id::{AccountId, Id as _, InvoiceId, OrderId, PaymentId, PlanId, RefundId};
use domain::invoice::{
    Correction, Invoice, InvoiceLine, InvoiceNumber, InvoiceStatus, InvoiceTotals, Seller, Series,
};
use domain::locale::Locale;
use domain::localized::Localized;
use domain::money::{Currency, Money};
use domain::payment::Purpose;
use domain::refund::RefundReason;
use domain::sealed::Sealed;
use domain::vat::{Buyer, CrossBorderSales, Registration, decide};
use domain::vat_number::VatNumber;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::error::Error;

/// An issued document with all it needs.
pub(crate) struct Sample {
    /// Its file's name.
    pub(crate) name: &'static str,
    /// The invoice or credit note.
    pub(crate) invoice: Invoice,
    /// Who sells.
    pub(crate) seller: Seller,
    /// Who is billed.
    pub(crate) buyer: BillingAddress,
}

impl Sample {
    /// The document, unless the sample has become a draft.
    pub(crate) fn document(&self) -> Option<Document<'_>> {
        Document::of(&self.invoice, &self.buyer, &self.seller)
    }

    /// The sample, numbered and not paid.
    pub(crate) fn open(mut self) -> Self {
        if let Some((number, issued_at)) = self.invoice.issued() {
            self.invoice.status = InvoiceStatus::Open { number, issued_at };
        }
        self
    }

    /// The credit note that takes this share of each line back.
    fn credit_note(self, reason: RefundReason, percent: i64) -> Result<Self, Box<dyn Error>> {
        let (corrects, issued_at) = self.invoice.issued().ok_or("a draft")?;
        let mut invoice = self.invoice;
        for line in &mut invoice.lines {
            let net = Money::new(line.total.amount() * percent / 100, line.total.currency());
            line.unit_price = None;
            line.subtotal = net;
            line.total = net;
        }
        invoice.totals = InvoiceTotals::of(&invoice.lines, &invoice.tax, Currency::EUR)?;
        invoice.correction = Some(Correction {
            invoice: invoice.id,
            number: corrects,
            issued_at,
            refund: RefundId::from_bits(1),
            reason,
        });
        let at: Timestamp = "2026-02-12T10:00:00Z".parse()?;
        invoice.status = InvoiceStatus::Paid {
            number: InvoiceNumber {
                series: Series::CreditNote,
                ..corrects
            },
            issued_at: at,
            paid_at: at,
        };
        Ok(Self { invoice, ..self })
    }

    /// Texts that must be read in it.
    pub(crate) fn shown(&self) -> Vec<String> {
        let (invoice, locale) = (&self.invoice, self.invoice.locale);
        let mut shown = vec![
            self.seller.name.clone(),
            self.seller.siren.clone(),
            self.seller.vat_number.clone(),
            self.buyer.name.as_str().to_owned(),
            self.buyer.line1.as_str().to_owned(),
            invoice.totals.net.format(locale),
            invoice.totals.total.format(locale),
        ];
        shown.extend(invoice.issued().map(|(number, _)| number.to_string()));
        shown.extend(invoice.correction.as_ref().map(|it| it.number.to_string()));
        shown.extend(invoice.mentions());
        for line in &invoice.lines {
            shown.push(line.name.get(locale).to_owned());
            shown.push(line.total.format(locale));
            shown.extend(line.unit_price.map(|price| price.format(locale)));
        }
        shown
    }
}

/// Who sells.
pub(crate) fn seller() -> Seller {
    Seller {
        name: "CYNA Démonstration".to_owned(),
        legal_form: "SAS".to_owned(),
        capital: "10 000 €".to_owned(),
        siren: "000 000 000".to_owned(),
        rcs: "Paris".to_owned(),
        vat_number: "FR00000000000".to_owned(),
        line1: "1 rue de l'Exemple".to_owned(),
        postal_code: "75001".to_owned(),
        city: "Paris".to_owned(),
        country: "FR".to_owned(),
    }
}

fn line(
    place: u32,
    name: (&str, &str),
    quantity: u64,
    price: i64,
    discount: i64,
) -> Result<InvoiceLine, Box<dyn Error>> {
    let euros = |amount| Money::new(amount, Currency::EUR);
    let subtotal = euros(price).checked_mul(quantity)?;
    Ok(InvoiceLine {
        plan: PlanId::from_bits(u128::from(place)),
        product_slug: format!("product-{place}"),
        name: Localized {
            fr: name.0.to_owned(),
            en: name.1.to_owned(),
        },
        quantity,
        unit_price: Some(euros(price)),
        subtotal,
        discount: euros(discount),
        total: subtotal.checked_sub(euros(discount))?,
        period_start: "2026-01-31T09:00:01Z".parse()?,
        period_end: "2026-02-28T09:00:01Z".parse()?,
    })
}

fn tiered(line: InvoiceLine, subtotal: i64) -> Result<InvoiceLine, Box<dyn Error>> {
    let subtotal = Money::new(subtotal, line.subtotal.currency());
    Ok(InvoiceLine {
        unit_price: None,
        subtotal,
        total: subtotal.checked_sub(line.discount)?,
        ..line
    })
}

fn sample(
    name: &'static str,
    locale: Locale,
    buyer: Value,
    lines: Vec<InvoiceLine>,
    sales: CrossBorderSales,
) -> Result<Sample, Box<dyn Error>> {
    let issued_at: Timestamp = "2026-01-31T23:30:00Z".parse()?;
    let buyer: BillingAddress = serde_json::from_value(buyer)?;
    let number = buyer
        .vat_number
        .as_ref()
        .and_then(|typed| VatNumber::of(buyer.country, typed.as_str()).ok());
    let tax = decide(
        &Buyer {
            country: buyer.country,
            postal_code: buyer.postal_code.as_str(),
            number: number.as_ref().map(|number| (number, Registration::Valid)),
        },
        &sales,
        issued_at,
    );
    let totals = InvoiceTotals::of(&lines, &tax, Currency::EUR)?;
    let status = InvoiceStatus::Paid {
        number: InvoiceNumber {
            series: Series::Invoice,
            year: 2026,
            sequence: 1,
        },
        issued_at,
        paid_at: issued_at,
    };
    Ok(Sample {
        name,
        invoice: Invoice {
            id: InvoiceId::from_bits(1),
            account: AccountId::from_bits(1),
            status,
            payment: PaymentId::from_bits(1),
            purpose: Purpose::Order {
                order: OrderId::from_bits(1),
            },
            buyer: Sealed::from_base64(String::new()),
            lines,
            totals,
            tax,
            correction: None,
            locale,
            created_at: issued_at,
            finalise_at: None,
        },
        seller: seller(),
        buyer,
    })
}

const SOC: (&str, &str) = ("SOC managé, formule Premium", "Managed SOC, Premium plan");
const EDR: (&str, &str) = ("EDR, par poste protégé", "EDR, per protected endpoint");

/// A buyer in each corner of the world.
struct Buyers {
    french: Value,
    german: Value,
    greek: Value,
    american: Value,
}

fn buyers() -> Buyers {
    Buyers {
        french: json!({
            "name": "Zoé Lefèvre-Œuvrard", "company": "Ateliers Čapek & Fils <SARL>",
            "line1": "12 rue de l'Église", "line2": "Bâtiment C", "postal_code": "69003",
            "city": "Lyon", "country": "FR", "vat_number": "FR40303265045",
        }),
        german: json!({
            "name": "Jürgen Groß", "company": "Größenwahn GmbH", "line1": "Straße des 17. Juni 1",
            "postal_code": "10623", "city": "Berlin", "country": "DE", "vat_number": "DE136695976",
        }),
        greek: json!({
            "name": "Αθηνά Παπαδοπούλου", "line1": "Ερμού 1", "postal_code": "105 63",
            "city": "Αθήνα", "region": "Αττική", "country": "GR",
        }),
        american: json!({
            "name": "Ada Lovelace", "company": "Analytical Engines Inc.", "line1": "1 Main Street",
            "postal_code": "94105", "city": "San Francisco", "region": "California",
            "country": "US", "vat_number": "12-3456789",
        }),
    }
}

fn two() -> Result<Vec<InvoiceLine>, Box<dyn Error>> {
    Ok(vec![line(1, SOC, 1, 49_900, 0)?, line(2, EDR, 25, 599, 0)?])
}

/// One document of every kind.
///
/// # Errors
/// When a sample is written wrongly.
pub(crate) fn samples() -> Result<Vec<Sample>, Box<dyn Error>> {
    let Buyers {
        french,
        german,
        greek,
        american,
    } = buyers();
    let (fr, en, here) = (Locale::Fr, Locale::En, CrossBorderSales::default());
    let there = CrossBorderSales {
        one_stop_shop: true,
        ..here
    };
    let tiers = vec![
        tiered(line(1, EDR, 1_250, 0, 12_345)?, 6_543_217)?,
        line(2, SOC, 3, 123_456_789, 1_000_000)?,
    ];
    let american_too = american.clone();
    let penny = vec![line(1, SOC, 1, 1, 0)?];
    Ok(vec![
        sample("domestic_paid", fr, french.clone(), two()?, here)?,
        sample("domestic_open", en, french.clone(), two()?, here)?.open(),
        sample("twenty_lines", fr, french.clone(), twenty()?, here)?,
        sample("reverse_charge", en, german.clone(), two()?, here)?,
        sample("reverse_charge_french", fr, german, two()?, here)?,
        sample("outside_scope", en, american.clone(), two()?, here)?,
        sample("outside_scope_french", fr, american, two()?, here)?,
        sample("destination", en, greek.clone(), two()?, there)?,
        sample("origin", fr, greek, two()?, here)?,
        sample("tiers_and_discount", fr, french.clone(), tiers, here)?,
        sample("credit_note", fr, french.clone(), two()?, here)?
            .credit_note(RefundReason::RequestedByCustomer, 100)?,
        sample("credit_note_part", en, french, two()?, here)?
            .credit_note(RefundReason::ServiceIssue, 33)?,
        sample("credit_note_outside_scope", en, american_too, two()?, here)?
            .credit_note(RefundReason::Goodwill, 100)?,
        sample("long_names", en, long(), penny, here)?,
    ])
}

fn twenty() -> Result<Vec<InvoiceLine>, Box<dyn Error>> {
    (1..=20_u32)
        .map(|place| {
            let name = format!(
                "Service {place} de surveillance, de détection et de réponse aux incidents, avec astreinte de nuit et rapport mensuel"
            );
            line(place, (&name, &name), u64::from(place), 123_456, i64::from(place) * 100)
        })
        .collect()
}

/// An address whose every field is as long as can be.
fn long() -> Value {
    json!({
        "name": "N".repeat(200), "company": "Company ".repeat(24), "line1": "Street ".repeat(28),
        "line2": "x".repeat(200), "postal_code": "9".repeat(5), "city": "Llanfair ".repeat(10),
        "region": "Region ".repeat(14), "country": "FR",
    })
}
