//! A customer, as an application acts for one: with sessions, keys, payment
//! pages, and patience.

use super::home::Home;
use super::plan::Plan;
use super::play::Stand;
use super::staff::HISTORY;
use crate::answer::Answer;
use crate::shop::{Call, order_of, return_to};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long a key has one answer (README, the API's conventions).
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What an application knows of its customer.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) account: Option<String>,
    pub(super) access: Option<String>,
    /// Every refresh token, the last one in use.
    pub(super) refresh: Vec<String>,
    /// When each of them was first used.
    pub(super) used: BTreeMap<String, Timestamp>,
    /// Every order there was an answer for.
    pub(super) orders: Vec<String>,
    /// Every payment page there was an answer for.
    pub(super) pages: Vec<String>,
    /// What was asked with a key, and is not answered.
    pub(super) open: Vec<Asked>,
    last: Option<Asked>,
    /// The final answers by key: body, and the headers that belong to it.
    told: BTreeMap<String, (Timestamp, Vec<u8>)>,
    keys: u32,
    home: Home,
}

/// A request with a key.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    path: String,
    key: String,
    body: Value,
}

impl Person {
    pub(super) fn named(index: usize) -> Self {
        Self {
            email: format!("customer-{index}@example.com"),
            home: Home::of(index),
            ..Self::default()
        }
    }
}

/// True while a client cannot know what came of its request.
pub(super) fn is_open(answer: &Answer) -> bool {
    matches!(answer.status, 500 | 503)
        || (answer.status == 409 && answer.json["code"] == "request_in_progress")
}

impl Stand {
    /// Asks as this customer, who logs in again where that is needed.
    pub(super) async fn ask<'a>(
        &'a self,
        who: usize,
        method: &str,
        path: &str,
        with: impl Fn(Call<'a>) -> Call<'a>,
    ) -> Answer {
        let answer = self.ask_once(who, method, path, &with).await;
        if answer.status == 401 && self.log_in(who).await {
            return self.ask_once(who, method, path, &with).await;
        }
        answer
    }

    /// Asks as this customer with the token at hand.
    pub(super) async fn ask_once<'a>(
        &'a self,
        who: usize,
        method: &str,
        path: &str,
        with: &impl Fn(Call<'a>) -> Call<'a>,
    ) -> Answer {
        let token = self.with(who, |person| person.access.clone());
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        self.call(Some(who), method, path, |call| {
            with(call.header("authorization", &bearer))
        })
        .await
    }

    pub(super) async fn put_in_cart(&self, who: usize, plan: Plan) {
        let path = format!("/v1/cart/items/{}", plan.id);
        let body = json!({"quantity": plan.quantity});
        self.ask(who, "PUT", &path, |call| call.json(&body)).await;
    }

    /// Orders something under a new key.
    pub(super) async fn order(&self, who: usize, plan: Option<Plan>) {
        let mut body = order_of(&[]);
        let home = self.with(who, |person| person.home);
        body["billingAddress"] = home.address();
        let members = body.as_object_mut().unwrap();
        if let Some(number) = home.vat_number {
            members.insert("vatNumber".to_owned(), json!(number));
        }
        match plan {
            Some(plan) => {
                let line = json!({"planId": plan.id, "quantity": plan.quantity});
                members.insert("items".to_owned(), json!([line]));
                members.insert("currency".to_owned(), json!(home.currency));
                // Few are refused for it before it is there, and after.
                if plan.quantity.is_multiple_of(5) {
                    members.insert("couponCode".to_owned(), json!(HISTORY));
                }
            }
            None => {
                members.remove("items");
                members.insert("fromCart".to_owned(), json!(true));
            }
        }
        self.ask_anew(who, "/v1/orders", body).await;
    }

    /// Asks under a new key.
    async fn ask_anew(&self, who: usize, path: &str, body: Value) {
        let key = self.with(who, |person| {
            person.keys += 1;
            format!("key-{}", person.keys)
        });
        let asked = Asked {
            path: path.to_owned(),
            key,
            body,
        };
        self.with(who, |person| person.last = Some(asked.clone()));
        self.ask_keyed(who, asked).await;
    }

    /// Opens a page for a card, and gives one on the last page there is.
    pub(super) async fn give_card(&self, who: usize, card: &str) {
        self.ask_anew(who, "/v1/payment-methods", return_to()).await;
        self.pay(who, 0, card).await;
    }

    /// Asks for another page of one of the orders.
    pub(super) async fn another_page(&self, who: usize, back: usize) {
        let order = self.with(who, |person| person.orders.iter().rev().nth(back).cloned());
        if let Some(order) = order {
            let path = format!("/v1/orders/{order}/payment");
            self.ask_anew(who, &path, return_to()).await;
        }
    }

    /// Makes one of the saved cards the default, or removes it.
    pub(super) async fn use_card(&self, who: usize, back: usize, remove: bool) {
        let path = "/v1/payment-methods";
        let listed = self.ask(who, "GET", path, |call| call).await;
        let cards = listed.json["data"].as_array().cloned().unwrap_or_default();
        let Some(id) = cards
            .iter()
            .rev()
            .nth(back)
            .and_then(|it| it["id"].as_str())
        else {
            return;
        };
        let (method, path) = match remove {
            true => ("DELETE", format!("{path}/{id}")),
            false => ("PUT", format!("{path}/{id}/default")),
        };
        self.ask(who, method, &path, |call| call).await;
    }

    /// Asks once more what was asked last.
    pub(super) async fn ask_again(&self, who: usize) {
        if let Some(asked) = self.with(who, |person| person.last.clone()) {
            self.ask_keyed(who, asked).await;
        }
    }

    pub(super) async fn ask_keyed(&self, who: usize, asked: Asked) {
        let answer = self
            .ask(who, "POST", &asked.path, |call| {
                call.key(&asked.key).json(&asked.body)
            })
            .await;
        self.with(who, |person| {
            person.open.retain(|open| open.key != asked.key);
        });
        if is_open(&answer) {
            self.with(who, |person| person.open.push(asked));
            return;
        }
        if ![200, 201].contains(&answer.status) {
            return;
        }
        let mut bytes = answer.bytes.to_vec();
        for name in ["content-type", "location", "etag"] {
            bytes.extend_from_slice(answer.header(name).as_bytes());
        }
        let now = self.shop.cloud.now();
        let before = self.with(who, |person| {
            let told = person.told.get(&asked.key).cloned();
            // A key is good for a day: after that it may be another request.
            told.filter(|(at, _)| now.duration_since(*at) < KEY_LIFE)
                .map(|(_, bytes)| bytes)
        });
        if before.is_none() {
            self.with(who, |person| {
                person.told.insert(asked.key.clone(), (now, bytes.clone()))
            });
        }
        match before {
            Some(before) if before != bytes => self.complain(format!(
                "the answer under {} of customer {who} changed",
                asked.key
            )),
            Some(_) if answer.header("idempotency-replayed") != "true" => {
                self.complain(format!("a replay of {} does not say so", asked.key));
            }
            Some(_) => {}
            None => self.note_order(who, &answer.json["data"]),
        }
    }

    fn note_order(&self, who: usize, placed: &Value) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.with(who, |person| {
            let order = text(&placed["order"]["id"]);
            person.orders.retain(|known| Some(known) != order.as_ref());
            person.orders.extend(order);
            person.pages.extend(text(&placed["payment"]["checkoutUrl"]));
            person.pages.extend(text(&placed["setupUrl"]));
        });
    }

    /// Pays on one of the pages there was an answer or a mail for.
    pub(super) async fn pay(&self, who: usize, back: usize, card: &str) {
        let (email, mut pages) =
            self.with(who, |person| (person.email.clone(), person.pages.clone()));
        let mails = self.shop.cloud.mails(Some(&email));
        pages.extend(mails.into_iter().flat_map(|mail| mail.links));
        let sessions: Vec<&str> = pages
            .iter()
            .filter_map(|page| page.split_once("/_local/checkout/"))
            .map(|(_, session)| session)
            .collect();
        let Some(session) = sessions.iter().rev().nth(back) else {
            return;
        };
        let path = format!("/_local/checkout/{session}");
        let paid = self.shop.post(&path, &json!({ "card": card })).await;
        if paid.json["status"] == "authentication_required" {
            self.shop.post(&path, &json!({"authenticate": true})).await;
        }
    }

    pub(super) async fn cancel(&self, who: usize, back: usize) {
        let order = self.with(who, |person| person.orders.iter().rev().nth(back).cloned());
        if let Some(order) = order {
            self.cancel_order(who, &order).await;
        }
    }

    pub(super) async fn cancel_order(&self, who: usize, order: &str) {
        let path = format!("/v1/orders/{order}/cancellation");
        self.ask(who, "POST", &path, |call| call.json(&json!({})))
            .await;
    }

    /// Reads everything there is.
    pub(super) async fn look(&self, who: usize) {
        self.look_for_orders(who).await;
        for path in [
            "/v1/me",
            "/v1/cart",
            "/v1/subscriptions",
            "/v1/invoices?limit=2",
            "/v1/products?q=edr",
        ] {
            let answer = self.ask(who, "GET", path, |call| call).await;
            let first = answer.json["data"][0]["id"].as_str().map(str::to_owned);
            let Some(id) = first else { continue };
            let one = match path.split('?').next().unwrap() {
                "/v1/subscriptions" => format!("/v1/subscriptions/{id}/renewals"),
                "/v1/products" => continue,
                list => format!("{list}/{id}"),
            };
            self.ask(who, "GET", &one, |call| call).await;
        }
    }

    /// No order somebody was told of is missing from the list.
    async fn look_for_orders(&self, who: usize) {
        let known = self.with(who, |person| person.orders.clone());
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/orders?limit=3{cursor}");
            let answer = self.ask(who, "GET", &path, |call| call).await;
            if answer.status != 200 {
                return;
            }
            let page = answer.json["data"].as_array().unwrap();
            found.extend(
                page.iter()
                    .filter_map(|order| order["id"].as_str().map(str::to_owned)),
            );
            match answer.json["metadata"]["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for order in known.iter().filter(|order| !found.contains(order)) {
            self.complain(format!(
                "{order} is missing from the list of customer {who}"
            ));
        }
    }

    /// Asks for the next customer's things: they are not there.
    pub(super) async fn pry(&self, who: usize) {
        let other = (who + 1) % self.people();
        let orders = self.with(other, |person| person.orders.clone());
        let Some(order) = orders.last() else { return };
        if other == who {
            return;
        }
        for (method, path) in [
            ("GET", format!("/v1/orders/{order}")),
            ("POST", format!("/v1/orders/{order}/cancellation")),
        ] {
            let answer = self
                .ask(who, method, &path, |call| {
                    if method == "POST" {
                        call.json(&json!({}))
                    } else {
                        call
                    }
                })
                .await;
            if answer.status < 400 {
                self.complain(format!("customer {who} got {path} of customer {other}"));
            }
        }
    }
}
