//! Ordering and paying.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, EDR_TIERS, EDR_YEARLY, GOOD_CARD, Shop, address, order_of, text};

/// 2,900.00 a month, each.
const HUNTING_MONTHLY: &str = "pln_01944000000070008000000000000041";
/// 10,440.00 a year, each.
const HUNTING_YEARLY: &str = "pln_01944000000070008000000000000042";
/// 139.00 a year, each.
const XDR_YEARLY: &str = "pln_01948000000070008000000000000082";
/// By the year, graduated, up to 20,000.
const MANAGED_YEARLY: &str = "pln_0194a0000000700080000000000000a2";

#[tokio::test]
async fn a_paid_order_becomes_a_subscription_with_a_numbered_invoice_and_a_mail() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 10, "k1").await.data(201);
    assert_eq!(placed["order"]["status"], "pending");
    assert_eq!(placed["order"]["subscriptionIds"], json!([]));
    let subtotal = placed["order"]["subtotal"]["amount"].as_i64().unwrap();
    let total = placed["order"]["total"]["amount"].as_i64().unwrap();
    assert_eq!(
        total,
        subtotal + (subtotal * 20 + 50) / 100,
        "VAT at 20 %, rounded once"
    );

    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;

    let order = ada.standing(&placed).await;
    assert_eq!(order["status"], "paid");
    let subscription = ada.subscription(&text(&order["subscriptionIds"][0])).await;
    assert_eq!(
        (&subscription["status"], &subscription["quantity"]),
        (&json!("active"), &json!(10))
    );
    assert_eq!(subscription["currentPeriod"]["index"], 0);
    assert_eq!(
        subscription["nextActionAt"],
        subscription["currentPeriod"]["end"]
    );
    let invoices = ada.invoices().await;
    assert_eq!(invoices.len(), 1);
    assert_eq!(invoices[0]["number"], "F2026-000001");
    assert_eq!(
        (&invoices[0]["status"], &invoices[0]["total"]["amount"]),
        (&json!("paid"), &json!(total))
    );
    assert_eq!(invoices[0]["buyer"]["company"], "Analytical Engines");
    let invoice = ada
        .get(&format!("/v1/invoices/{}", text(&order["invoiceId"])))
        .await
        .data(200);
    assert_eq!(invoice, invoices[0]);
    let mails = shop.cloud.mails(Some(&ada.email));
    assert!(
        mails.last().unwrap().text.contains("F2026-000001"),
        "the confirmation names the invoice"
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_same_order_posted_again_is_answered_the_same_and_charged_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let first = ada.order(EDR_MONTHLY, 3, "same").await;
    let digest = shop.digest().await;
    for _ in 0..5 {
        let again = ada.order(EDR_MONTHLY, 3, "same").await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(shop.digest().await, digest, "a replay writes nothing");
    assert_eq!(shop.book().await["sessions"].as_array().unwrap().len(), 1);
    ada.order(EDR_MONTHLY, 4, "same")
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(shop.digest().await, digest);
}

#[tokio::test]
async fn a_key_is_one_accounts_own() {
    let shop = Shop::open().await;
    let (ada, bob) = (
        shop.customer("ada@example.com").await,
        shop.customer("bob@example.com").await,
    );
    let hers = ada.order(EDR_MONTHLY, 1, "shared").await.data(201);
    let his = bob.order(EDR_MONTHLY, 1, "shared").await.data(201);
    assert_ne!(hers["order"]["id"], his["order"]["id"]);
}

#[tokio::test]
async fn an_order_takes_the_cart_and_only_that_version_of_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let put = |plan: &'static str, quantity: u64| {
        let ada = ada.clone();
        async move {
            ada.call("PUT", &format!("/v1/cart/items/{plan}"))
                .json(&json!({"quantity": quantity}))
                .send()
                .await
                .data(200)
        }
    };
    put(EDR_MONTHLY, 2).await;
    let cart = put(EDR_YEARLY, 1).await;
    let version = cart["version"].as_u64().unwrap();
    let from_cart = |version: u64| json!({"fromCart": true, "cartVersion": version, "billingAddress": address(), "returnUrl": "http://localhost:5173/done", "acceptTerms": true});
    let digest = shop.digest().await;
    ada.call("POST", "/v1/orders")
        .key("old")
        .json(&from_cart(version - 1))
        .send()
        .await
        .refused(412, "version_mismatch");
    assert_eq!(shop.digest().await, digest);
    let placed = ada
        .call("POST", "/v1/orders")
        .key("now")
        .json(&from_cart(version))
        .send()
        .await
        .data(201);
    assert_eq!(placed["order"]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(placed["order"]["subtotal"], cart["subtotal"]);
    assert_eq!(ada.get("/v1/cart").await.data(200)["items"], json!([]));
    ada.call("POST", "/v1/orders")
        .key("again")
        .json(&from_cart(version))
        .send()
        .await
        .refused(409, "cart_already_ordered");
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    let order = ada.standing(&placed).await;
    assert_eq!(
        order["subscriptionIds"].as_array().unwrap().len(),
        2,
        "one subscription for each line"
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn tiers_are_priced_by_the_server() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut order = order_of(&[(EDR_TIERS, 120)]);
    order["items"][0]["unitPrice"] = json!({"amount": 1, "currency": "EUR"});
    ada.call("POST", "/v1/orders")
        .key("k")
        .json(&order)
        .send()
        .await
        .refused_fields(&[("/items/0/unitPrice", "unknown_field")]);
    let placed = ada.order(EDR_TIERS, 120, "k2").await.data(201);
    assert_eq!(placed["order"]["lines"][0]["unitPrice"], Value::Null);
    let product = shop.get("/v1/products/edr-advanced").await.data(200);
    let tiers = product["plans"][0]["prices"][0]["tiers"]
        .as_array()
        .unwrap()
        .clone();
    let (mut from, mut expected) = (0, 0);
    for tier in tiers {
        let up_to = tier["upTo"].as_u64().unwrap_or(u64::MAX);
        let units = 120_u64.min(up_to).saturating_sub(from);
        if units > 0 {
            expected +=
                units * tier["unitAmount"].as_u64().unwrap() + tier["flatAmount"].as_u64().unwrap();
        }
        from = up_to;
    }
    assert_eq!(placed["order"]["subtotal"]["amount"], expected);
}

#[tokio::test]
async fn a_declined_card_ends_nothing_and_the_next_card_pays() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let declined = shop.pay(&placed, "4000000000009995").await;
    assert_eq!(
        declined,
        json!({"status": "declined", "declineCode": "insufficient_funds"})
    );
    shop.cloud.settle().await;
    let path = format!("/v1/orders/{}", text(&placed["order"]["id"]));
    assert_eq!(ada.get(&path).await.data(200)["status"], "pending");
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    assert_eq!(ada.get(&path).await.data(200)["status"], "paid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_that_asks_for_authentication_pays_after_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    assert_eq!(
        shop.pay(&placed, "4000002500003155").await["status"],
        "authentication_required"
    );
    let url = text(&placed["payment"]["checkoutUrl"]);
    let path = format!("/_local/{}", url.split_once("/_local/").unwrap().1);
    assert_eq!(
        shop.post(&path, &json!({"authenticate": true})).await.json["status"],
        "paid"
    );
    shop.cloud.settle().await;
    assert_eq!(ada.invoices().await.len(), 1);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_canceled_order_closes_its_page_and_cancels_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    for _ in 0..2 {
        assert_eq!(ada.cancel(&placed).await.data(200)["status"], "canceled");
    }
    assert_ne!(
        shop.pay(&placed, GOOD_CARD).await["status"],
        "paid",
        "the page is closed"
    );
    shop.advance("PT2H").await;
    assert_eq!(ada.standing(&placed).await["status"], "canceled");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_order_canceled_before_it_was_answered_gets_no_page() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.cut_off_provider().await;
    ada.order(EDR_MONTHLY, 1, "k")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    let order = ada.get("/v1/orders").await.data(200)[0].clone();
    ada.cancel(&json!({"order": order})).await.data(200);
    // The same key goes on with the same order.
    shop.wait(20);
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    assert_eq!(placed["order"]["id"], order["id"]);
    assert_eq!(placed["order"]["status"], "canceled");
    assert_eq!(placed["payment"]["checkoutUrl"], Value::Null);
    shop.advance("PT2H").await;
    assert_eq!(shop.book().await["sessions"], json!([]));
    assert_eq!(ada.standing(&placed).await["status"], "canceled");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_paid_order_cannot_be_canceled() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 1).await;
    let digest = shop.digest().await;
    let path = format!("/v1/orders/{}/cancellation", text(&order["id"]));
    ada.call("POST", &path)
        .json(&json!({}))
        .send()
        .await
        .refused(409, "state_conflict");
    assert_eq!(shop.digest().await, digest);
}

#[tokio::test]
async fn an_order_that_is_never_paid_expires_with_its_page() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.advance("PT2H").await;
    let order = ada.standing(&placed).await;
    assert_eq!(order["status"], "expired");
    assert_eq!(order["subscriptionIds"], json!([]));
    assert!(ada.invoices().await.is_empty());
    shop.audit(&ada).await;
}

#[tokio::test]
async fn what_the_provider_would_not_charge_is_refused_before_anything_is_written() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let digest = shop.digest().await;
    let order = async |lines: &[(&str, u64)]| {
        let call = ada.call("POST", "/v1/orders").key("k");
        call.json(&order_of(lines)).send().await
    };
    order(&[(MANAGED_YEARLY, 20_000)])
        .await
        .refused_fields(&[("/items/0/quantity", "out_of_range")]);
    // With VAT: 626,400.00, 174,000.00, 166,800.00 and 63,480.00.
    let lines = [
        (HUNTING_YEARLY, 50),
        (HUNTING_MONTHLY, 50),
        (XDR_YEARLY, 1_000),
        (EDR_YEARLY, 1_000),
    ];
    order(&lines)
        .await
        .refused_fields(&[("/items", "out_of_range")]);
    assert_eq!(shop.digest().await, digest);
    let largest = order(&lines[..3]).await.data(201);
    assert_eq!(largest["order"]["total"]["amount"], 96_720_000);
    shop.pay(&largest, GOOD_CARD).await;
    shop.cloud.settle().await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn another_customers_things_are_not_there() {
    let shop = Shop::open().await;
    let (ada, eve) = (
        shop.customer("ada@example.com").await,
        shop.customer("eve@example.com").await,
    );
    let order = ada.buy(EDR_MONTHLY, 1).await;
    let (id, subscription, invoice) = (
        text(&order["id"]),
        text(&order["subscriptionIds"][0]),
        text(&order["invoiceId"]),
    );
    let digest = shop.digest().await;
    for path in [
        format!("/v1/orders/{id}"),
        format!("/v1/subscriptions/{subscription}"),
        format!("/v1/subscriptions/{subscription}/renewals"),
        format!("/v1/invoices/{invoice}"),
    ] {
        let foreign = eve.get(&path).await;
        foreign.refused(404, "not_found");
        let absent = eve
            .get(&path.replace(&id, "ord_00000000000070008000000000000000"))
            .await;
        let strip = |mut json: Value| {
            json["requestId"] = Value::Null;
            json
        };
        assert_eq!(strip(foreign.json), strip(absent.json));
    }
    eve.call("POST", &format!("/v1/orders/{id}/cancellation"))
        .json(&json!({}))
        .send()
        .await
        .refused(404, "not_found");
    assert_eq!(shop.digest().await, digest);
}
