//! Invoices and the books.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::World;
use domain::id::{AccountId, Id as _, InvoiceId};
use domain::invoice::{Invoice, InvoiceNumber, InvoiceStatus, Series};
use domain::ledger::{Posting, PostingError};
use domain::money::{Currency, Money};
use domain::vat::RateTotal;
use local::Options;
use platform::store::keys;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, text};
use tests::stage::{payment_of, refund_of, staff};

#[tokio::test]
async fn an_invoice_that_is_not_the_callers_is_not_there_and_none_is_ever_removed() {
    let world = World::open().await;
    world.subscription().await;
    let invoice = text(&world.ada.invoices().await[0]["id"]);
    let eve = world.shop.customer("eve@example.com").await;
    let mut rows = Vec::new();
    for id in [
        "x",
        "inv_",
        "F2026-000001",
        &invoice.replace("inv_", "ord_"),
        &invoice.to_uppercase(),
        &format!("{invoice}.pdf"),
    ] {
        let ask = Ask::get(format!("/v1/invoices/{id}")).by(&world.ada);
        rows.push(Row::refused("INV-01", ask, 404, "not_found"));
    }
    for method in ["DELETE", "PUT", "PATCH", "POST"] {
        let ask = Ask::new(method, format!("/v1/invoices/{invoice}"))
            .by(&world.ada)
            .json(&json!({}));
        rows.push(Row::refused("INV-03", ask, 405, "method_not_allowed").header("allow", "GET"));
    }
    for pointer in ["/invoiceNumber", "/number", "/items/0/invoiceNumber"] {
        let ask = world.order().put(pointer, json!("F2026-000001"));
        rows.push(Row::fields("INV-04", ask, &[(pointer, "unknown_field")]));
    }
    for cursor in ["x", "eyJhIjoxfQ", "%00"] {
        let ask = Ask::get(format!("/v1/invoices?cursor={cursor}")).by(&world.ada);
        rows.push(Row::refused("INV-24", ask, 400, "invalid_cursor"));
    }
    check_all(&world.shop, rows).await;
    let mut bodies = Vec::new();
    for id in [invoice.as_str(), "inv_00000000000070008000000000000000"] {
        let ask = Ask::get(format!("/v1/invoices/{id}")).by(&eve);
        let mut answer = Row::refused("INV-02", ask, 404, "not_found")
            .one_read()
            .check(&world.shop)
            .await;
        answer.json["requestId"] = Value::Null;
        bodies.push(answer.json);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn a_cursor_of_invoices_that_was_touched_is_refused() {
    let world = World::open().await;
    for quantity in [1, 2] {
        world.ada.buy(EDR_MONTHLY, quantity).await;
    }
    let list = Ask::get("/v1/invoices?limit=1")
        .by(&world.ada)
        .send(&world.shop)
        .await;
    let cursor = text(&list.json["metadata"]["nextCursor"]);
    let rows = (0..cursor.len()).step_by(3).map(|at| {
        let mut bad = cursor.clone();
        let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
        bad.replace_range(at..=at, other);
        let ask = Ask::get(format!("/v1/invoices?cursor={bad}")).by(&world.ada);
        Row::refused("INV-24", ask, 400, "invalid_cursor")
    });
    check_all(&world.shop, rows).await;
}

/// An invoice as it stands in the table.
async fn stored(world: &World, account: AccountId) -> Invoice {
    world.subscription().await;
    let id = InvoiceId::parse(&text(&world.ada.invoices().await[0]["id"])).unwrap();
    let app = world.shop.cloud.app("reader");
    let read = app
        .store()
        .get::<Invoice>(&keys::invoice(account, id))
        .await
        .unwrap();
    read.unwrap().value
}

/// INV-05, INV-06. No operation issues an invoice by hand: the type refuses.
#[tokio::test]
async fn an_invoice_is_issued_once_and_never_without_lines() {
    let world = World::open().await;
    let issued = stored(&world, world.ada.account).await;
    let now = world.shop.cloud.now();
    let number = InvoiceNumber {
        series: Series::Invoice,
        year: 2026,
        sequence: 2,
    };
    assert!(issued.clone().finalise(number, now).is_err());
    let ready = Invoice {
        status: InvoiceStatus::Ready { paid_at: Some(now) },
        ..issued
    };
    assert!(ready.clone().finalise(number, now).is_ok());
    let empty = Invoice {
        lines: Vec::new(),
        ..ready
    };
    assert!(empty.finalise(number, now).is_err());
}

/// INV-14, INV-15, INV-17 is a storm: of sixty-four full refunds at once one is made. INV-19 and
/// INV-20: above the limit nobody agrees with himself.
#[tokio::test]
async fn a_refund_that_cannot_be_is_refused_and_moves_nothing() {
    let options = Options {
        refund_approval_above: 1_763,
        ..Options::test()
    };
    let world = World::of(Shop::with(options).await).await;
    let finance = staff(&world.shop, "finance").await;
    let order = world.ada.buy(EDR_MONTHLY, 3).await;
    let payment = payment_of(&world.shop, &order).await;
    let path = format!("/v1/admin/payments/{payment}/refunds");
    let ask = |body: &Value| Ask::post(&path, body).by(&finance).key("bad");
    let amount = ("/amount/amount", "out_of_range");
    let mut rows = Vec::new();
    for cents in [-1, 0, -100_000] {
        rows.push(Row::fields("INV-13", ask(&refund_of(cents)), &[amount]));
    }
    let reason = ask(&refund_of(1)).put("/reason", json!("because"));
    rows.push(Row::fields(
        "INV-18",
        reason,
        &[("/reason", "unknown_value")],
    ));
    check_all(&world.shop, rows).await;
    let above = ask(&refund_of(1_765)).send(&world.shop).await;
    above.refused(422, "validation_failed");
    let unpaid = world.ada.order(EDR_MONTHLY, 1, "unpaid").await.data(201);
    let unpaid = text(&unpaid["payment"]["id"]);
    let unpaid = format!("/v1/admin/payments/{unpaid}/refunds");
    let unpaid = Ask::post(unpaid, &refund_of(1)).by(&finance).key("bad");
    unpaid
        .send(&world.shop)
        .await
        .refused(409, "state_conflict");

    let keys: Vec<String> = (0..64).map(|n| format!("full-{n}")).collect();
    let full = keys.iter().map(|key| {
        let ask = Ask::post(&path, &refund_of(1_764)).by(&finance).key(key);
        let shop = world.shop.clone();
        async move { ask.send(&shop).await }
    });
    let answers = futures::future::join_all(full).await;
    let made: Vec<_> = answers.iter().filter(|it| it.status == 201).collect();
    let refused = answers.iter().filter(|it| it.status == 409).count();
    assert_eq!((made.len(), refused), (1, 63));
    let refund = text(&made[0].json["data"]["refund"]["id"]);
    let himself = format!("{path}/{refund}/approval");
    let himself = Ask::post(himself, &json!({"decision": "approve"})).by(&finance);
    himself.send(&world.shop).await.refused(403, "forbidden");
    assert_eq!(world.shop.book().await["refunds"], json!([]));
}

/// INV-16. Nor does anybody give back what a bank decides on.
#[tokio::test]
async fn a_disputed_payment_is_not_given_back() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 1).await;
    let finance = staff(&shop, "finance").await;
    let path = format!(
        "/v1/admin/payments/{}/refunds",
        payment_of(&shop, &order).await
    );
    shop.dispute(&text(&shop.book().await["payments"][0]["id"]));
    shop.cloud.settle().await;
    let ask = Ask::post(&path, &refund_of(1)).by(&finance).key("disputed");
    let digest = shop.digest().await;
    ask.send(&shop).await.refused(409, "payment_disputed");
    assert_eq!(shop.digest().await, digest);
    assert_eq!(shop.book().await["refunds"], json!([]));
}

/// INV-26. Nor does one adjust the books: nothing that does not balance can
/// be posted.
#[test]
fn what_does_not_balance_is_no_posting() {
    let euros = |amount| Money::new(amount, Currency::EUR);
    let taxes = [RateTotal {
        rate: 2_000,
        base: 100,
        tax: 20,
    }];
    let invoice = InvoiceId::from_bits(1);
    for (total, balances) in [(120, true), (121, false), (119, false), (-120, false)] {
        for paid in [false, true] {
            let posting = Posting::invoice(invoice, euros(100), &taxes, euros(total), paid);
            assert_eq!(posting.is_ok(), balances, "{total}");
            if !balances {
                assert_eq!(posting, Err(PostingError::Unbalanced));
            }
        }
    }
}
