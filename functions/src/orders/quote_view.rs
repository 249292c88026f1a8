//! Quotes as JSON, with how each amount came about.

use super::views::TaxView;
use domain::locale::Locale;
use domain::money::Money;
use domain::offer::{Offer, Rule, Step};
use domain::tiers::{PriceError, PricePart};
use jiff::Timestamp;
use platform::http::views::{LineView, MoneyView};
use serde::Serialize;

/// What an order would come to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct QuoteView {
    /// What is to be bought, without VAT.
    pub lines: Vec<LineView>,
    /// Sum of the lines before discount, without VAT.
    pub subtotal: MoneyView,
    /// Discount.
    pub discount: MoneyView,
    /// VAT.
    pub tax: TaxView,
    /// What would be paid, VAT included.
    pub total: MoneyView,
    /// How each amount came about, in the order of the computation.
    pub explanation: Vec<StepView>,
    /// To be sent with the order: then it costs this or is refused.
    pub quote_token: String,
    /// When half an hour is over. It holds no price: the amounts are computed
    /// anew when the order is placed, and an order that comes to another price
    /// than this quote is refused with a new one, before this time and after.
    pub expires_at: String,
}

/// One step of a computation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct StepView {
    /// JSON pointer to the amount.
    pub path: String,
    /// `per_unit`, `graduated`, `volume`, `sum_of_lines`, `no_discount`, `tax`
    /// or `net_and_tax`.
    pub rule: &'static str,
    /// The amount.
    pub amount: MoneyView,
    /// Units charged alike, where the rule is a price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartView>,
    /// What a rate was taken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<MoneyView>,
    /// The rate, in basis points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// `half_away_from_zero`, where anything was rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<&'static str>,
    /// The step in words.
    pub text: String,
}

/// Units charged alike.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PartView {
    /// How many.
    pub units: u64,
    /// Price of one.
    pub unit_amount: MoneyView,
    /// Charged once beside them.
    pub flat_amount: MoneyView,
}

impl QuoteView {
    /// The quote of an offer.
    ///
    /// # Errors
    /// [`PriceError`] when an amount cannot be explained.
    pub fn of(
        offer: &Offer,
        token: String,
        ends: Timestamp,
        locale: Locale,
    ) -> Result<Self, PriceError> {
        let totals = &offer.totals;
        let steps = offer.explain()?;
        Ok(Self {
            lines: offer
                .lines
                .iter()
                .map(|line| LineView::of(line, locale))
                .collect(),
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            tax: TaxView::of(&offer.tax, totals.tax, locale),
            total: totals.total.into(),
            explanation: steps
                .into_iter()
                .map(|step| StepView::of(step, offer, locale))
                .collect(),
            quote_token: token,
            expires_at: ends.to_string(),
        })
    }
}

impl StepView {
    fn of(step: Step, offer: &Offer, locale: Locale) -> Self {
        let Step { path, amount, rule } = step;
        let mut view = Self {
            path,
            rule: name(&rule),
            amount: amount.into(),
            parts: Vec::new(),
            base: None,
            rate: None,
            rounding: None,
            text: text(&rule, amount, offer, locale),
        };
        match rule {
            Rule::Price { parts, .. } => {
                let money = |minor| Money::new(minor, amount.currency()).into();
                view.parts = parts
                    .iter()
                    .map(|part| PartView {
                        units: part.units,
                        unit_amount: money(part.unit_amount),
                        flat_amount: money(part.flat_amount),
                    })
                    .collect();
            }
            Rule::Tax { base } => {
                view.base = Some(base.into());
                view.rate = Some(offer.tax.rate_basis_points);
                view.rounding = Some("half_away_from_zero");
            }
            Rule::SumOfLines | Rule::NoDiscount | Rule::NetAndTax => {}
        }
        view
    }
}

fn name(rule: &Rule) -> &'static str {
    match rule {
        Rule::Price { mode, .. } => mode,
        Rule::SumOfLines => "sum_of_lines",
        Rule::NoDiscount => "no_discount",
        Rule::Tax { .. } => "tax",
        Rule::NetAndTax => "net_and_tax",
    }
}

fn text(rule: &Rule, amount: Money, offer: &Offer, locale: Locale) -> String {
    let amount_text = amount.format(locale);
    let said = |french: String, english: String| match locale {
        Locale::Fr => french,
        Locale::En => english,
    };
    match rule {
        Rule::Price { parts, .. } => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| in_words(part, amount, locale))
                .collect();
            format!("{} = {amount_text}", parts.join(" + "))
        }
        Rule::SumOfLines => said(
            format!("Somme des lignes hors taxes : {amount_text}"),
            format!("Sum of the lines without VAT: {amount_text}"),
        ),
        Rule::NoDiscount => said("Aucune remise".to_owned(), "No discount".to_owned()),
        Rule::Tax { base } => {
            let rate = crate::mails::words::percent(offer.tax.rate_basis_points, locale);
            let reason = offer.tax.reason.text(locale);
            let base = base.format(locale);
            said(
                format!(
                    "{rate} de {base} = {amount_text}, arrondi une fois au centime le plus proche. {reason}"
                ),
                format!(
                    "{rate} of {base} = {amount_text}, rounded once to the nearest cent. {reason}"
                ),
            )
        }
        Rule::NetAndTax => said(
            format!("Lignes après remise et TVA : {amount_text}"),
            format!("Lines after discount and VAT: {amount_text}"),
        ),
    }
}

/// `10 × €4.90`, with the fee of a tier where there is one.
fn in_words(part: &PricePart, amount: Money, locale: Locale) -> String {
    let money = |minor| Money::new(minor, amount.currency()).format(locale);
    let units = format!("{} × {}", part.units, money(part.unit_amount));
    match part.flat_amount {
        0 => units,
        fee => format!("{units} + {}", money(fee)),
    }
}
