//! A cart as its owner sees it: at today's prices.

use domain::cart::CartItem;
use domain::id::PlanId;
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::tiers::PriceScheme;
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::views::{LineView, MoneyView};
use platform::store::Stored;
use platform::store::carts::{GuestToken, StoredCart};
use platform::store::catalogue::Snapshot;
use serde::Serialize;

/// The currency a cart is shown in. An order may be placed in another.
pub(super) const CURRENCY: Currency = Currency::EUR;

/// A cart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct CartView {
    /// Its version; 0 when there is none yet.
    pub version: u64,
    /// Its lines.
    pub items: Vec<CartLine>,
    /// Sum of the lines that can be bought, without VAT.
    pub subtotal: MoneyView,
    /// When it is forgotten unless it changes before; null while it is empty.
    pub expires_at: Option<String>,
    /// The token of a cart that was just begun by a guest, to be sent as
    /// `X-Cart-Token`. It is told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_token: Option<String>,
}

/// A line of a cart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct CartLine {
    /// What a line says anywhere.
    #[serde(flatten)]
    pub line: LineView,
    /// False when the plan is no longer sold, or not in this quantity: then
    /// its amounts are 0.
    pub available: bool,
    /// What it came to when it was put into the cart, where that is something
    /// else now; putting it in again accepts today's amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_subtotal: Option<MoneyView>,
}

impl CartView {
    /// The cart, or that there is none.
    ///
    /// # Errors
    /// When the sum of the lines is no amount.
    pub(super) fn of(
        cart: Option<&Stored<StoredCart>>,
        snapshot: &Snapshot,
        locale: Locale,
    ) -> Result<Self, Failure> {
        let (mut items, mut amounts) = (Vec::new(), Vec::new());
        for (plan, item) in cart.iter().flat_map(|cart| &cart.value.cart.items) {
            let (line, amount) = line(*plan, *item, snapshot, locale);
            items.push(line);
            amounts.extend(amount);
        }
        let subtotal = Money::sum(amounts, CURRENCY).map_err(|error| Failure::fault(&error))?;
        let end = cart
            .and_then(|cart| cart.value.cart.expires_at)
            .filter(|_| !items.is_empty());
        Ok(Self {
            version: cart.map_or(0, |cart| cart.version),
            items,
            subtotal: subtotal.into(),
            expires_at: end.map(|end| end.to_string()),
            guest_token: None,
        })
    }

    /// The view with the token of the guest who began the cart.
    pub(super) fn with_token(self, token: Option<&GuestToken>) -> Self {
        Self {
            guest_token: token.map(|token| token.as_str().to_owned()),
            ..self
        }
    }

    /// The answer of every cart operation.
    pub(super) fn into_reply(self) -> Reply<Self> {
        let version = self.version;
        Reply::data(self).version(version)
    }
}

/// A line, and its amount if it can be bought.
fn line(
    plan: PlanId,
    item: CartItem,
    snapshot: &Snapshot,
    locale: Locale,
) -> (CartLine, Option<Money>) {
    let known = snapshot.plan(plan);
    let amount = known
        .filter(|(product, _)| product.is_on_sale())
        .and_then(|(_, plan)| plan.amount(item.quantity, CURRENCY).ok());
    let unit_price = match known.and_then(|(_, plan)| plan.scheme(CURRENCY)) {
        Some(PriceScheme::PerUnit { unit_amount }) => Some(Money::new(*unit_amount, CURRENCY)),
        Some(PriceScheme::Graduated(_) | PriceScheme::Volume(_)) | None => None,
    };
    let zero = Money::zero(CURRENCY);
    let view = LineView {
        plan_id: plan.to_string(),
        product_slug: known
            .map(|(product, _)| product.slug.clone())
            .unwrap_or_default(),
        name: known.map_or_else(
            || withdrawn(locale).to_owned(),
            |(product, plan)| plan.name_in(product).get(locale).to_owned(),
        ),
        quantity: item.quantity,
        unit_price: unit_price.map(MoneyView::from),
        subtotal: amount.unwrap_or(zero).into(),
        discount: zero.into(),
        total: amount.unwrap_or(zero).into(),
    };
    (
        CartLine {
            line: view,
            available: amount.is_some(),
            previous_subtotal: (amount != Some(item.shown)).then(|| item.shown.into()),
        },
        amount,
    )
}

/// What a plan is called that is no longer in the catalogue.
fn withdrawn(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => "Offre retirée du catalogue",
        Locale::En => "Plan withdrawn from the catalogue",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cart::Cart;
    use domain::catalogue::{Product, ProductStatus};
    use domain::id::Id as _;
    use platform::store::carts::CartOwner;
    use std::collections::BTreeMap;

    fn snapshot() -> Snapshot {
        let products: Vec<Product> =
            serde_json::from_str(include_str!("../../../infra/catalogue.json")).unwrap();
        Snapshot {
            version: 1,
            products,
            etag: String::new(),
        }
    }

    fn cart(items: impl IntoIterator<Item = (PlanId, u64)>) -> Stored<StoredCart> {
        let item = |(plan, quantity)| {
            let shown = Money::new(490, CURRENCY);
            (plan, CartItem { quantity, shown })
        };
        let items: BTreeMap<PlanId, CartItem> = items.into_iter().map(item).collect();
        let expires_at = Some("2026-01-31T09:00:00Z".parse().unwrap());
        let owner = CartOwner::Guest(String::new());
        Stored {
            value: StoredCart {
                owner,
                cart: Cart { items, expires_at },
                ordered_version: None,
            },
            version: 3,
        }
    }

    #[test]
    fn no_cart_is_an_empty_one_of_version_zero() {
        let view = CartView::of(None, &snapshot(), Locale::Fr).unwrap();
        assert_eq!(
            serde_json::to_value(view).unwrap(),
            serde_json::json!({
                "version": 0,
                "items": [],
                "subtotal": {"amount": 0, "currency": "EUR"},
                "expiresAt": null
            })
        );
    }

    #[test]
    fn the_subtotal_is_the_sum_of_todays_amounts() {
        let snapshot = snapshot();
        let plans: Vec<_> = snapshot
            .products
            .iter()
            .filter(|product| product.is_on_sale())
            .flat_map(|product| &product.plans)
            .map(|plan| {
                (
                    plan.id,
                    plan.min_quantity,
                    plan.amount(plan.min_quantity, CURRENCY).unwrap(),
                )
            })
            .collect();
        let filled = cart(plans.iter().map(|(id, quantity, _)| (*id, *quantity)));
        let view = CartView::of(Some(&filled), &snapshot, Locale::En).unwrap();
        let expected = Money::sum(plans.iter().map(|(_, _, amount)| *amount), CURRENCY).unwrap();
        assert_eq!(view.subtotal, expected.into());
        assert_eq!(view.expires_at.as_deref(), Some("2026-01-31T09:00:00Z"));
        assert!(
            view.items
                .iter()
                .all(|item| item.available && !item.line.product_slug.is_empty())
        );
    }

    #[test]
    fn what_is_no_longer_sold_stays_in_the_cart_and_costs_nothing() {
        let mut snapshot = snapshot();
        let product = &mut snapshot.products[0];
        product.status = ProductStatus::Inactive;
        let plan = product.plans[0].clone();
        let gone = PlanId::from_bits(1);
        let view = CartView::of(
            Some(&cart([(plan.id, plan.min_quantity), (gone, 1)])),
            &snapshot,
            Locale::Fr,
        )
        .unwrap();
        assert_eq!(view.items.len(), 2);
        assert!(
            view.items
                .iter()
                .all(|item| !item.available && item.line.total.amount == 0)
        );
        assert_eq!(view.subtotal.amount, 0);
    }

    #[test]
    fn a_line_tells_its_unit_price_unless_tiers_decide() {
        let snapshot = snapshot();
        for plan in snapshot.products.iter().flat_map(|product| &product.plans) {
            let shown = plan.amount(plan.min_quantity, CURRENCY);
            let held = CartItem {
                quantity: plan.min_quantity,
                shown: shown.unwrap_or(Money::zero(CURRENCY)),
            };
            let (item, _) = line(plan.id, held, &snapshot, Locale::Fr);
            let is_told = item.previous_subtotal.is_some();
            assert_eq!(item.available, !is_told, "{}", plan.code);
            let per_unit = matches!(plan.scheme(CURRENCY), Some(PriceScheme::PerUnit { .. }));
            assert_eq!(item.line.unit_price.is_some(), per_unit, "{}", plan.code);
        }
    }
}
