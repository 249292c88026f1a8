//! Saying what an order would come to, and why.

use super::couponing::{count_known, count_try};
use super::offering::{Known, items_of, offer};
use super::placing::{QuoteInput, Wanted};
use super::quote_token::quote;
use super::quote_view::QuoteView;
use crate::cart::shopper::owner;
use domain::id::AccountId;
use platform::app::App;
use platform::http::operation::{Operation, Shopper, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::Stored;
use platform::store::carts::StoredCart;

/// `POST /v1/orders/quote`: nothing is read but a cart, where the cart is
/// quoted, and what tax depends on, where it is more than the address. It asks
/// the register about no number but one with wrong digits, for who has an
/// account.
pub struct QuoteOrder;

impl Operation for QuoteOrder {
    const SPEC: Spec = Spec::post("quote_order", "/v1/orders/quote")
        .body_optional()
        .summary("Quote items or the cart: what they come to, why, and a token to order them by.")
        .codes(&[
            Code::MalformedHeader,
            Code::CountryNotServed,
            Code::CartAlreadyOrdered,
            Code::CartExpired,
            Code::VersionMismatch,
            Code::EmptyCart,
            Code::TooManyRequests,
        ]);
    type Caller = Shopper;
    type Input = QuoteInput;
    type Output = QuoteView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Shopper>,
        input: QuoteInput,
    ) -> Result<Reply<QuoteView>, Failure> {
        let account = match &request.caller {
            Shopper::User(claims) => Some(claims.account),
            Shopper::Guest(_) | Shopper::Newcomer => None,
        };
        let tries = count_try(app, &input.terms, &request.address).await?;
        let (cart, mut known) = read(app, &request, account, &input).await?;
        count_known(app, tries, &known.coupon).await;
        let (items, _cart) = items_of(cart.as_ref(), &input.wanted, request.now)?;
        let (offer, _number) =
            offer(app, account, &items, &input.terms, &mut known, request.now).await?;
        let at = (request.locale, request.now);
        let quote = quote(app, &items, &input.terms, &offer, at).await?;
        Ok(Reply::data(quote))
    }
}

async fn read(
    app: &App,
    request: &Request<Shopper>,
    account: Option<AccountId>,
    input: &QuoteInput,
) -> Result<(Option<Stored<StoredCart>>, Known), Failure> {
    let owner = owner(&request.caller)?;
    let cart = owner
        .filter(|_| matches!(input.wanted, Wanted::Cart(_)))
        .map(|owner| owner.key());
    let tax = input.terms.fact_keys(account, request.now);
    let mut wanted = Vec::from_iter(cart.clone());
    wanted.extend(tax.iter().flat_map(|tax| tax.wanted()));
    let coupon = input.terms.coupon_keys(account);
    wanted.extend(coupon.iter().flat_map(|coupon| coupon.wanted()));
    if wanted.is_empty() {
        return Ok((None, Known::default()));
    }
    let mut batch = app.store().batch(&wanted).await?;
    let cart = match &cart {
        Some(key) => batch.take(key)?,
        None => None,
    };
    let mut known = Known::default();
    if let Some(tax) = tax {
        known.tax = tax.take(&mut batch, app.config().one_stop_shop)?;
    }
    if let Some(coupon) = coupon {
        known.coupon = coupon.take(&mut batch)?;
    }
    Ok((cart, known))
}
