//! An administrator, for whom no operation opens a customer's things yet.

use super::play::Stand;
use serde_json::json;

impl Stand {
    /// Logs in and asks for a customer's last order, to see it and to cancel
    /// it: as for anybody else, it is not there.
    pub(super) async fn administer(&self, who: usize) {
        let logins = self.shop.cloud.logins();
        let admin = logins.iter().find(|login| login.role == "admin").unwrap();
        let body =
            json!({"email": admin.email, "password": admin.password, "tokenTransport": "body"});
        let answer = self
            .call(None, "POST", "/v1/auth/login", |call| call.json(&body))
            .await;
        let token = answer.json["data"]["accessToken"].as_str();
        let order = self.with(who, |person| person.orders.last().cloned());
        let (Some(token), Some(order)) = (token, order) else {
            return;
        };
        let bearer = format!("Bearer {token}");
        for (method, path) in [
            ("GET", format!("/v1/orders/{order}")),
            ("POST", format!("/v1/orders/{order}/cancellation")),
        ] {
            let answer = self
                .call(None, method, &path, |call| {
                    let call = call.header("authorization", &bearer);
                    match method {
                        "POST" => call.json(&json!({})),
                        _ => call,
                    }
                })
                .await;
            if answer.status < 400 {
                self.complain(format!("an administrator got {path} of customer {who}"));
            }
        }
    }
}
