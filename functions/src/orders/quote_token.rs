//! The token of a quote: that what was asked for came to this much. It is no
//! authority: an order is computed anew, and by the token only compared.

use super::offering::Items;
use super::placing::Terms;
use super::quote_view::QuoteView;
use domain::locale::Locale;
use domain::offer::Offer;
use domain::order::OrderLine;
use jiff::{SignedDuration, Timestamp};
use platform::app::App;
use platform::http::problem::{Code, Failure, Reason, Refusal};
use platform::http::request::sha256_hex;
use platform::http::signed::{Opened, Purpose};
use serde_json::{Value, json};

const QUOTE: Purpose = Purpose {
    name: "quote",
    life: SignedDuration::from_mins(30),
};

/// A quote as its client sees it: the offer, explained, with its token.
///
/// # Errors
/// [`Failure::Unavailable`] when the key cannot be read.
pub(super) async fn quote(
    app: &App,
    items: &Items,
    terms: &Terms,
    offer: &Offer,
    (locale, now): (Locale, Timestamp),
) -> Result<QuoteView, Failure> {
    let text = format!("{}\n{}", asked(items, terms), answered(offer));
    let token = QUOTE.seal(app, "", &text, now).await?;
    let ends = now.checked_add(QUOTE.life).unwrap_or(Timestamp::MAX);
    QuoteView::of(offer, token, ends, locale).map_err(|error| Failure::fault(&error))
}

/// Compares an offer with the quote it was asked for by. One whose half hour is
/// over is good as long as the price is the same, and as long as the key is
/// there that signed it: once that key was rotated away, it cannot be told from
/// a forged one, and is refused like one.
///
/// # Errors
/// A refusal with a new quote when it comes to something else than was quoted;
/// one of the token when it is none of ours, or quotes something else.
pub(super) async fn honour(
    app: &App,
    token: &str,
    items: &Items,
    terms: &Terms,
    offer: &Offer,
    (locale, now): (Locale, Timestamp),
) -> Result<(), Failure> {
    let refused = |reason| Failure::field("/quoteToken", reason);
    let text = match QUOTE.open(app, "", token, now).await? {
        Opened::Good(text) | Opened::Over(text) => text,
        Opened::Foreign => return Err(refused(Reason::Malformed)),
    };
    let (was_asked, was_answered) = text
        .split_once('\n')
        .ok_or_else(|| refused(Reason::Malformed))?;
    if was_asked != asked(items, terms) {
        return Err(refused(Reason::OtherQuote));
    }
    if was_answered == answered(offer) {
        return Ok(());
    }
    let anew = quote(app, items, terms, offer, (locale, now)).await?;
    let anew = serde_json::to_value(anew).map_err(|error| Failure::fault(&error))?;
    Err(Refusal {
        quote: Some(Box::new(anew)),
        ..Code::PriceChanged.into()
    }
    .into())
}

/// What was asked for, without showing it.
fn asked(items: &Items, terms: &Terms) -> String {
    let Terms {
        currency,
        country,
        postal_code,
        vat_number,
    } = terms;
    let mut items = items.clone();
    items.sort_unstable();
    let number = vat_number.as_ref().map(|number| number.as_str());
    sha256_hex(&[json!([items, currency, country, postal_code, number])
        .to_string()
        .as_bytes()])
}

/// What it came to, and why.
fn answered(offer: &Offer) -> String {
    let mut lines: Vec<&OrderLine> = offer.lines.iter().collect();
    lines.sort_unstable_by_key(|line| line.plan);
    let lines: Vec<Value> = lines
        .into_iter()
        .map(|line| json!([line.subtotal, line.discount, line.total]))
        .collect();
    // That a number was answered for meanwhile changes no price.
    let tax = (offer.tax.treatment, offer.tax.rate_basis_points);
    sha256_hex(&[json!([lines, tax, offer.totals]).to_string().as_bytes()])
}
