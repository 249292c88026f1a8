//! Value added tax on what the shop sells, services supplied electronically,
//! as a seller established in France only. To be checked by a lawyer.
//!
//! The first that fits decides:
//!
//! | the buyer is | taxed |
//! | --- | --- |
//! | outside the Union's VAT area | not at all (Directive 2006/112 art. 44, 59) |
//! | in France or Monaco, a business or not | in France (CGI 259) |
//! | a business elsewhere in the Union whose number is registered | by itself (art. 44, 196; CGI 283-2) |
//! | … whose number is not answered for yet, with good digits | so for now |
//! | anybody else in the Union, the seller above the threshold | there (art. 58) |
//! | … the seller below it | in France (art. 59c) |

mod places;
mod rates;
#[cfg(test)]
mod tests;

pub use crate::country::{CountryCode, UnknownCountry};
use crate::locale::Locale;
use crate::money::Money;
use crate::rounding::{ArithmeticError, BASIS_POINTS, mul_ratio};
use crate::vat_number::VatNumber;
use jiff::Timestamp;
use places::{Place, place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The zone of tax points: the seller's.
const SELLER_ZONE: &str = "Europe/Paris";

/// Who owes which tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    /// French VAT for a buyer in France.
    Domestic,
    /// French VAT for a buyer elsewhere.
    Origin,
    /// The buyer, a business, accounts for the tax.
    ReverseCharge,
    /// VAT of the buyer's country.
    Destination,
    /// No VAT of the Union.
    OutsideScope,
}

/// VAT category of EN 16931 (UNCL 5305).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VatCategory {
    /// `S`: taxed at a rate above zero.
    #[serde(rename = "S")]
    Standard,
    /// `AE`: reverse charge.
    #[serde(rename = "AE")]
    ReverseCharge,
    /// `O`: outside the scope of VAT.
    #[serde(rename = "O")]
    OutsideScope,
}

impl VatCategory {
    /// The code on the invoice.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::ReverseCharge => "AE",
            Self::OutsideScope => "O",
        }
    }
}

/// Why a sale is taxed as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxReason {
    /// The buyer is in metropolitan France or Monaco.
    FrenchVat,
    /// The buyer is in Guadeloupe, Martinique or La Réunion.
    FrenchVatOverseas,
    /// The buyer is outside the VAT area of the Union.
    OutsideUnion,
    /// The buyer is a business elsewhere in the Union, by its VAT number.
    BusinessInUnion,
    /// The buyer is elsewhere in the Union and pays the VAT of there.
    ConsumerInUnion,
    /// The buyer is elsewhere in the Union, and the seller sells too little
    /// there to tax it there.
    BelowThreshold,
}

impl TaxReason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FrenchVat => "french_vat",
            Self::FrenchVatOverseas => "french_vat_overseas",
            Self::OutsideUnion => "outside_union",
            Self::BusinessInUnion => "business_in_union",
            Self::ConsumerInUnion => "consumer_in_union",
            Self::BelowThreshold => "below_threshold",
        }
    }

    /// One sentence for the customer.
    pub const fn text(self, locale: Locale) -> &'static str {
        match (self, locale) {
            (Self::FrenchVat, Locale::Fr) => "TVA française au taux normal.",
            (Self::FrenchVat, Locale::En) => "French VAT at the standard rate.",
            (Self::FrenchVatOverseas, Locale::Fr) => {
                "TVA française au taux normal applicable en Guadeloupe, en Martinique et à La Réunion."
            }
            (Self::FrenchVatOverseas, Locale::En) => {
                "French VAT at the standard rate of Guadeloupe, Martinique and Réunion."
            }
            (Self::OutsideUnion, Locale::Fr) => {
                "TVA non applicable : preneur établi hors du territoire de TVA de l'Union européenne (art. 259, 1° du CGI)."
            }
            (Self::OutsideUnion, Locale::En) => {
                "No VAT: the customer is established outside the VAT area of the European Union (art. 259, 1° CGI)."
            }
            (Self::BusinessInUnion, Locale::Fr) => {
                "Autoliquidation : TVA due par le preneur (art. 283-2 du CGI, art. 196 de la directive 2006/112/CE)."
            }
            (Self::BusinessInUnion, Locale::En) => {
                "Reverse charge: VAT is due by the customer (art. 196 of Directive 2006/112/EC)."
            }
            (Self::ConsumerInUnion, Locale::Fr) => "TVA du pays du client au taux normal.",
            (Self::ConsumerInUnion, Locale::En) => {
                "VAT of the customer's country at the standard rate."
            }
            (Self::BelowThreshold, Locale::Fr) => {
                "TVA française au taux normal (art. 259 D du CGI : ventes à distance sous le seuil de 10 000 €)."
            }
            (Self::BelowThreshold, Locale::En) => {
                "French VAT at the standard rate (cross-border sales below EUR 10,000)."
            }
        }
    }
}

impl TaxReason {
    /// True for sales that count towards the threshold.
    pub const fn is_cross_border(self) -> bool {
        match self {
            Self::ConsumerInUnion | Self::BelowThreshold => true,
            Self::FrenchVat
            | Self::FrenchVatOverseas
            | Self::OutsideUnion
            | Self::BusinessInUnion => false,
        }
    }
}

/// True when tax depends on more than the address: on the buyer's number and
/// the seller's sales. So it does elsewhere in the Union alone.
pub fn needs_facts(country: CountryCode, postal_code: &str) -> bool {
    match place(country, postal_code) {
        Place::Union { .. } => true,
        Place::France | Place::Overseas | Place::Outside => false,
    }
}

/// True where no VAT of the Union is due, so that no number changes anything:
/// outside the Union, and in those parts of member states that its VAT leaves
/// out.
pub fn is_outside(country: CountryCode, postal_code: &str) -> bool {
    match place(country, postal_code) {
        Place::Outside => true,
        Place::France | Place::Overseas | Place::Union { .. } => false,
    }
}

/// How a sale is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDecision {
    /// Who owes which tax.
    pub treatment: TaxTreatment,
    /// Rate in basis points; 2000 is 20 %.
    pub rate_basis_points: u32,
    /// Category on the invoice.
    pub category: VatCategory,
    /// True when a later answer of a tax office may correct the decision.
    pub provisional: bool,
    /// Why.
    pub reason: TaxReason,
}

/// What a register (VIES) says of a VAT number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// It is registered.
    Valid,
    /// It is not.
    Invalid,
    /// Nobody answered yet. This is never an answer.
    Pending,
}

/// What tax depends on about the buyer.
#[derive(Debug, Clone, Copy)]
pub struct Buyer<'a> {
    /// Country of the billing address.
    pub country: CountryCode,
    /// Postal code of the billing address, as typed.
    pub postal_code: &'a str,
    /// The number of a business, and whether it is registered.
    pub number: Option<(&'a VatNumber, Registration)>,
}

/// What tax depends on about the seller: sales to buyers elsewhere in the
/// Union who account for no VAT themselves, in cents without VAT. Dollars count
/// as euros: while they are worth less, the threshold comes early, never late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrossBorderSales {
    /// True when they are declared in the one-stop shop.
    pub one_stop_shop: bool,
    /// Of the calendar year before.
    pub year_before: i64,
    /// Of this calendar year.
    pub this_year: i64,
}

/// EUR 10,000 in cents (Directive 2006/112 art. 59c).
pub const THRESHOLD: i64 = 1_000_000;

impl CrossBorderSales {
    /// The sales with one more.
    pub fn with(self, net: Money) -> Self {
        Self {
            this_year: self.this_year.saturating_add(net.amount()),
            ..self
        }
    }

    /// True when such sales are taxed where the buyer is. The sale that
    /// crosses the threshold is.
    pub fn are_taxed_there(&self) -> bool {
        self.one_stop_shop || self.is_above_threshold()
    }

    /// True when the seller has to declare VAT elsewhere.
    pub fn is_above_threshold(&self) -> bool {
        self.year_before > THRESHOLD || self.this_year > THRESHOLD
    }
}

/// How a sale to this buyer is taxed at this tax point: the start of a period
/// billed in advance, read as a date in Paris. `sales` include it.
pub fn decide(buyer: &Buyer<'_>, sales: &CrossBorderSales, tax_point: Timestamp) -> TaxDecision {
    let date = crate::anchor::Zone::or_utc(SELLER_ZONE)
        .local(tax_point)
        .date();
    let french = rates::standard(CountryCode::FR, date).unwrap_or_default();
    let taxed = |treatment, rate_basis_points, reason| TaxDecision {
        treatment,
        rate_basis_points,
        category: VatCategory::Standard,
        provisional: false,
        reason,
    };
    match place(buyer.country, buyer.postal_code) {
        Place::France => taxed(TaxTreatment::Domestic, french, TaxReason::FrenchVat),
        Place::Overseas => taxed(
            TaxTreatment::Domestic,
            rates::OVERSEAS,
            TaxReason::FrenchVatOverseas,
        ),
        Place::Outside => TaxDecision {
            category: VatCategory::OutsideScope,
            ..taxed(TaxTreatment::OutsideScope, 0, TaxReason::OutsideUnion)
        },
        Place::Union { own_rate } => match standing(buyer) {
            Standing::Business { provisional } => TaxDecision {
                category: VatCategory::ReverseCharge,
                provisional,
                ..taxed(TaxTreatment::ReverseCharge, 0, TaxReason::BusinessInUnion)
            },
            Standing::Consumer { provisional } if sales.are_taxed_there() => {
                let there = own_rate.or_else(|| rates::standard(buyer.country, date));
                let reason = TaxReason::ConsumerInUnion;
                TaxDecision {
                    provisional,
                    ..taxed(TaxTreatment::Destination, there.unwrap_or(french), reason)
                }
            }
            Standing::Consumer { provisional } => TaxDecision {
                provisional,
                ..taxed(TaxTreatment::Origin, french, TaxReason::BelowThreshold)
            },
        },
    }
}

/// Who a buyer elsewhere in the Union is taken for, and whether an answer of
/// the register may still change that.
enum Standing {
    Business { provisional: bool },
    Consumer { provisional: bool },
}

/// A number of another country than the billing address is none.
fn standing(buyer: &Buyer<'_>) -> Standing {
    let number = buyer
        .number
        .filter(|(number, _)| number.is_of(buyer.country));
    match number {
        None | Some((_, Registration::Invalid)) => Standing::Consumer { provisional: false },
        Some((_, Registration::Valid)) => Standing::Business { provisional: false },
        Some((number, Registration::Pending)) if number.has_good_digits() => {
            Standing::Business { provisional: true }
        }
        Some((_, Registration::Pending)) => Standing::Consumer { provisional: true },
    }
}

/// VAT on a base in minor units, rounded once, half away from zero.
///
/// # Errors
/// [`ArithmeticError::Overflow`].
pub fn vat_on(base_total: i64, rate_basis_points: u32) -> Result<i64, ArithmeticError> {
    mul_ratio(base_total, i64::from(rate_basis_points), BASIS_POINTS)
}

/// VAT of one rate on one document, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTotal {
    /// Rate in basis points.
    pub rate: u32,
    /// Sum of the lines at this rate, without VAT.
    pub base: i64,
    /// VAT on that sum.
    pub tax: i64,
}

/// VAT of a document from its lines `(net in minor units, rate in basis
/// points)`, by rising rate: rounded once for each rate, never for a line, with
/// negative lines in their group. (EN 16931, BR-CO-17.)
///
/// # Errors
/// [`ArithmeticError::Overflow`].
pub fn tax_by_rate(lines: &[(i64, u32)]) -> Result<Vec<RateTotal>, ArithmeticError> {
    let mut bases = BTreeMap::<u32, i64>::new();
    for (net, rate) in lines {
        let base = bases.entry(*rate).or_default();
        *base = base.checked_add(*net).ok_or(ArithmeticError::Overflow)?;
    }
    bases
        .into_iter()
        .map(|(rate, base)| {
            Ok(RateTotal {
                rate,
                base,
                tax: vat_on(base, rate)?,
            })
        })
        .collect()
}
