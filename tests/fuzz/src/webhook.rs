//! Well signed events of the payment provider.

use crate::event::read;
use crate::judge::answer;
use crate::{template, text, world};
use domain::id::{AccountId, Id as _};
use serde_json::{Value, json};

/// A body that the provider signed, whatever it says: it is answered as
/// [`answer`] says; an order counts as paid only if the body says that this
/// very payment was captured, in full; and what is no event is refused.
pub(crate) fn webhook(data: &[u8]) {
    let filled = template::fill(data);
    let mut written = read(b"payment_webhook");
    // An event carries text, and a repetition of a body tells nothing new.
    written.body = text(&filled).into_owned().into_bytes();
    world::with(|world| {
        let signature = world
            .cloud
            .simulator()
            .sign(world.cloud.now(), &written.body);
        written.header("stripe-signature", &signature);
        let before = standing(world);
        let answer = answer(world, "payment_webhook", written.event());
        let said: Value = serde_json::from_slice(&written.body).unwrap_or_default();
        let object = said.pointer("/data/object").cloned().unwrap_or_default();
        if standing(world) != before {
            let captured = object.get("status") == Some(&json!("succeeded"))
                && object.pointer("/metadata/order") == Some(&json!(world.get("pending")))
                && object.pointer("/metadata/payment") == Some(&json!(world.get("payment")));
            let due: Option<i64> = world.get("due").parse().ok();
            let amount = object.get("amount_received").and_then(Value::as_i64);
            let closed =
                said.get("type").and_then(Value::as_str) == Some("checkout.session.expired");
            assert!(closed || captured && amount == due, "{said}");
        }
        let id = said.get("id").and_then(Value::as_str).unwrap_or_default();
        if !id.starts_with("evt_") {
            assert!([400, 413].contains(&answer.status), "{said}");
        }
    });
}

/// The state of every order and payment of the customer.
fn standing(world: &world::World) -> Vec<Value> {
    let account = AccountId::parse(world.get("account")).expect("an id");
    let items = world.cloud.table().partition(&format!("ACCOUNT#{account}"));
    let items = serde_json::to_value(items.expect("the partition")).unwrap_or_default();
    let items = items.as_array().cloned().unwrap_or_default();
    let kinds = [
        "order",
        "payment",
        "invoice",
        "subscription",
        "period",
        "account",
    ];
    items
        .into_iter()
        .filter(|item| {
            let kind = item.pointer("/type/S").and_then(Value::as_str);
            kind.is_some_and(|kind| kinds.contains(&kind))
        })
        .collect()
}
