//! Card holders who ask their bank for the money back: the payment, the ledger
//! and the provider's book agree, in whatever order the news arrive.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

/// Ada paid 30 seats: 176.40 €.
pub(crate) struct Paid {
    pub(crate) shop: Shop,
    pub(crate) ada: User,
    pub(crate) order: Value,
    pub(crate) payment: String,
    pub(crate) intent: String,
}

impl Paid {
    pub(crate) async fn by(card: &str) -> Self {
        let shop = Shop::open().await;
        let ada = shop.customer("ada@example.com").await;
        let placed = ada.order(EDR_MONTHLY, 30, "paid").await.data(201);
        shop.pay(&placed, card).await;
        shop.cloud.settle().await;
        let order = ada.standing(&placed).await;
        let payment = payment_of(&shop, &order).await;
        let intent = text(&shop.cloud.simulator().book()["payments"][0]["id"]);
        Self {
            shop,
            ada,
            order,
            payment,
            intent,
        }
    }

    /// As finance see it, logged in anew: the clock may have moved.
    pub(crate) async fn seen(&self) -> Value {
        let path = format!("/v1/admin/payments/{}", self.payment);
        let finance = staff(&self.shop, "finance").await;
        finance.get(&path).await.data(200)
    }

    pub(crate) async fn refund(&self, key: &str, amount: i64) -> Answer {
        let path = format!("/v1/admin/payments/{}/refunds", self.payment);
        let finance = staff(&self.shop, "finance").await;
        let call = finance.call("POST", &path).key(key);
        call.json(&refund_of(amount)).send().await
    }

    /// Ada, logged in anew.
    pub(crate) async fn ada(&self) -> User {
        self.shop.log_in(&self.ada.email, PASSWORD).await
    }

    /// What the ledger says of these accounts.
    pub(crate) async fn balances(&self) -> BTreeMap<String, i64> {
        let finance = staff(&self.shop, "finance").await;
        let path = format!("/v1/admin/ledger/verification?account={}", self.ada.account);
        let verified = finance.get(&path).await.data(200);
        let balances = verified["balances"].as_array().unwrap();
        balances
            .iter()
            .map(|it| {
                (
                    text(&it["account"]),
                    it["amount"]["amount"].as_i64().unwrap(),
                )
            })
            .filter(|(_, amount)| *amount != 0)
            .collect()
    }

    pub(crate) async fn audit(&self) {
        self.shop.audit(&self.ada().await).await;
    }

    async fn timeline(&self) -> Vec<String> {
        let path = format!("/v1/orders/{}/timeline", text(&self.order["id"]));
        let told = self.ada().await.get(&path).await.data(200);
        let told = told.as_array().unwrap().clone();
        told.iter().map(|it| text(&it["event"])).collect()
    }

    /// What happened to the account, by name.
    pub(crate) fn told(&self, name: &str) -> usize {
        let log = self.shop.cloud.take_log().join("\n");
        log.matches(&format!("\"{name}\":1")).count()
    }
}

#[tokio::test]
async fn while_a_bank_decides_nothing_is_given_back() {
    let paid = Paid::by(GOOD_CARD).await;
    let dispute = paid.shop.dispute(&paid.intent);
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(seen["status"], "paid");
    assert_eq!(seen["refundable"]["amount"], 0);
    let it = &seen["disputes"][0];
    assert_eq!(
        (&it["id"], &it["status"]),
        (&json!(dispute), &json!("needs_response"))
    );
    assert_eq!(
        (&it["amount"]["amount"], &it["withdrawn"]["amount"]),
        (&json!(17_640), &json!(17_640))
    );
    assert_eq!(
        (&it["reason"], &it["closedAt"]),
        (&json!("fraudulent"), &Value::Null)
    );
    assert!(it["evidenceDue"].is_string(), "{it}");
    let balances = paid.balances().await;
    assert_eq!(balances.get("disputed"), Some(&17_640));
    assert_eq!(balances.get("provider"), None);
    paid.refund("a", 100).await.refused(409, "payment_disputed");
    assert_eq!(paid.seen().await, seen);
    assert_eq!(paid.told("PaymentDisputed"), 1);
    let mine = paid.ada().await.get("/v1/payments").await.data(200);
    assert_eq!(mine[0]["disputes"][0]["status"], "open");
    let subscription = text(&paid.order["subscriptionIds"][0]);
    assert_eq!(
        paid.ada().await.subscription(&subscription).await["status"],
        "active"
    );
    paid.audit().await;
}

#[tokio::test]
async fn what_is_won_comes_back_and_can_be_given_back() {
    let paid = Paid::by(GOOD_CARD).await;
    let dispute = paid.shop.dispute(&paid.intent);
    paid.shop.cloud.settle().await;
    paid.shop.send_evidence(&dispute, "a+letter");
    paid.shop.advance("P3D").await;
    assert_eq!(paid.seen().await["disputes"][0]["status"], "under_review");
    paid.shop.send_evidence(&dispute, "winning_evidence");
    paid.shop.advance("PT1M").await;
    let seen = paid.seen().await;
    assert_eq!(seen["disputes"][0]["status"], "won");
    assert_eq!(seen["disputes"][0]["withdrawn"]["amount"], 0);
    assert_eq!(seen["refundable"]["amount"], 17_640);
    let balances = paid.balances().await;
    assert_eq!(
        (balances.get("disputed"), balances.get("provider")),
        (None, Some(&17_640))
    );
    let told = paid.timeline().await;
    assert!(
        told.ends_with(&["payment_disputed".to_owned(), "dispute_closed".to_owned()]),
        "{told:?}"
    );
    paid.refund("a", 17_640).await.data(201);
    assert_eq!(paid.seen().await["status"], "refunded");
    paid.audit().await;
}

#[tokio::test]
async fn what_is_lost_counts_as_given_back() {
    let paid = Paid::by(GOOD_CARD).await;
    paid.refund("a", 640).await.data(201);
    let dispute = paid.shop.dispute(&paid.intent);
    paid.shop.cloud.settle().await;
    paid.shop.send_evidence(&dispute, "losing_evidence");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(seen["disputes"][0]["status"], "lost");
    assert_eq!(
        (&seen["status"], &seen["refundable"]["amount"]),
        (&json!("paid"), &json!(0))
    );
    let balances = paid.balances().await;
    assert_eq!(balances.get("chargebacks"), Some(&17_000));
    assert_eq!(
        (balances.get("disputed"), balances.get("provider")),
        (None, None)
    );
    paid.refund("b", 1).await.refused(409, "state_conflict");
    assert_eq!(paid.told("DisputeLost"), 1);
    let mine = paid.ada().await.get("/v1/payments").await.data(200);
    assert_eq!(mine[0]["disputes"][0]["status"], "lost");
    paid.audit().await;
}

#[tokio::test]
async fn an_inquiry_takes_nothing_and_holds_nothing() {
    let paid = Paid::by("4000000000001976").await;
    let seen = paid.seen().await;
    assert_eq!(seen["disputes"][0]["status"], "inquiry");
    assert_eq!(seen["disputes"][0]["withdrawn"]["amount"], 0);
    assert_eq!(paid.balances().await.get("disputed"), None);
    paid.refund("a", 17_640).await.data(201);
    let dispute = text(&seen["disputes"][0]["id"]);
    paid.shop.send_evidence(&dispute, "winning_evidence");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(
        (&seen["status"], &seen["disputes"][0]["status"]),
        (&json!("refunded"), &json!("inquiry_closed"))
    );
    paid.audit().await;
}

/// Every event of a dispute, in each order and twice: the end is the same.
#[tokio::test]
async fn in_whatever_order_the_news_arrive_the_end_is_the_same() {
    for (outcome, order) in [
        ("winning_evidence", [0, 1, 2, 3, 4]),
        ("winning_evidence", [4, 3, 2, 1, 0]),
        ("winning_evidence", [2, 4, 0, 3, 1]),
        ("losing_evidence", [3, 0, 2, 1, 3]),
        ("losing_evidence", [1, 3, 0, 2, 0]),
    ] {
        let paid = Paid::by(GOOD_CARD).await;
        let dispute = paid.shop.dispute(&paid.intent);
        paid.shop.send_evidence(&dispute, outcome);
        let (simulator, now) = (paid.shop.cloud.simulator(), paid.shop.cloud.now());
        let due = simulator.due_deliveries(now);
        let due: Vec<_> = due
            .iter()
            .filter(|it| it.event_type.starts_with("charge.dispute"))
            .collect();
        for place in order {
            for _ in 0..2 {
                let event = &due[place];
                let sent = paid
                    .shop
                    .post_event(&event.signature_header, event.body.clone());
                let status = text(&sent.await.data(200)["status"]);
                assert!(matches!(&*status, "applied" | "repeated"), "{status}");
            }
        }
        let seen = paid.seen().await;
        let (status, kept) = match outcome {
            "winning_evidence" => ("won", 0),
            _ => ("lost", 17_640),
        };
        assert_eq!(seen["disputes"].as_array().unwrap().len(), 1);
        assert_eq!(seen["disputes"][0]["status"], status, "{order:?}");
        assert_eq!(
            seen["disputes"][0]["withdrawn"]["amount"], kept,
            "{order:?}"
        );
        paid.audit().await;
    }
}

/// The card disputes at once: its event may come before that of the capture.
#[tokio::test]
async fn a_dispute_that_is_told_of_before_its_capture_waits_for_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, "4000000000000259").await;
    let (simulator, now) = (shop.cloud.simulator(), shop.cloud.now());
    let mut due = simulator.due_deliveries(now);
    due.sort_by_key(|it| !it.event_type.starts_with("charge.dispute"));
    let mut became = Vec::new();
    for event in due {
        let sent = shop.post_event(&event.signature_header, event.body.clone());
        became.push((event.event_type, text(&sent.await.data(200)["status"])));
    }
    let of = |kind: &str| became.iter().find(|(it, _)| it == kind).unwrap().1.clone();
    assert_eq!(of("charge.dispute.funds_withdrawn"), "kept");
    assert_eq!(of("payment_intent.succeeded"), "applied");
    shop.advance("PT10M").await;
    let payment = payment_of(&shop, &ada.standing(&placed).await).await;
    let finance = staff(&shop, "finance").await;
    let seen = finance
        .get(&format!("/v1/admin/payments/{payment}"))
        .await
        .data(200);
    assert_eq!(seen["disputes"][0]["status"], "needs_response");
    shop.audit(&ada).await;
}

/// A refund whose answer was lost is not asked for again while a bank decides,
/// and not at all where it took the money.
#[tokio::test]
async fn a_refund_that_waits_is_not_asked_for_until_the_bank_has_decided() {
    for outcome in ["winning_evidence", "losing_evidence"] {
        let paid = Paid::by(GOOD_CARD).await;
        paid.shop.cut_off_provider().await;
        paid.refund("a", 1_000).await.data(201);
        paid.shop.faults(json!({})).await;
        let dispute = paid.shop.dispute(&paid.intent);
        paid.shop.advance("PT3H").await;
        let seen = paid.seen().await;
        assert_eq!(seen["refunds"][0]["status"], "pending");
        assert_eq!(seen["disputes"][0]["status"], "needs_response");
        paid.shop.send_evidence(&dispute, outcome);
        paid.shop.advance("PT2H").await;
        let refund = paid.seen().await["refunds"][0].clone();
        let expected = match outcome {
            "winning_evidence" => ("made", Value::Null),
            _ => ("refused", json!("charge_disputed")),
        };
        assert_eq!(
            (
                refund["status"].as_str().unwrap(),
                refund["refusalCode"].clone()
            ),
            expected
        );
        paid.audit().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_second_person_is_not_approved_while_a_bank_decides() {
    let paid = Paid::by(GOOD_CARD).await;
    let order = paid.ada.buy(EDR_MONTHLY, 400).await;
    let payment = payment_of(&paid.shop, &order).await;
    let intents = paid.shop.cloud.simulator().book()["payments"].clone();
    let mut intents = intents.as_array().unwrap().iter();
    let intent = intents
        .find(|it| it["metadata"]["payment"] == json!(payment))
        .unwrap();
    let intent = text(&intent["id"]);
    let paid = Paid {
        payment,
        intent,
        ..paid
    };
    let asked = paid.refund("a", 100_001).await.data(201);
    let dispute = paid.shop.dispute(&paid.intent);
    paid.shop.cloud.settle().await;
    let path = format!(
        "/v1/admin/payments/{}/refunds/{}/approval",
        paid.payment,
        text(&asked["refund"]["id"])
    );
    let admin = staff(&paid.shop, "admin").await;
    let approve = async || {
        let call = admin.call("POST", &path);
        call.json(&json!({"decision": "approve"})).send().await
    };
    approve().await.refused(409, "payment_disputed");
    paid.shop.send_evidence(&dispute, "losing_evidence");
    paid.shop.cloud.settle().await;
    // The bank left nothing to approve.
    let refund = paid.seen().await["refunds"][0].clone();
    assert_eq!(
        (&refund["status"], &refund["refusalCode"]),
        (&json!("refused"), &json!("charge_disputed"))
    );
    approve().await.refused(409, "state_conflict");
    paid.audit().await;
}

/// What is no dispute of a payment of ours is put aside, and told.
#[tokio::test]
async fn a_dispute_of_nothing_of_ours_is_put_aside() {
    let paid = Paid::by(GOOD_CARD).await;
    let mut other = paid.shop.cloud.simulator().book()["payments"][0].clone();
    other["metadata"] = json!({});
    paid.shop.capture_like(&other);
    let book = paid.shop.cloud.simulator().book();
    let by_hand = text(&book["payments"][1]["id"]);
    paid.shop.dispute(&by_hand);
    paid.shop.cloud.settle().await;
    assert!(paid.told("Quarantined") > 0);
    assert_eq!(paid.seen().await["disputes"], json!([]));
}
