//! Money given back by finance: the provider's book, the credit note, the
//! ledger and the order agree, whatever happens on the way.

use domain::id::{Id as _, PaymentId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::shop::{Answer, EDR_MONTHLY, PASSWORD, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

struct Scene {
    shop: Shop,
    ada: User,
    finance: User,
    order: Value,
    payment: String,
}

impl Scene {
    /// Ada paid 30 seats: 176.40 €.
    async fn set() -> Self {
        let shop = Shop::open().await;
        let ada = shop.customer("ada@example.com").await;
        let finance = staff(&shop, "finance").await;
        let order = ada.buy(EDR_MONTHLY, 30).await;
        let payment = payment_of(&shop, &order).await;
        Self {
            shop,
            ada,
            finance,
            order,
            payment,
        }
    }

    async fn refund(&self, key: &str, amount: i64) -> Answer {
        self.refund_as(&self.finance, key, &refund_of(amount)).await
    }

    async fn refund_as(&self, user: &User, key: &str, body: &Value) -> Answer {
        let path = format!("/v1/admin/payments/{}/refunds", self.payment);
        let call = user.call("POST", &path).header("idempotency-key", key);
        call.json(body).send().await
    }

    /// As support sees it, logged in anew: the clock may have moved.
    async fn seen(&self) -> Value {
        let path = format!("/v1/admin/payments/{}", self.payment);
        let support = staff(&self.shop, "support").await;
        support.get(&path).await.data(200)
    }

    /// Ada, logged in anew.
    async fn ada(&self) -> User {
        self.shop.log_in(&self.ada.email, PASSWORD).await
    }

    fn book(&self) -> Value {
        self.shop.cloud.simulator().book()
    }

    /// What the provider gave back, in cents.
    fn given_back(&self) -> Vec<i64> {
        let book = self.book();
        let refunds = book["refunds"].as_array().unwrap();
        refunds
            .iter()
            .map(|it| it["amount"].as_i64().unwrap())
            .collect()
    }

    async fn documents(&self) -> Vec<Value> {
        let listed = self.ada().await.get("/v1/invoices").await.data(200);
        listed.as_array().unwrap().clone()
    }
}

fn of_kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    documents.iter().find(|it| it["kind"] == kind).unwrap()
}

async fn user_id(user: &User) -> String {
    text(&user.get("/v1/me").await.data(200)["id"])
}

#[tokio::test]
async fn a_part_is_given_back_with_a_credit_note_and_a_mail() {
    let scene = Scene::set().await;
    let made = scene.refund("a", 6_000).await.data(201);
    assert_eq!(made["refund"]["status"], "pending");
    let seen = scene.seen().await;
    assert_eq!(seen["status"], "paid");
    assert_eq!(seen["refundable"]["amount"], 17_640 - 6_000);
    assert_eq!(seen["purpose"]["orderId"], scene.order["id"]);
    assert_eq!(seen["attempts"][0]["reason"], "The payment was collected.");
    let refund = &seen["refunds"][0];
    assert_eq!(refund["status"], "made");
    assert_eq!(refund["creditNoteId"], made["creditNoteId"]);
    assert_eq!(refund["requestedBy"], user_id(&scene.finance).await);
    let book = scene.book();
    assert_eq!(book["refunds"][0]["id"], refund["providerRefund"]);
    assert_eq!(book["refunds"][0]["metadata"]["refund"], refund["id"]);
    assert_eq!(scene.given_back(), [6_000]);

    let documents = scene.documents().await;
    assert_eq!(documents.len(), 2);
    let (note, invoice) = (
        of_kind(&documents, "credit_note"),
        of_kind(&documents, "invoice"),
    );
    assert_eq!(note["id"], made["creditNoteId"]);
    assert_eq!(
        (&note["kind"], &note["number"]),
        (&json!("credit_note"), &json!("A2026-000001"))
    );
    assert_eq!(note["corrects"]["number"], invoice["number"]);
    assert_eq!(note["corrects"]["reason"], "billing_error");
    assert_eq!(note["total"]["amount"], 6_000);
    assert_eq!(note["taxes"][0]["base"]["amount"], 5_000);
    assert_eq!(note["lines"][0]["total"]["amount"], 5_000);
    assert_eq!(note["amountDue"]["amount"], 0);
    let mentions = note["mentions"].to_string();
    assert!(mentions.contains("F2026-000001"), "{mentions}");
    assert_eq!(
        (&invoice["kind"], &invoice["corrects"]),
        (&json!("invoice"), &Value::Null)
    );

    scene.shop.carry_mail().await;
    let mails = scene.shop.cloud.mails(Some(&scene.ada.email));
    let mail = mails.last().unwrap();
    assert!(mail.subject.contains("A2026-000001"), "{}", mail.subject);
    assert!(mail.text.contains("billing error"), "{}", mail.text);
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn in_parts_the_whole_is_given_back_and_not_a_cent_more() {
    let scene = Scene::set().await;
    for (key, part) in [("a", 6_001), ("b", 1), ("c", 17_640 - 6_002)] {
        scene.refund(key, part).await.data(201);
    }
    scene.refund("d", 1).await.refused(409, "state_conflict");
    assert_eq!(scene.given_back(), [6_001, 1, 17_640 - 6_002]);
    let seen = scene.seen().await;
    assert_eq!(
        (&seen["status"], &seen["refundable"]["amount"]),
        (&json!("refunded"), &json!(0))
    );
    let order = scene.ada.standing(&json!({"order": scene.order})).await;
    assert_eq!(order["status"], "refunded");
    let documents = scene.documents().await;
    let sum = |name: &str| {
        let notes = documents.iter().filter(|it| it["kind"] == "credit_note");
        notes
            .map(|it| it["taxes"][0][name]["amount"].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!((sum("base"), sum("amount")), (14_700, 2_940));
    let numbers: BTreeSet<String> = documents.iter().map(|it| text(&it["number"])).collect();
    let expected = [
        "A2026-000001",
        "A2026-000002",
        "A2026-000003",
        "F2026-000001",
    ];
    assert_eq!(numbers, expected.map(str::to_owned).into());
    // What was paid for goes on: giving money back ends no subscription.
    let id = text(&scene.order["subscriptionIds"][0]);
    assert_eq!(scene.ada.subscription(&id).await["status"], "active");
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn of_sixty_four_at_once_no_more_is_given_back_than_was_captured() {
    let scene = Scene::set().await;
    let keys: Vec<String> = (0..64).map(|n| format!("key-{n}")).collect();
    let asked = keys.iter().map(|key| scene.refund(key, 1_000));
    let answers = futures::future::join_all(asked).await;
    let mut made = 0;
    for answer in answers {
        match (answer.status, answer.json["code"].as_str()) {
            (201, _) => made += 1,
            (422, Some("validation_failed"))
            | (409, Some("concurrent_change" | "state_conflict")) => {}
            // Too many at once for the table: nothing was written.
            (503, Some("unavailable")) => {}
            other => panic!("{other:?}"),
        }
    }
    scene.shop.advance("PT10M").await;
    let given_back = scene.given_back();
    assert_eq!(given_back.len(), made);
    assert!((1..=17).contains(&made), "{made}");
    let left = scene.seen().await["refundable"]["amount"].as_i64().unwrap();
    assert_eq!(left, 17_640 - given_back.iter().sum::<i64>());
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn a_repetition_under_its_key_gives_nothing_more_back() {
    let scene = Scene::set().await;
    let first = scene.refund("a", 1_000).await;
    let again = scene.refund("a", 1_000).await;
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    scene
        .refund("a", 2_000)
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(scene.given_back(), [1_000]);
}

#[tokio::test]
async fn while_the_provider_is_away_a_refund_waits_and_is_made_once() {
    let scene = Scene::set().await;
    scene.shop.cut_off_provider().await;
    let made = scene.refund("a", 1_000).await.data(201);
    assert_eq!(made["refund"]["status"], "pending");
    scene.shop.advance("PT3H").await;
    assert_eq!(scene.seen().await["refunds"][0]["status"], "pending");
    assert_eq!(scene.documents().await.len(), 1);
    scene.shop.faults(json!({})).await;
    scene.shop.advance("PT2H").await;
    assert_eq!(scene.seen().await["refunds"][0]["status"], "made");
    assert_eq!(scene.given_back(), [1_000]);
    scene.shop.audit(&scene.ada().await).await;
}

/// The provider forgets keys after a day: what it made is found by its mark.
#[tokio::test]
async fn a_refund_whose_answer_was_lost_for_days_is_found_and_not_made_again() {
    let scene = Scene::set().await;
    scene
        .shop
        .faults(json!({"provider": {"replyLost": 1.0}, "seed": 1}))
        .await;
    scene.refund("a", 1_000).await.data(201);
    assert_eq!(scene.given_back(), [1_000]);
    scene.shop.advance("P3D").await;
    scene.shop.faults(json!({})).await;
    scene.shop.advance("PT2H").await;
    assert_eq!(scene.seen().await["refunds"][0]["status"], "made");
    assert_eq!(scene.given_back(), [1_000]);
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn what_the_provider_refuses_moves_nothing_and_is_told() {
    let scene = Scene::set().await;
    let intent = text(&scene.book()["payments"][0]["id"]);
    // Somebody gave it back by hand at the provider.
    let by_hand = format!("payment_intent={intent}");
    let done = scene.shop.ask_provider("/v1/refunds", by_hand);
    assert_eq!(done["amount"], 17_640);
    scene.refund("a", 1_000).await.data(201);
    let seen = scene.seen().await;
    let refund = &seen["refunds"][0];
    assert_eq!(refund["status"], "refused");
    assert_eq!(refund["refusalCode"], "charge_already_refunded");
    assert_eq!(
        (&refund["creditNoteId"], &seen["status"]),
        (&Value::Null, &json!("paid"))
    );
    assert_eq!(seen["refundable"]["amount"], 17_640);
    assert_eq!(scene.documents().await.len(), 1);
}

#[tokio::test]
async fn above_the_limit_a_second_person_decides() {
    let scene = Scene::set().await;
    let admin = staff(&scene.shop, "admin").await;
    let order = scene.ada.buy(EDR_MONTHLY, 400).await;
    let payment = payment_of(&scene.shop, &order).await;
    let scene = Scene { payment, ..scene };
    let asked = scene.refund("a", 100_001).await.data(201);
    assert_eq!(asked["refund"]["status"], "awaiting_approval");
    scene.shop.advance("PT10M").await;
    assert!(scene.given_back().is_empty());
    let seen = scene.seen().await;
    assert_eq!(seen["refundable"]["amount"], 235_200 - 100_001);
    let path = format!(
        "/v1/admin/payments/{}/refunds/{}/approval",
        scene.payment,
        text(&asked["refund"]["id"])
    );
    let decide = async |user: &User, decision: &str| {
        let call = user.call("POST", &path);
        call.json(&json!({"decision": decision})).send().await
    };
    decide(&scene.finance, "approve")
        .await
        .refused(403, "forbidden");
    decide(&admin, "maybe")
        .await
        .refused(422, "validation_failed");
    let agreed = decide(&admin, "approve").await.data(200);
    assert_eq!(agreed["refund"]["approvedBy"], user_id(&admin).await);
    assert_eq!(scene.given_back(), [100_001]);
    let again = decide(&admin, "approve").await.data(200);
    assert_eq!(again["refund"]["status"], "made");
    decide(&admin, "reject")
        .await
        .refused(409, "state_conflict");
    // Whoever asked may take it back.
    let second = scene.refund("b", 100_001).await.data(201);
    let path = path.replace(
        &text(&asked["refund"]["id"]),
        &text(&second["refund"]["id"]),
    );
    let call = scene
        .finance
        .call("POST", &path)
        .json(&json!({"decision": "reject"}));
    assert_eq!(call.send().await.data(200)["refund"]["status"], "rejected");
    scene.shop.advance("PT1H").await;
    assert_eq!(scene.given_back(), [100_001]);
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn a_renewal_is_given_back_like_an_order() {
    let scene = Scene::set().await;
    scene.shop.advance("P32D").await;
    let book = scene.book();
    let payments = book["payments"].as_array().unwrap();
    let renewal = payments
        .iter()
        .find(|it| it["metadata"]["period"] == "1")
        .unwrap();
    let scene = Scene {
        finance: staff(&scene.shop, "finance").await,
        ada: scene.shop.log_in(&scene.ada.email, PASSWORD).await,
        payment: text(&renewal["metadata"]["payment"]),
        ..scene
    };
    scene.refund("a", 17_640).await.data(201);
    let seen = scene.seen().await;
    assert_eq!(
        (&seen["status"], &seen["purpose"]["periodIndex"]),
        (&json!("refunded"), &json!(1))
    );
    let documents = scene.documents().await;
    let note = of_kind(&documents, "credit_note");
    let invoice = scene
        .ada
        .get(&format!("/v1/invoices/{}", text(&seen["invoiceId"])))
        .await;
    let invoice = invoice.data(200);
    assert_eq!(note["corrects"]["number"], invoice["number"]);
    assert_eq!(
        note["lines"][0]["periodStart"],
        invoice["lines"][0]["periodStart"]
    );
    let order = scene.ada.standing(&json!({"order": scene.order})).await;
    assert_eq!(order["status"], "paid");
    scene.shop.audit(&scene.ada().await).await;
}

#[tokio::test]
async fn what_is_not_paid_or_not_there_is_not_given_back() {
    let scene = Scene::set().await;
    let waiting = scene.ada.order(EDR_MONTHLY, 1, "waiting").await.data(201);
    let digest = scene.shop.digest().await;
    for body in [refund_of(0), refund_of(17_641), refund_of(-1)] {
        let answer = scene.refund_as(&scene.finance, "x", &body).await;
        answer.refused(422, "validation_failed");
    }
    let dollars = json!({"amount": {"amount": 1, "currency": "USD"}, "reason": "goodwill"});
    let answer = scene.refund_as(&scene.finance, "x", &dollars).await;
    let refused = answer.refused(422, "validation_failed");
    assert_eq!(refused.json["errors"][0]["path"], "/amount/currency");
    let no_reason = json!({"amount": {"amount": 1, "currency": "EUR"}});
    let answer = scene.refund_as(&scene.finance, "x", &no_reason).await;
    answer.refused(422, "validation_failed");
    let payment = text(&waiting["payment"]["id"]);
    let unpaid = Scene { payment, ..scene };
    unpaid.refund("y", 1).await.refused(409, "state_conflict");
    let nobody = PaymentId::from_bits(7).to_string();
    let absent = Scene {
        payment: nobody,
        ..unpaid
    };
    absent.refund("z", 1).await.refused(404, "not_found");
    assert_eq!(absent.shop.digest().await, digest);
}
