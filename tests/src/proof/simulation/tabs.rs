//! A customer with two tabs open: what one does meets what the other does.

use super::plan::Plan;
use super::play::Stand;
use futures::future::join;

/// How often the second tab looks whether the first one's order is there.
const LOOKS: u32 = 8;

impl Stand {
    /// Two tabs change one cart at once.
    pub(super) async fn change_cart_twice(&self, who: usize, plans: [Plan; 2]) {
        let [one, other] = plans;
        join(self.put_in_cart(who, one), self.put_in_cart(who, other)).await;
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
