//! Coupons: what they take off, how often, and from whom.

mod limits;
mod making;

use domain::tiers::PriceScheme;
use serde_json::{Value, json};
use tests::shop::{
    Answer, EDR_MONTHLY, EDR_TIERS, EDR_YEARLY, GOOD_CARD, PASSWORD, Shop, User, order_of, text,
};
use tests::stage::{coupon_of, staff};

/// A shop in which Ada buys, with an administrator.
struct Scene {
    shop: Shop,
    ada: User,
    admin: User,
}

impl Scene {
    async fn set() -> Self {
        let shop = Shop::at("2026-02-01T09:00:00Z").await;
        let ada = shop.customer("ada@example.com").await;
        let admin = staff(&shop, "admin").await;
        Self { shop, ada, admin }
    }

    /// A coupon that an administrator makes.
    async fn coupon(&self, coupon: Value) -> Value {
        let call = self.admin.call("POST", "/v1/admin/coupons").json(&coupon);
        call.send().await.data(201)
    }

    /// By how many orders it is redeemed, whatever time it is.
    async fn redemptions(&self, code: &str) -> u64 {
        let admin = staff(&self.shop, "admin").await;
        let coupon = admin.get(&format!("/v1/admin/coupons/{code}")).await;
        coupon.data(200)["redemptions"].as_u64().unwrap()
    }
}

/// Five of a plan for 4.90 each, with a coupon.
fn order_with(code: &str) -> Value {
    with(order_of(&[(EDR_MONTHLY, 5)]), code)
}

fn with(mut order: Value, code: &str) -> Value {
    order["couponCode"] = json!(code);
    order
}

async fn place(user: &User, order: &Value, key: &str) -> Answer {
    let user = user.shop.log_in(&user.email, PASSWORD).await;
    let call = user.call("POST", "/v1/orders").key(key).json(order);
    call.send().await
}

/// Places and pays an order.
async fn buy(user: &User, order: &Value, key: &str) -> Value {
    let placed = place(user, order, key).await.data(201);
    user.shop.pay(&placed, GOOD_CARD).await;
    user.shop.cloud.settle().await;
    let order = user.standing(&placed).await;
    assert_eq!(order["status"], "paid");
    order
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    answer.refused(422, "validation_failed");
    let error = &answer.json["errors"][0];
    let told = (&error["path"], &error["code"]);
    assert_eq!(told, (&json!("/couponCode"), &json!(code)));
}

#[tokio::test]
async fn a_fifth_is_taken_off_the_order_and_off_three_periods_to_the_cent() {
    let scene = Scene::set().await;
    let made = scene
        .coupon(json!({
            "code": "welcome-20", "kind": "percent", "basisPoints": 2_000,
            "duration": "repeating", "periods": 3,
        }))
        .await;
    assert_eq!(made["code"], "WELCOME-20");
    let order = with(order_of(&[(EDR_MONTHLY, 5), (EDR_TIERS, 10)]), "Welcome-20");
    let call = scene.ada.call("POST", "/v1/orders/quote").json(&order);
    let quote = call.send().await.data(200);
    // 24.50 and 79.00: a fifth of 103.50 is 20.70, of which 4.90 and 15.80.
    assert_eq!(quote["discount"]["amount"], 2_070);
    assert_eq!(quote["lines"][0]["discount"]["amount"], 490);
    assert_eq!(quote["lines"][1]["discount"]["amount"], 1_580);
    assert_eq!(quote["tax"]["amount"], 1_656);
    assert_eq!(quote["total"]["amount"], 8_280 + 1_656);
    let steps = quote["explanation"].as_array().unwrap();
    let rules: Vec<&str> = steps
        .iter()
        .map(|it| it["rule"].as_str().unwrap())
        .collect();
    assert_eq!(
        rules[3..6],
        ["percent_off", "share_of_discount", "share_of_discount"]
    );
    assert_eq!(
        steps[3]["text"],
        "Code WELCOME-20: 20% of €103.50 = €20.70, rounded once to the nearest cent"
    );

    let mut order = order;
    order["quoteToken"] = quote["quoteToken"].clone();
    let paid = buy(&scene.ada, &order, "a").await;
    assert_eq!(paid["couponCode"], "WELCOME-20");
    let subscription = text(&paid["subscriptionIds"][0]);
    let totals = |renewals: &[Value]| -> Vec<i64> {
        let totals = renewals
            .iter()
            .map(|it| it["total"]["amount"].as_i64().unwrap());
        totals.collect()
    };
    for _ in 0..4 {
        scene.shop.advance("P1M").await;
    }
    // 19.60 and 3.92 VAT three times, then 24.50 and 4.90.
    let renewals = scene.ada.renewals(&subscription).await;
    let first = scene
        .ada
        .get(&format!("/v1/invoices/{}", text(&paid["invoiceId"])))
        .await;
    assert_eq!(first.data(200)["discount"]["amount"], 2_070);
    assert_eq!(totals(&renewals)[1..], [2_352, 2_352, 2_940, 2_940]);
    let invoice = text(&renewals[2]["invoiceId"]);
    let invoice = scene
        .ada
        .get(&format!("/v1/invoices/{invoice}"))
        .await
        .data(200);
    assert_eq!(invoice["lines"][0]["subtotal"]["amount"], 2_450);
    assert_eq!(invoice["lines"][0]["discount"]["amount"], 490);
    assert_eq!(invoice["taxes"][0]["base"]["amount"], 1_960);
    scene.shop.audit(&scene.ada).await;
}

/// A fixed amount is taken off once an invoice: each subscription keeps its
/// share.
#[tokio::test]
async fn a_fixed_amount_is_shared_by_what_was_bought_together_for_good() {
    let scene = Scene::set().await;
    scene
        .coupon(json!({
            "code": "TEN-OFF", "kind": "amount", "amount": {"amount": 1_000, "currency": "EUR"},
            "duration": "forever",
        }))
        .await;
    let order = with(order_of(&[(EDR_MONTHLY, 5), (EDR_TIERS, 10)]), "TEN-OFF");
    let paid = buy(&scene.ada, &order, "a").await;
    let lines = &paid["lines"];
    // 10.00 over 24.50 and 79.00.
    assert_eq!(lines[0]["discount"]["amount"], 237);
    assert_eq!(lines[1]["discount"]["amount"], 763);
    scene.shop.advance("P1M").await;
    let mut discounts = Vec::new();
    for subscription in paid["subscriptionIds"].as_array().unwrap() {
        let renewals = scene.ada.renewals(&text(subscription)).await;
        let invoice = text(&renewals[1]["invoiceId"]);
        let invoice = scene
            .ada
            .get(&format!("/v1/invoices/{invoice}"))
            .await
            .data(200);
        discounts.push(invoice["discount"]["amount"].as_i64().unwrap());
    }
    assert_eq!(discounts, [237, 763]);
    scene.shop.audit(&scene.ada).await;
}

/// CART-11: of another customer's coupon nobody learns that it is there.
#[tokio::test]
async fn a_coupon_says_why_it_cannot_be_redeemed() {
    let scene = Scene::set().await;
    let amount = json!({"amount": 500, "currency": "USD"});
    let eve = scene.shop.customer("eve@example.com").await;
    let product = "prd_01945000000070008000000000000999";
    for (change, code) in [
        (
            json!({"kind": "amount", "amount": amount, "basisPoints": null}),
            "currency_mismatch",
        ),
        (json!({"startsAt": "2026-02-01T10:00:00Z"}), "not_started"),
        (json!({"accountId": eve.account}), "unknown_coupon"),
        (json!({"products": [product]}), "not_applicable"),
        (json!({"basisPoints": 9_999}), "too_large"),
        (json!({"basisPoints": 10_000}), "too_large"),
    ] {
        let mut coupon = coupon_of(&format!("C-{}", code.to_uppercase().replace('_', "-")));
        for (name, value) in change.as_object().unwrap() {
            coupon[name] = value.clone();
        }
        coupon["code"] = json!(format!("CODE-{}", scene.shop.cloud.effects()));
        let fields = coupon.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        let made = scene.coupon(coupon).await;
        let order = order_with(&text(&made["code"]));
        let digest = scene.shop.digest().await;
        for path in ["/v1/orders", "/v1/orders/quote"] {
            let call = scene.ada.call("POST", path).key("a").json(&order);
            refused(&call.send().await, code);
        }
        assert_eq!(scene.shop.digest().await, digest);
    }
    refused(
        &place(&scene.ada, &order_with("NOBODYS"), "a").await,
        "unknown_coupon",
    );
    let call = scene.shop.call("POST", "/v1/orders/quote");
    let call = call.json(&order_with("NOBODYS"));
    refused(&call.send().await, "unknown_coupon");
}

/// CART-10.
#[tokio::test]
async fn an_ended_coupon_goes_on_where_it_was_redeemed_and_is_redeemed_no_more() {
    let scene = Scene::set().await;
    let mut coupon = coupon_of("FOREVER");
    coupon["duration"] = json!("forever");
    scene.coupon(coupon).await;
    let paid = buy(&scene.ada, &order_with("FOREVER"), "a").await;
    let end = || {
        scene
            .admin
            .call("DELETE", "/v1/admin/coupons/FOREVER")
            .send()
    };
    end().await.data(200);
    let ended = end().await.data(200);
    assert_eq!(ended["redemptions"], 1);
    let eve = scene.shop.customer("eve@example.com").await;
    refused(&place(&eve, &order_with("FOREVER"), "e").await, "expired");
    scene.shop.advance("P1M").await;
    let renewals = scene.ada.renewals(&text(&paid["subscriptionIds"][0])).await;
    assert_eq!(renewals[1]["total"]["amount"], 2_646);
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn a_customer_redeems_a_coupon_once_and_again_when_the_order_died_unpaid() {
    let scene = Scene::set().await;
    scene.coupon(coupon_of("ONCE")).await;
    let first = place(&scene.ada, &order_with("ONCE"), "a").await.data(201);
    refused(
        &place(&scene.ada, &order_with("ONCE"), "b").await,
        "customer_limit",
    );
    assert_eq!(scene.redemptions("ONCE").await, 1);
    scene.ada.cancel(&first).await.data(200);
    scene.ada.cancel(&first).await.data(200);
    assert_eq!(scene.redemptions("ONCE").await, 0);
    place(&scene.ada, &order_with("ONCE"), "c").await.data(201);
    // Nobody pays it.
    scene.shop.advance("P1D").await;
    assert_eq!(scene.redemptions("ONCE").await, 0);
    buy(&scene.ada, &order_with("ONCE"), "d").await;
    scene.shop.advance("P1D").await;
    assert_eq!(scene.redemptions("ONCE").await, 1);
    refused(
        &place(&scene.ada, &order_with("ONCE"), "e").await,
        "customer_limit",
    );
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn a_first_purchase_is_made_once() {
    let scene = Scene::set().await;
    let mut coupon = coupon_of("NEWCOMER");
    coupon["firstPurchaseOnly"] = json!(true);
    coupon["perCustomer"] = json!(5);
    scene.coupon(coupon).await;
    buy(&scene.ada, &order_with("NEWCOMER"), "a").await;
    let second = place(&scene.ada, &order_with("NEWCOMER"), "b").await;
    refused(&second, "first_purchase_only");
}

/// Whoever looks for codes by trying is told nothing for a while, not even of
/// one that is there.
#[tokio::test]
async fn codes_are_not_found_by_trying() {
    let scene = Scene::set().await;
    scene.coupon(coupon_of("HIDDEN")).await;
    let quote = |code: &str| {
        let call = scene.shop.call("POST", "/v1/orders/quote");
        call.json(&order_with(code)).send()
    };
    for _ in 0..30 {
        quote("HIDDEN").await.data(200);
    }
    for _ in 0..20 {
        refused(&quote("GUESS").await, "unknown_coupon");
    }
    for code in ["GUESS", "HIDDEN"] {
        let answer = quote(code).await;
        answer.refused(429, "too_many_requests");
        assert!(answer.headers.contains_key("retry-after"));
    }
    scene.shop.wait(60);
    quote("HIDDEN").await.data(200);
}

/// Half of 10.01 and 0.83 leaves 0.42 of the second line now, and 0.41 when it
/// renews alone: with VAT, a cent below what the provider charges.
#[tokio::test]
async fn what_would_not_be_charged_when_it_renews_is_not_sold() {
    let scene = Scene::set().await;
    let price = |cents: i64| PriceScheme::PerUnit { unit_amount: cents };
    scene
        .shop
        .publish(|products| {
            let plans = products.iter_mut().flat_map(|it| &mut it.plans);
            for plan in plans {
                for price_of in &mut plan.prices {
                    match plan.id.to_string().as_str() {
                        EDR_MONTHLY => price_of.scheme = price(1_001),
                        EDR_YEARLY => price_of.scheme = price(83),
                        _ => {}
                    }
                }
            }
        })
        .await;
    scene.shop.advance("PT1M").await;
    let mut coupon = coupon_of("HALF-OFF");
    coupon["basisPoints"] = json!(5_000);
    scene.coupon(coupon.clone()).await;
    coupon["code"] = json!("HALF-FOR-GOOD");
    coupon["duration"] = json!("forever");
    scene.coupon(coupon).await;
    let order = order_of(&[(EDR_MONTHLY, 1), (EDR_YEARLY, 1)]);
    let for_good = with(order.clone(), "HALF-FOR-GOOD");
    refused(&place(&scene.ada, &for_good, "a").await, "too_large");
    place(&scene.ada, &with(order, "HALF-OFF"), "b")
        .await
        .data(201);
}

/// A repetition of a placed order is answered as before, though nobody at its
/// address may try codes any more.
#[tokio::test]
async fn a_repetition_costs_no_try() {
    let scene = Scene::set().await;
    scene.coupon(coupon_of("ONCE")).await;
    let order = order_with("ONCE");
    let first = place(&scene.ada, &order, "a").await;
    for _ in 0..21 {
        let call = scene.shop.call("POST", "/v1/orders/quote");
        call.json(&order_with("GUESS")).send().await;
    }
    place(&scene.ada, &order, "b")
        .await
        .refused(429, "too_many_requests");
    let again = place(&scene.ada, &order, "a").await;
    assert_eq!((again.status, again.bytes), (201, first.bytes));
}
