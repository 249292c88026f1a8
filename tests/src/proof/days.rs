//! Days of a shop in which all kinds of things are ordered, paid and given
//! back, and whose every day is then compared with the provider's book.

use crate::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, text};
use crate::stage::{refund_of, staff};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// When the days begin.
const BEGIN: &str = "2026-03-02T08:00:00Z";

/// How many customers order in turn.
const CUSTOMERS: usize = 5;

/// A card that is declined.
const DECLINED: &str = "4000000000009995";

/// What the days came to.
#[derive(Debug, Default)]
pub struct Days {
    /// How many days there were.
    pub days: usize,
    /// How many orders.
    pub orders: usize,
    /// Captures and refunds in both books, and what they sum to, in cents.
    pub ledger: Sums,
    /// The same at the provider, by the days' answers.
    pub provider: Sums,
    /// The same in the provider's whole book.
    pub whole: Sums,
    /// What differed, each as the answer told it.
    pub differences: Vec<Value>,
}

/// What moved, in cents, and how often.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Captured.
    pub captured: i64,
    /// How often.
    pub captures: i64,
    /// Given back.
    pub refunded: i64,
    /// How often.
    pub refunds: i64,
}

/// Plays so many orders, renews what they began, and compares every day.
pub async fn play(orders: usize) -> Days {
    let shop = Shop::at(BEGIN).await;
    let mut emails = Vec::new();
    for n in 0..CUSTOMERS {
        let email = format!("customer-{n}@example.com");
        shop.customer(&email).await;
        emails.push(email);
    }
    for (n, email) in (0..orders).zip(emails.iter().cycle()) {
        // Some at night, and never at the same minute of a day.
        shop.advance("PT53M").await;
        let customer = shop.log_in(email, PASSWORD).await;
        order(&shop, &customer, n).await;
    }
    // Until the last of them was renewed, or not.
    shop.advance("P1M").await;
    shop.advance("P2D").await;
    Days {
        orders,
        ..compare(&shop).await
    }
}

/// An order of the n-th kind.
async fn order(shop: &Shop, customer: &User, n: usize) {
    let quantity = 1 + n as u64 % 3;
    let key = format!("order-{n}");
    let placed = customer.order(EDR_MONTHLY, quantity, &key).await.data(201);
    let payment = text(&placed["payment"]["id"]);
    let card = if n % 5 == 1 { DECLINED } else { GOOD_CARD };
    shop.pay(&placed, card).await;
    if n % 5 == 2 {
        // It is paid, and nobody knows when it is canceled: a surplus.
        customer.cancel(&placed).await.data(200);
    }
    shop.cloud.settle().await;
    match n % 5 {
        3 => give_back(shop, &payment, Some(100 + n as i64 % 300)).await,
        4 => give_back(shop, &payment, None).await,
        _ => {}
    }
}

/// Gives some or all of a payment back.
async fn give_back(shop: &Shop, payment: &str, cents: Option<i64>) {
    let finance = staff(shop, "finance").await;
    let path = format!("/v1/admin/payments/{payment}");
    let read = finance.get(&path).await.data(200);
    let left = read["refundable"]["amount"].as_i64().unwrap();
    let asked = finance
        .call("POST", &format!("{path}/refunds"))
        .key(payment)
        .json(&refund_of(cents.unwrap_or(left)));
    let refund = asked.send().await.data(201)["refund"].clone();
    if refund["status"] == "awaiting_approval" {
        let admin = staff(shop, "admin").await;
        let path = format!("{path}/refunds/{}/approval", text(&refund["id"]));
        let agrees = admin.call("POST", &path);
        let agrees = agrees.json(&json!({"decision": "approve"}));
        agrees.send().await.data(200);
    }
    shop.cloud.settle().await;
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Compares every day until now.
pub async fn compare(shop: &Shop) -> Days {
    let finance = staff(shop, "finance").await;
    let mut found = Days::default();
    let mut day = date(BEGIN.parse().unwrap());
    while day <= date(shop.cloud.now()) {
        let path = format!("/v1/admin/ledger/days/{day}");
        let books = finance.get(&path).await.data(200);
        assert_eq!(books["complete"], true, "{day}");
        let told = books["differences"].as_array().unwrap();
        assert_eq!(books["agrees"], told.is_empty(), "{day}");
        found.differences.extend(told.iter().cloned());
        found.ledger.add_ledger(&books);
        found.provider.add_provider(&books);
        found.days += 1;
        day = day.tomorrow().unwrap();
    }
    found.whole = Sums::of_book(&shop.book().await);
    found
}

fn rows<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

impl Sums {
    fn add_ledger(&mut self, books: &Value) {
        for totals in rows(books, "ledger") {
            for it in rows(totals, "accounts").filter(|it| it["account"] == "provider") {
                self.captured += number(&it["debit"]["amount"]);
                self.refunded += number(&it["credit"]["amount"]);
            }
            for it in rows(totals, "movements") {
                match it["kind"].as_str().unwrap() {
                    "capture" => self.captures += number(&it["count"]),
                    "refund" | "surplus_refund" => self.refunds += number(&it["count"]),
                    _ => {}
                }
            }
        }
    }

    fn add_provider(&mut self, books: &Value) {
        for it in rows(books, "provider") {
            self.captured += number(&it["captured"]["amount"]);
            self.captures += number(&it["captures"]);
            self.refunded += number(&it["refunded"]["amount"]);
            self.refunds += number(&it["refunds"]);
        }
    }

    fn of_book(book: &Value) -> Self {
        let mut sums = Self::default();
        for it in rows(book, "payments") {
            let captured = number(&it["amountCaptured"]);
            sums.captured += captured;
            sums.captures += i64::from(captured > 0);
        }
        for it in rows(book, "refunds") {
            sums.refunded += number(&it["amount"]);
            sums.refunds += 1;
        }
        sums
    }
}
