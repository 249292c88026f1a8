//! JSON that several operations answer with.

use domain::catalogue::{Plan, Price};
use domain::interval::{Interval, IntervalUnit};
use domain::locale::Locale;
use domain::money::Money;
use domain::order::OrderLine;
use domain::tiers::{PriceScheme, Tier};
use serde::Serialize;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct MoneyView {
    /// Minor units of the currency.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount(),
            currency: money.currency().as_str(),
        }
    }
}

/// The length of a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct IntervalView {
    /// `day`, `week`, `month` or `year`.
    pub unit: &'static str,
    /// How many of them.
    pub count: u16,
}

impl From<Interval> for IntervalView {
    fn from(interval: Interval) -> Self {
        let unit = match interval.unit() {
            IntervalUnit::Day => "day",
            IntervalUnit::Week => "week",
            IntervalUnit::Month => "month",
            IntervalUnit::Year => "year",
        };
        Self {
            unit,
            count: interval.count(),
        }
    }
}

/// One step of a tiered price, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TierView {
    /// Last quantity of the tier; null for no end.
    pub up_to: Option<u64>,
    /// Price of one unit.
    pub unit_amount: i64,
    /// Charged once when the tier is reached.
    pub flat_amount: i64,
}

impl From<&Tier> for TierView {
    fn from(tier: &Tier) -> Self {
        Self {
            up_to: tier.up_to,
            unit_amount: tier.unit_amount,
            flat_amount: tier.flat_amount,
        }
    }
}

/// The price of a plan in one currency, without VAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PriceView {
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Minor units: the price of one unit, or with tiers what the plan's
    /// smallest quantity costs.
    pub amount: i64,
    /// `per_unit`, `graduated` or `volume`.
    pub mode: &'static str,
    /// The tiers, where the price has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<TierView>>,
}

impl PriceView {
    /// The price as it is shown; none when not even the smallest quantity has
    /// one, since then nothing is offered in that currency.
    fn of(price: &Price, min_quantity: u64) -> Option<Self> {
        let (mode, amount, tiers) = match &price.scheme {
            PriceScheme::PerUnit { unit_amount } => ("per_unit", Some(*unit_amount), None),
            PriceScheme::Graduated(tiers) => (
                "graduated",
                price.scheme.total(min_quantity).ok(),
                Some(tiers),
            ),
            PriceScheme::Volume(tiers) => {
                ("volume", price.scheme.total(min_quantity).ok(), Some(tiers))
            }
        };
        Some(Self {
            currency: price.currency.as_str(),
            amount: amount?,
            mode,
            tiers: tiers.map(|tiers| tiers.iter().map(TierView::from).collect()),
        })
    }
}

/// One way to buy a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PlanView {
    /// Its id.
    pub id: String,
    /// Its code, unique in the product.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Length of a billing period.
    pub interval: IntervalView,
    /// What is counted.
    pub unit_label: String,
    /// One price per currency, without VAT.
    pub prices: Vec<PriceView>,
    /// Days before the first charge; 0 for none.
    pub trial_days: u16,
    /// Smallest quantity sold.
    pub min_quantity: u64,
    /// Largest quantity sold.
    pub max_quantity: u64,
}

impl PlanView {
    /// The plan in a language.
    pub fn of(plan: &Plan, locale: Locale) -> Self {
        Self {
            id: plan.id.to_string(),
            code: plan.code.clone(),
            name: plan.name.get(locale).to_owned(),
            interval: plan.interval.into(),
            unit_label: plan.unit_label.get(locale).to_owned(),
            prices: plan
                .prices
                .iter()
                .filter_map(|price| PriceView::of(price, plan.min_quantity))
                .collect(),
            trial_days: plan.trial_days,
            min_quantity: plan.min_quantity,
            max_quantity: plan.max_quantity,
        }
    }
}

/// One line of a cart, quote or order. Amounts are without VAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LineView {
    /// The plan.
    pub plan_id: String,
    /// The slug of its product.
    pub product_slug: String,
    /// Product and plan by name.
    pub name: String,
    /// How many.
    pub quantity: u64,
    /// The price of one unit; null for tiers, where no one number says it.
    pub unit_price: Option<MoneyView>,
    /// Before discount.
    pub subtotal: MoneyView,
    /// Discount.
    pub discount: MoneyView,
    /// After discount.
    pub total: MoneyView,
}

impl LineView {
    /// The line of an order in a language.
    pub fn of(line: &OrderLine, locale: Locale) -> Self {
        Self {
            plan_id: line.plan.to_string(),
            product_slug: line.product_slug.clone(),
            name: line.name.get(locale).to_owned(),
            quantity: line.quantity,
            unit_price: line.unit_price().map(MoneyView::from),
            subtotal: line.subtotal.into(),
            discount: line.discount.into(),
            total: line.total.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(scheme: &serde_json::Value) -> Plan {
        serde_json::from_value(json!({
            "id": "pln_01940000000070008000000000000011",
            "code": "monthly",
            "name": {"fr": "Mensuel", "en": "Monthly"},
            "interval": {"unit": "month", "count": 1},
            "unit_label": {"fr": "poste", "en": "device"},
            "prices": [{"currency": "EUR", "scheme": scheme}],
            "trial_days": 0,
            "min_quantity": 12,
            "max_quantity": 500
        }))
        .unwrap()
    }

    #[test]
    fn a_price_per_unit_is_shown_for_one_unit() {
        let view = PlanView::of(
            &plan(&json!({"mode": "per_unit", "unitAmount": 490})),
            Locale::En,
        );
        assert_eq!(
            serde_json::to_value(view).unwrap(),
            json!({
                "id": "pln_01940000000070008000000000000011",
                "code": "monthly",
                "name": "Monthly",
                "interval": {"unit": "month", "count": 1},
                "unitLabel": "device",
                "prices": [{"currency": "EUR", "amount": 490, "mode": "per_unit"}],
                "trialDays": 0,
                "minQuantity": 12,
                "maxQuantity": 500
            })
        );
    }

    #[test]
    fn a_tiered_price_is_shown_for_the_smallest_quantity() {
        let tiers = json!({"mode": "graduated", "tiers": [{"upTo": 10, "unitAmount": 500}, {"upTo": null, "unitAmount": 400}]});
        let view = PlanView::of(&plan(&tiers), Locale::Fr);
        assert_eq!(
            serde_json::to_value(&view.prices).unwrap(),
            json!([{
                "currency": "EUR",
                "amount": 10 * 500 + 2 * 400,
                "mode": "graduated",
                "tiers": [
                    {"upTo": 10, "unitAmount": 500, "flatAmount": 0},
                    {"upTo": null, "unitAmount": 400, "flatAmount": 0}
                ]
            }])
        );
    }
}
