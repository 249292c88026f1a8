//! What customers are told of the life of an order.

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

/// Somebody who placed an order on 31 January at nine: the answer.
pub(crate) async fn ordered() -> (Shop, User, Value) {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 3, "k").await.data(201);
    (shop, ada, placed)
}

/// A list in a language.
pub(crate) async fn told(user: &User, path: &str, language: &str) -> Vec<Value> {
    let user = user.shop.log_in(&user.email, tests::shop::PASSWORD).await;
    let answer = user.call("GET", path).language(language).send().await;
    answer.data(200).as_array().unwrap().clone()
}

/// What happened to a placed order, in a language.
async fn timeline(user: &User, placed: &Value, language: &str) -> Vec<Value> {
    let path = format!("/v1/orders/{}/timeline", text(&placed["order"]["id"]));
    told(user, &path, language).await
}

fn events(timeline: &[Value]) -> Vec<String> {
    timeline.iter().map(|entry| text(&entry["event"])).collect()
}

fn texts(timeline: &[Value]) -> Vec<String> {
    timeline.iter().map(|entry| text(&entry["text"])).collect()
}

fn at(entry: &Value) -> Timestamp {
    text(&entry["at"]).parse().unwrap()
}

/// An order whose customer tries two cards that are declined and one that
/// pays, a minute apart.
pub(crate) async fn declined_twice_then_paid() -> (Shop, User, Value) {
    let (shop, ada, placed) = ordered().await;
    for (card, status) in [
        ("4000000000009995", "declined"),
        ("4000000000009979", "declined"),
        (GOOD_CARD, "paid"),
    ] {
        shop.wait(60);
        assert_eq!(shop.pay(&placed, card).await["status"], status);
        shop.cloud.settle().await;
    }
    (shop, ada, placed)
}

#[tokio::test]
async fn an_order_that_was_declined_and_then_paid_is_told_step_by_step_in_both_languages() {
    let (_shop, ada, placed) = declined_twice_then_paid().await;
    let english = timeline(&ada, &placed, "en").await;
    assert_eq!(
        events(&english),
        [
            "order_placed",
            "payment_page_opened",
            "payment_declined",
            "payment_declined",
            "payment_captured",
            "order_paid",
            "subscription_started",
            "invoice_issued"
        ]
    );
    assert_eq!(
        texts(&english),
        [
            "You placed the order.",
            "The payment page opened, until 31 January 2026 at 10:00 (UTC).",
            "A try to pay did not go through: the account has insufficient funds.",
            "A try to pay did not go through: the bank declined the payment.",
            "Your payment of €17.64 was collected.",
            "The order is paid.",
            "The subscription 3 × EDR Essential – Monthly began.",
            "Invoice F2026-000001 was issued."
        ]
    );
    let french = timeline(&ada, &placed, "fr").await;
    assert_eq!(events(&french), events(&english));
    assert_eq!(
        texts(&french),
        [
            "Vous avez passé la commande.",
            "La page de paiement s'est ouverte, jusqu'au 31 janvier 2026 à 10:00 (UTC).",
            "Un essai de paiement n'a pas abouti\u{a0}: le compte n'est pas assez approvisionné.",
            "Un essai de paiement n'a pas abouti\u{a0}: la banque a refusé le paiement.",
            "Votre paiement de 17,64\u{a0}€ a été encaissé.",
            "La commande est payée.",
            "L'abonnement 3 × EDR Essentiel – Mensuel a commencé.",
            "La facture F2026-000001 a été émise."
        ]
    );

    let order = ada.standing(&placed).await;
    let moments: Vec<Timestamp> = english.iter().map(at).collect();
    assert_eq!(english[0]["at"], order["createdAt"]);
    assert!(moments.is_sorted(), "{moments:?}");
    // What was seen is told with the time of its own, not that of another.
    let since = |moment: &Timestamp| moment.duration_since(moments[0]).as_mins();
    let minutes: Vec<i64> = moments[..5].iter().map(since).collect();
    assert_eq!(minutes, [0, 0, 1, 2, 3]);
    assert_eq!(english[2]["declineCode"], "insufficient_funds");
    assert_eq!(english[3]["declineCode"], "stolen_card");
    assert_eq!(english[4]["paymentId"], order["paymentId"]);
    assert_eq!(english[4]["amount"], order["total"]);
    assert_eq!(english[6]["subscriptionId"], order["subscriptionIds"][0]);
    assert_eq!(english[7]["invoiceId"], order["invoiceId"]);
}

#[tokio::test]
async fn an_order_that_waits_expires_or_is_canceled_is_told_with_its_cause() {
    let (shop, ada, expired) = ordered().await;
    let waiting = ["order_placed", "payment_page_opened"];
    assert_eq!(events(&timeline(&ada, &expired, "en").await), waiting);
    let canceled = ada.order(EDR_MONTHLY, 1, "another").await.data(201);
    shop.wait(60);
    ada.cancel(&canceled).await.data(200);
    shop.advance("PT2H").await;
    let told = timeline(&ada, &expired, "en").await;
    let end = ["payment_page_closed", "order_expired"];
    assert_eq!(events(&told), [waiting, end].concat());
    assert_eq!(
        told[3]["text"],
        "The order expired, because it was not paid in time."
    );
    let told = timeline(&ada, &canceled, "fr").await;
    let end = ["order_canceled", "payment_page_closed"];
    assert_eq!(events(&told), [waiting, end].concat());
    assert_eq!(told[2]["text"], "Vous avez annulé la commande.");
}

#[tokio::test]
async fn money_that_came_for_a_canceled_order_is_told_and_listed_with_its_refund() {
    let (shop, ada, placed) = ordered().await;
    shop.wait(60);
    // The page cannot be closed: the provider does not answer.
    shop.cut_off_provider().await;
    ada.cancel(&placed).await.data(200);
    shop.faults(json!({})).await;
    shop.wait(60);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.advance("PT1H").await;
    let told = timeline(&ada, &placed, "en").await;
    assert_eq!(
        events(&told),
        [
            "order_placed",
            "payment_page_opened",
            "order_canceled",
            "surplus_captured",
            "surplus_refunded"
        ]
    );
    assert_eq!(
        told[3]["text"],
        "€17.64 was collected though it was not owed; it will be given back."
    );
    assert!(told.iter().map(at).is_sorted());
    let payments = self::told(&ada, "/v1/payments", "en").await;
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0]["status"], "expired");
    assert_eq!(payments[0]["invoiceId"], Value::Null);
    assert_eq!(
        payments[0]["refunds"],
        json!([{
            "id": null,
            "amount": placed["order"]["total"],
            "status": "made",
            "reason": "This amount was collected though it was not owed; it is given back.",
            "creditNoteId": null,
            "at": told[4]["at"]
        }])
    );
}

/// Finance gives a part of the payment of an order back: the answer.
async fn given_back(shop: &Shop, order: &Value, key: &str, cents: i64) -> Value {
    let path = format!(
        "/v1/admin/payments/{}/refunds",
        payment_of(shop, order).await
    );
    let finance = staff(shop, "finance").await;
    let call = finance.call("POST", &path).header("idempotency-key", key);
    let answer = call.json(&refund_of(cents)).send().await;
    shop.cloud.settle().await;
    answer.data(201)
}

#[tokio::test]
async fn an_order_that_is_given_back_in_parts_tells_each_and_then_that_it_was_all() {
    let (shop, ada, placed) = ordered().await;
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    let order = ada.standing(&placed).await;
    shop.wait(60);
    let first = given_back(&shop, &order, "a", 764).await;
    let listed = told(&ada, "/v1/payments", "fr").await;
    assert_eq!(listed[0]["status"], "paid");
    let refund = &listed[0]["refunds"][0];
    assert_eq!(refund["id"], first["refund"]["id"]);
    assert_eq!(refund["reason"], "Erreur de facturation.");
    shop.wait(60);
    given_back(&shop, &order, "b", 1_000).await;

    let english = timeline(&ada, &placed, "en").await;
    let since = english.len() - 3;
    assert_eq!(
        events(&english)[since..],
        ["refund_made", "refund_made", "order_refunded"]
    );
    assert_eq!(
        texts(&english)[since..],
        [
            "€7.64 was refunded to you: billing error.",
            "€10.00 was refunded to you: billing error.",
            "The order was refunded."
        ]
    );
    let french = timeline(&ada, &placed, "fr").await;
    assert_eq!(
        texts(&french)[since..],
        [
            "7,64\u{a0}€ vous ont été remboursés\u{a0}: erreur de facturation.",
            "10,00\u{a0}€ vous ont été remboursés\u{a0}: erreur de facturation.",
            "La commande a été remboursée."
        ]
    );
    let told_first = &english[since];
    assert_eq!(told_first["refundId"], first["refund"]["id"]);
    assert_eq!(told_first["creditNoteId"], first["creditNoteId"]);
    assert_eq!(told_first["amount"]["amount"], 764);
    assert!(english.iter().map(at).is_sorted());
    // What came before is told as it was.
    assert!(events(&english).contains(&"order_paid".to_owned()));

    let listed = told(&ada, "/v1/payments", "en").await;
    assert_eq!(listed[0]["status"], "refunded");
    assert_eq!(listed[0]["invoiceId"], order["invoiceId"]);
    assert_eq!(
        listed[0]["refunds"][0],
        json!({
            "id": first["refund"]["id"],
            "amount": first["refund"]["amount"],
            "status": "made",
            "reason": "Billing error.",
            "creditNoteId": first["creditNoteId"],
            "at": told_first["at"]
        })
    );
    assert_eq!(listed[0]["refunds"].as_array().unwrap().len(), 2);
    let note = format!("/v1/invoices/{}", text(&first["creditNoteId"]));
    let ada = shop.log_in(&ada.email, tests::shop::PASSWORD).await;
    assert_eq!(ada.get(&note).await.data(200)["kind"], "credit_note");
}

#[tokio::test]
async fn a_refund_is_the_customers_to_know_of_once_it_is_decided() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 400).await;
    let asked = given_back(&shop, &order, "a", 150_000).await;
    assert_eq!(asked["refund"]["status"], "awaiting_approval");
    let refunds = async || told(&ada, "/v1/payments", "en").await[0]["refunds"].clone();
    assert_eq!(refunds().await, json!([]));
    let approval = format!(
        "/v1/admin/payments/{}/refunds/{}/approval",
        payment_of(&shop, &order).await,
        text(&asked["refund"]["id"])
    );
    let admin = staff(&shop, "admin").await;
    let yes = json!({"decision": "approve"});
    // The provider does not answer: nobody knows whether the money is back.
    shop.cut_off_provider().await;
    let approved = admin.call("POST", &approval).json(&yes).send().await;
    approved.data(200);
    let pending = refunds().await;
    assert_eq!(
        (&pending[0]["status"], &pending[0]["creditNoteId"]),
        (&json!("pending"), &Value::Null)
    );
    let timeline = timeline(&ada, &json!({"order": order}), "en").await;
    assert!(!events(&timeline).contains(&"refund_made".to_owned()));
    shop.faults(json!({})).await;
    shop.advance("PT1H").await;
    let made = refunds().await;
    assert_eq!(
        (&made[0]["status"], &made[0]["creditNoteId"]),
        (&json!("made"), &asked["creditNoteId"])
    );
}

#[tokio::test]
async fn another_customers_timeline_is_not_there_and_reading_changes_nothing() {
    let (shop, ada, placed) = ordered().await;
    let eve = shop.customer("eve@example.com").await;
    let path = format!("/v1/orders/{}/timeline", text(&placed["order"]["id"]));
    let digest = shop.digest().await;
    eve.get(&path).await.refused(404, "not_found");
    ada.get("/v1/orders/ord_00000000000070008000000000000000/timeline")
        .await
        .refused(404, "not_found");
    ada.get(&format!("{path}?limit=1"))
        .await
        .refused(400, "malformed_query");
    shop.call("GET", &path)
        .send()
        .await
        .refused(401, "unauthenticated");
    ada.get(&path).await.data(200);
    assert_eq!(eve.get("/v1/payments").await.data(200), json!([]));
    assert_eq!(shop.digest().await, digest);
}
