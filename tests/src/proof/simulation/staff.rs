//! The staff: finance give money back, a second person agrees, and an
//! administrator is refused what is a customer's own.

use super::play::Stand;
use crate::answer::Answer;
use serde_json::{Value, json};

/// The coupon of a history: there once an administrator has come by.
pub(super) const HISTORY: &str = "HISTORY";

impl Stand {
    /// Logs in as one of the staff, if the weather lets them.
    async fn staff(&self, role: &str) -> Option<String> {
        let logins = self.shop.cloud.logins();
        let login = logins.iter().find(|login| login.role == role).unwrap();
        let body =
            json!({"email": login.email, "password": login.password, "tokenTransport": "body"});
        let answer = self
            .call(None, "POST", "/v1/auth/login", |call| call.json(&body))
            .await;
        let token = answer.json["data"]["accessToken"].as_str();
        token.map(|token| format!("Bearer {token}"))
    }

    async fn post(&self, bearer: &str, path: &str, key: &str, body: &Value) -> Answer {
        self.call(None, "POST", path, |call| {
            let call = call.header("authorization", bearer);
            call.header("idempotency-key", key).json(body)
        })
        .await
    }

    /// Makes the coupon of the history, if it is not there yet. Then asks for a customer's last order, to see it and to cancel it:
    /// as for anybody else, it is not there.
    pub(super) async fn administer(&self, who: usize) {
        let order = self.with(who, |person| person.orders.last().cloned());
        let (Some(bearer), Some(order)) = (self.staff("admin").await, order) else {
            return;
        };
        let coupon = json!({
            "code": HISTORY, "kind": "percent", "basisPoints": 3_333, "duration": "repeating",
            "periods": 2, "maxRedemptions": 3, "perCustomer": 2,
        });
        let key = format!("coupon-{}", self.shop.cloud.effects());
        self.post(&bearer, "/v1/admin/coupons", &key, &coupon).await;
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

    /// Finance give back a share of one of the captures there are, asked for
    /// twice under one key; where it waits for a second person, that one decides.
    pub(super) async fn refund(&self, back: usize, percent: u64) {
        let book = self.shop.cloud.simulator().book();
        let captured = book["payments"].as_array().unwrap().iter().rev();
        let mut captured = captured.filter(|it| it["status"] == "succeeded");
        let Some(payment) = captured.nth(back) else {
            return;
        };
        let Some(bearer) = self.staff("finance").await else {
            return;
        };
        let id = payment["metadata"]["payment"].as_str().unwrap_or("pay_");
        let whole = payment["amount"].as_u64().unwrap();
        let currency = payment["currency"].as_str().unwrap().to_uppercase();
        let cents = (whole * percent / 100).max(1);
        let body = json!({"amount": {"amount": cents, "currency": currency}, "reason": "goodwill"});
        let path = format!("/v1/admin/payments/{id}/refunds");
        let key = format!("refund-{}", self.shop.cloud.effects());
        let first = self.post(&bearer, &path, &key, &body).await;
        let again = self.post(&bearer, &path, &key, &body).await;
        if first.status == 201 && again.status == 201 && first.bytes != again.bytes {
            self.complain(format!("{path} was answered in two ways"));
        }
        let asked = &first.json["data"]["refund"];
        if asked["status"] == "awaiting_approval" {
            self.approve(&path, asked, percent).await;
        }
    }

    async fn approve(&self, path: &str, asked: &Value, percent: u64) {
        let Some(bearer) = self.staff("admin").await else {
            return;
        };
        let decision = if percent.is_multiple_of(3) {
            "reject"
        } else {
            "approve"
        };
        let id = asked["id"].as_str().unwrap();
        let key = format!("approval-{}", self.shop.cloud.effects());
        let path = format!("{path}/{id}/approval");
        self.post(&bearer, &path, &key, &json!({"decision": decision}))
            .await;
    }
}
