//! Sets how many of a plan are in the cart.

use super::shopper::{edit, owner, refused};
use super::view::{CURRENCY, CartView};
use domain::cart::CartItem;
use domain::catalogue::SaleRefusal;
use domain::id::{Id as _, PlanId};
use platform::app::App;
use platform::http::fields::{IdField, Whole};
use platform::http::form::{Field, Form, Read};
use platform::http::operation::{Input, Operation, Shopper, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::carts::GuestToken;
use platform::store::catalogue::Snapshot;
use serde_json::Value;

/// `PUT /v1/cart/items/{planId}`: one conditional update, after one more write
/// where it begins a new cart.
pub struct SetCartItem;

/// Which plan, and how many.
pub struct Wanted {
    plan: Option<PlanId>,
    quantity: u64,
}

impl Input for Wanted {
    fn read(form: &mut Form) -> Read<Self> {
        let plan = form.path::<NamedPlan>("planId");
        let quantity = form.body(|body| body.required::<Whole<1, 1_000_000>>("quantity"));
        Ok(Self {
            plan: plan?.0,
            quantity: quantity?.0,
        })
    }
}

/// A plan by its id. A text that is no id names no plan, like an id nobody has.
struct NamedPlan(Option<PlanId>);

impl Field for NamedPlan {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = value.as_str().ok_or(Reason::WrongType)?;
        Ok(Self(PlanId::parse(text).ok()))
    }

    fn schema() -> Value {
        IdField::<PlanId>::schema()
    }
}

/// Why a plan cannot be put into a cart.
enum Unsold {
    /// There is none with this id.
    Unknown,
    /// It is not on sale, or not in the cart's currency.
    NotOnSale,
    /// Not in this quantity.
    Quantity,
}

impl From<Unsold> for Failure {
    fn from(unsold: Unsold) -> Self {
        match unsold {
            Unsold::Unknown => Self::field("/planId", Reason::UnknownValue),
            Unsold::NotOnSale => Self::field("/planId", Reason::NotOnSale),
            Unsold::Quantity => Self::field("/quantity", Reason::OutOfRange),
        }
    }
}

/// The line asked for, if the plan is sold in this quantity.
fn sold(snapshot: &Snapshot, wanted: &Wanted) -> Result<(PlanId, CartItem), Unsold> {
    let (product, plan) = wanted
        .plan
        .and_then(|plan| snapshot.plan(plan))
        .filter(|(product, _)| product.is_listed())
        .ok_or(Unsold::Unknown)?;
    if !product.is_on_sale() {
        return Err(Unsold::NotOnSale);
    }
    match plan.amount(wanted.quantity, CURRENCY) {
        Ok(shown) => {
            let quantity = wanted.quantity;
            Ok((plan.id, CartItem { quantity, shown }))
        }
        Err(SaleRefusal::NotOnSale | SaleRefusal::Currency) => Err(Unsold::NotOnSale),
        Err(SaleRefusal::Quantity { .. } | SaleRefusal::Price(_)) => Err(Unsold::Quantity),
    }
}

impl Operation for SetCartItem {
    const SPEC: Spec = Spec::put("set_cart_item", "/v1/cart/items/{planId}")
        .summary(
            "Sets the quantity of a plan in the cart. A guest without a cart is given its token.",
        )
        .tag(Tag::Guard)
        .codes(&[
            Code::MalformedHeader,
            Code::CartExpired,
            Code::VersionMismatch,
        ]);
    type Caller = Shopper;
    type Input = Wanted;
    type Output = CartView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Shopper>,
        wanted: Wanted,
    ) -> Result<Reply<CartView>, Failure> {
        let edit = edit(app, &request)?;
        let owner = owner(&request.caller)?;
        let snapshot = app.catalogue().products(app).await?;
        let line = sold(&snapshot, &wanted)?;
        let (cart, token) = match owner {
            Some(owner) => {
                let cart = app
                    .store()
                    .set_cart_line(&owner, edit, line)
                    .await
                    .map_err(refused)?;
                (Some(cart), None)
            }
            None => {
                let token = GuestToken::from_random(app.random()?);
                let cart = app
                    .store()
                    .begin_cart(&token.owner(), edit, line)
                    .await
                    .map_err(refused)?;
                (Some(cart.ok_or(Code::ConcurrentChange)?), Some(token))
            }
        };
        let view = CartView::of(cart.as_ref(), &snapshot, request.locale)?;
        Ok(view.with_token(token.as_ref()).into_reply())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::{Product, ProductStatus};
    use domain::tiers::PriceScheme;

    fn snapshot() -> Snapshot {
        let products: Vec<Product> =
            serde_json::from_str(include_str!("../../../infra/catalogue.json")).unwrap();
        Snapshot {
            version: 1,
            products,
            etag: String::new(),
        }
    }

    fn refusal(
        snapshot: &Snapshot,
        plan: Option<PlanId>,
        quantity: u64,
    ) -> Option<(String, Reason)> {
        match sold(snapshot, &Wanted { plan, quantity }).map_err(Failure::from) {
            Err(Failure::Refused(refusal)) => refusal
                .errors
                .first()
                .map(|error| (error.path.clone(), error.reason)),
            Ok(_) | Err(_) => None,
        }
    }

    #[test]
    fn a_plan_is_sold_between_its_smallest_and_largest_quantity() {
        let snapshot = snapshot();
        let on_sale = snapshot
            .products
            .iter()
            .filter(|product| product.is_on_sale());
        for plan in on_sale.flat_map(|product| &product.plans) {
            let out_of_range = Some(("/quantity".to_owned(), Reason::OutOfRange));
            assert_eq!(
                refusal(&snapshot, Some(plan.id), plan.min_quantity),
                None,
                "{}",
                plan.id
            );
            assert_eq!(
                refusal(&snapshot, Some(plan.id), plan.max_quantity),
                None,
                "{}",
                plan.id
            );
            assert_eq!(
                refusal(&snapshot, Some(plan.id), plan.min_quantity - 1),
                out_of_range,
                "{}",
                plan.id
            );
            assert_eq!(
                refusal(&snapshot, Some(plan.id), plan.max_quantity + 1),
                out_of_range,
                "{}",
                plan.id
            );
        }
    }

    #[test]
    fn an_unknown_plan_a_text_that_is_none_and_a_draft_are_refused_alike() {
        let mut snapshot = snapshot();
        snapshot.products[0].status = ProductStatus::Draft;
        let draft = snapshot.products[0].plans[0].id;
        for plan in [Some(PlanId::from_bits(1)), None, Some(draft)] {
            assert_eq!(
                refusal(&snapshot, plan, 1),
                Some(("/planId".to_owned(), Reason::UnknownValue))
            );
        }
    }

    #[test]
    fn a_product_taken_off_sale_is_not_sold() {
        let mut snapshot = snapshot();
        snapshot.products[0].status = ProductStatus::Inactive;
        let plan = snapshot.products[0].plans[0].id;
        assert_eq!(
            refusal(&snapshot, Some(plan), 1),
            Some(("/planId".to_owned(), Reason::NotOnSale))
        );
    }

    #[test]
    fn an_amount_out_of_range_is_refused_and_does_not_wrap() {
        let mut snapshot = snapshot();
        let plan = &mut snapshot.products[0].plans[0];
        plan.max_quantity = 1_000_000;
        plan.prices[0].scheme = PriceScheme::PerUnit {
            unit_amount: 10_000_000_000_000,
        };
        let plan = plan.id;
        assert_eq!(
            refusal(&snapshot, Some(plan), 1_000_000),
            Some(("/quantity".to_owned(), Reason::OutOfRange))
        );
    }
}
