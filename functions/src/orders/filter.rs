//! Which of its orders a customer looks for.

use crate::catalogue::search::SearchText;
use domain::order::Order;
use jiff::Timestamp;
use platform::http::fields::Day;
use platform::http::form::{Field, Form, Read};
use platform::http::problem::Reason;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The states of an order by their names in the API.
const STATES: [&str; 5] = ["pending", "paid", "canceled", "expired", "refunded"];

/// Longest slug that is looked for.
const LONGEST_SLUG: usize = 128;

/// What an order must be to be listed.
pub(crate) struct Filter {
    states: Option<BTreeSet<&'static str>>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    product: Option<String>,
    text: Option<String>,
}

impl Filter {
    /// Reads `status`, `from`, `to`, `product` and `q`.
    pub(crate) fn read(form: &mut Form) -> Read<Self> {
        let states = form.query::<States>("status");
        let from = form.query::<Day>("from");
        let to = form.query::<Day>("to");
        let product = form.query::<Slug>("product");
        let text = form.query::<SearchText>("q");
        let (from, to) = (from?.map(|Day(at)| at), to?.map(|Day(at)| at));
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(form.refuse("/to", Reason::OutOfRange));
        }
        Ok(Self {
            states: states?.map(|States(states)| states),
            from,
            to,
            product: product?.map(|Slug(slug)| slug),
            text: text?.map(|SearchText(text)| text),
        })
    }

    /// From when on and before when it was placed: what the table is asked.
    pub(crate) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from, self.to)
    }

    /// True when nothing is left out of what the table is asked for, but what
    /// lies at its ends.
    pub(crate) fn takes_all(&self) -> bool {
        self.states.is_none() && self.product.is_none() && self.text.is_none()
    }

    /// True when this order is listed.
    pub(crate) fn admits(&self, order: &Order) -> bool {
        let (state, placed_at) = (order.status.name(), order.created_at);
        self.states
            .as_ref()
            .is_none_or(|states| states.contains(state))
            && self.from.is_none_or(|from| placed_at >= from)
            && self.to.is_none_or(|to| placed_at < to)
            && self
                .product
                .as_ref()
                .is_none_or(|slug| order.lines.iter().any(|line| line.product_slug == *slug))
            && self.text.as_ref().is_none_or(|text| order.matches(text))
    }
}

/// States of an order, joined by commas.
struct States(BTreeSet<&'static str>);

impl Field for States {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = value.as_str().ok_or(Reason::WrongType)?;
        let known = |name: &str| STATES.into_iter().find(|state| *state == name);
        let states: Option<BTreeSet<_>> = text.split(',').map(known).collect();
        states.map(Self).ok_or(Reason::UnknownValue)
    }

    fn schema() -> Value {
        let one = STATES.join("|");
        json!({
            "type": "string",
            "pattern": format!("^({one})(,({one}))*$"),
            "description": "one or several states, joined by commas"
        })
    }
}

/// The slug of a product.
struct Slug(String);

impl Field for Slug {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = value.as_str().ok_or(Reason::WrongType)?;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match text.len() {
            0 => Err(Reason::TooShort),
            length if length > LONGEST_SLUG => Err(Reason::TooLong),
            _ if !text.bytes().all(is_plain) => Err(Reason::Malformed),
            _ => Ok(Self(text.to_owned())),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^[a-z0-9-]+$",
            "minLength": 1,
            "maxLength": LONGEST_SLUG,
            "description": "the slug one of its lines was sold under"
        })
    }
}
