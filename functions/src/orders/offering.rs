//! What a quote and an order have in common: what is to be bought, priced and
//! taxed.

use super::couponing::{is_chargeable, take_off};
use super::placing::{Terms, Wanted, is_served, price};
use super::taxing::check_number;
use domain::id::{AccountId, PlanId};
use domain::offer::Offer;
use domain::vat_check::VatCheck;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Code, Failure, Reason};
use platform::store::Stored;
use platform::store::carts::StoredCart;
use platform::store::coupons::ReadCoupon;
use platform::store::taxes::ReadFacts;

/// Plans and quantities.
pub type Items = Vec<(PlanId, u64)>;

/// What an offer depends on beside what is asked for.
#[derive(Default)]
pub struct Known {
    /// For its tax.
    pub tax: ReadFacts,
    /// For what is taken off.
    pub coupon: ReadCoupon,
}

/// What is to be bought; with the cart, if it is the cart.
///
/// # Errors
/// A refusal when the cart is empty, over, ordered, or in another version.
pub fn items_of(
    cart: Option<&Stored<StoredCart>>,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(Items, Option<Stored<StoredCart>>), Failure> {
    let version = match wanted {
        Wanted::Items(items) => return Ok((items.clone(), None)),
        Wanted::Cart(version) => *version,
    };
    let Some(cart) = cart.cloned() else {
        return Err(if version.is_some() {
            Code::VersionMismatch
        } else {
            Code::EmptyCart
        }
        .into());
    };
    if version.is_some() && version == cart.value.ordered_version {
        return Err(Code::CartAlreadyOrdered.into());
    }
    if version.is_some_and(|version| version != cart.version) {
        return Err(Code::VersionMismatch.into());
    }
    if cart.value.is_expired(now) {
        return Err(Code::CartExpired.into());
    }
    let items: Items = cart
        .value
        .cart
        .items
        .iter()
        .map(|(plan, item)| (*plan, item.quantity))
        .collect();
    if items.is_empty() {
        return Err(Code::EmptyCart.into());
    }
    Ok((items, Some(cart)))
}

/// Prices and taxes what is to be bought, as of now: the offer, and the number
/// that was given for the first time by an account.
///
/// # Errors
/// A refusal that names what is not sold so, or will not be charged.
pub async fn offer(
    app: &App,
    account: Option<AccountId>,
    items: &Items,
    terms: &Terms,
    Known { tax, coupon }: &mut Known,
    now: Timestamp,
) -> Result<(Offer, Option<VatCheck>), Failure> {
    if !is_served(terms.country) {
        return Err(Code::CountryNotServed.into());
    }
    let catalogue = app.catalogue().products(app).await?;
    let lines = price(app, &catalogue.products, items, terms.currency)?;
    coupon.look_at_first(app.store()).await?;
    let discounted = take_off(lines, terms, coupon, now)?;
    let facts = &mut tax.known;
    let number = check_number(app, account, terms, facts, now).await?;
    let (buyer, sales) = (terms.buyer(facts), facts.sales);
    let offer = Offer::of(discounted, terms.currency, &buyer, sales, now);
    let offer = offer.map_err(|_| Failure::field("/items", Reason::OutOfRange))?;
    is_chargeable(&offer)?;
    Ok((offer, number))
}
