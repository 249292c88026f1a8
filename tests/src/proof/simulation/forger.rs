//! Somebody who posts events the provider never sent, and some it signed by
//! mistake.

use super::play::Stand;
use serde_json::{Value, json};

/// What is wrong with an event.
const LIES: [&str; 7] = [
    "unsigned", "amount", "currency", "customer", "mode", "stale", "account",
];

impl Stand {
    /// An event that says somebody's open page was paid. It was not.
    pub(super) async fn forge(&self, who: usize) {
        let book = self.shop.cloud.simulator().book();
        let sessions = book["sessions"].as_array().unwrap();
        let open: Vec<&Value> = sessions
            .iter()
            .filter(|session| session["status"] == "open")
            .collect();
        let Some(session) = open.get(who % open.len().max(1)) else {
            return;
        };
        let place = self.forged();
        let lie = LIES[place % LIES.len()];
        let body = forged(session, lie, place).to_string();
        let now = self.shop.cloud.now();
        let signed_at = if lie == "stale" {
            now - jiff::SignedDuration::from_mins(6)
        } else {
            now
        };
        let mut signature = self.shop.cloud.simulator().sign(signed_at, body.as_bytes());
        if lie == "unsigned" {
            // Too long, or as long as a good one, in turn.
            signature = match place % 2 {
                0 => signature.replace("v1=", "v1=0"),
                _ => other_digit(&signature),
            };
        }
        let answer = self
            .call(None, "POST", "/v1/webhooks/stripe", |call| {
                call.header("stripe-signature", &signature)
                    .raw("application/json", body.clone())
            })
            .await;
        let is_refused = answer.status >= 400;
        if matches!(lie, "unsigned" | "stale") && !is_refused {
            self.complain(format!("an event that is {lie} was taken"));
        }
    }
}

/// The same signature but for its first digit.
fn other_digit(signature: &str) -> String {
    let (time, digits) = signature.split_once("v1=").unwrap();
    let other = if digits.starts_with('0') { "1" } else { "0" };
    format!("{time}v1={other}{}", &digits[1..])
}

fn forged(session: &Value, lie: &str, place: usize) -> Value {
    let amount = session["amount_total"].as_i64().unwrap_or(0);
    let told = |honest: Value, name: &str, other: Value| if lie == name { other } else { honest };
    let amount = told(json!(amount), "amount", json!(amount - 1));
    let mut metadata = session["metadata"].clone();
    if lie == "account" {
        metadata["account"] = json!("acc_00000000000070008000000000000000");
    }
    let livemode = told(json!(false), "mode", json!(true));
    let other = if session["currency"] == "eur" {
        "usd"
    } else {
        "eur"
    };
    json!({
        "id": format!("evt_forged_{place}"),
        "object": "event",
        "api_version": "2025-09-30.clover",
        "type": "payment_intent.succeeded",
        "livemode": livemode,
        "data": {"object": {
            "id": format!("pi_forged_{place}"),
            "object": "payment_intent",
            "status": "succeeded",
            "amount": amount,
            "amount_received": amount,
            "currency": told(session["currency"].clone(), "currency", json!(other)),
            "customer": told(session["customer"].clone(), "customer", json!("cus_forged")),
            "livemode": livemode,
            "metadata": metadata,
        }},
    })
}
