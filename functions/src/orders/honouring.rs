//! An order by the quote it comes with: at that price, or with a new quote.

use super::offering::{Items, Known, offer};
use super::placing::{PlaceOrder, Terms};
use super::quote_token::{changed, honour, is_of, quote};
use domain::id::AccountId;
use domain::locale::Locale;
use domain::offer::Offer;
use domain::vat_check::VatCheck;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Failure, FieldError};
use platform::store::coupons::ReadCoupon;

/// Offers what is to be bought, which is what was quoted, where a quote is
/// named.
///
/// # Errors
/// A refusal with a new quote where it comes to something else now; without the
/// coupon where that is what cannot be had any more.
pub(super) async fn as_quoted(
    app: &App,
    account: AccountId,
    items: &Items,
    input: &PlaceOrder,
    known: &mut Known,
    at: (Locale, Timestamp),
) -> Result<(Offer, Option<VatCheck>), Failure> {
    let (who, now) = (Some(account), at.1);
    let offered = offer(app, who, items, &input.terms, known, now).await;
    let Some(token) = &input.quote else {
        return offered;
    };
    let why = match offered {
        Ok((offer, number)) => {
            honour(app, token, items, &input.terms, &offer, at).await?;
            return Ok((offer, number));
        }
        Err(failure) => about_coupon(failure)?,
    };
    if !is_of(app, token, items, &input.terms, now).await? {
        return Err(Failure::fields(why));
    }
    let terms = Terms {
        coupon: None,
        ..input.terms.clone()
    };
    known.coupon = ReadCoupon::default();
    let (offer, _) = offer(app, who, items, &terms, known, now).await?;
    let anew = quote(app, items, &terms, &offer, at).await?;
    Err(changed(anew, why))
}

/// Why a coupon cannot be redeemed.
///
/// # Errors
/// The failure, where it is about anything else.
fn about_coupon(failure: Failure) -> Result<Vec<FieldError>, Failure> {
    match failure {
        Failure::Refused(refusal)
            if !refusal.errors.is_empty()
                && refusal.errors.iter().all(|it| it.path == "/couponCode") =>
        {
            Ok(refusal.errors)
        }
        other @ (Failure::Refused(_) | Failure::Unavailable { .. } | Failure::Fault(_)) => {
            Err(other)
        }
    }
}
