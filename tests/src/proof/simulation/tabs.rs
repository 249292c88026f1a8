//! A customer with two tabs open: what one does meets what the other does.

use super::plan::Plan;
use super::play::Stand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// How often the second tab looks whether the first one's order is there.
const LOOKS: u32 = 8;

impl Stand {
    /// Two tabs change one cart at once.
    pub(super) async fn change_cart_twice(&self, who: usize, plans: [Plan; 2]) {
        let [one, other] = plans;
        join(self.put_in_cart(who, one), self.put_in_cart(who, other)).await;
    }

    /// Two tabs of a browser begin one guest's cart at once.
    pub(super) async fn begin_cart_twice(&self, who: usize, plans: [Plan; 2]) {
        let email = self.with(who, |person| person.email.clone());
        let token = URL_SAFE_NO_PAD.encode(Sha256::digest(email));
        let put = async |plan: Plan| {
            let path = format!("/v1/cart/items/{}", plan.id);
            let body = json!({"quantity": plan.quantity});
            self.call(None, "PUT", &path, |call| {
                call.header("x-cart-token", &token).json(&body)
            })
            .await;
        };
        let [one, other] = plans;
        join(put(one), put(other)).await;
    }

    /// One tab orders; the other cancels the order as soon as it shows, while
    /// its payment page is still being opened.
    pub(super) async fn order_and_cancel(&self, who: usize, plan: Plan) {
        let known = self.with(who, |person| person.orders.clone());
        let cancel = async {
            for _ in 0..LOOKS {
                let list = self.ask(who, "GET", "/v1/orders?limit=1", |it| it).await;
                let newest = list.json["data"][0]["id"].as_str().map(str::to_owned);
                if let Some(order) = newest.filter(|order| !known.contains(order)) {
                    return self.cancel_order(who, &order).await;
                }
            }
        };
        join(self.order(who, Some(plan)), cancel).await;
    }
}
