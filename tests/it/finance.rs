//! What accountants are given: the ledger as a file.

use domain::id::{EventId, Id as _, PaymentId};
use domain::ledger::{LedgerHead, Posting};
use domain::money::{Currency, Money};
use jiff::Timestamp;
use platform::store::Transaction;
use std::collections::BTreeMap;
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, Shop, User};
use tests::stage::{payment_of, refund_of, staff};

const EXPORT: &str = "/v1/admin/ledger/export";

/// The rows of a file, each by the names of its columns.
fn rows(answer: &Answer) -> Vec<BTreeMap<String, String>> {
    assert_eq!(answer.status, 200, "{}", answer.json);
    let mut file = csv::Reader::from_reader(answer.bytes.as_ref());
    file.deserialize().map(Result::unwrap).collect()
}

/// Where the file goes on.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    let (path, rel) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(rel, "; rel=\"next\"");
    Some(path.to_owned())
}

/// Minor units of a decimal with two digits; nothing is zero.
fn cents(cell: &str) -> i64 {
    match cell.split_once('.') {
        None => {
            assert_eq!(cell, "");
            0
        }
        Some((whole, part)) => {
            assert_eq!(part.len(), 2, "{cell}");
            format!("{whole}{part}").parse().unwrap()
        }
    }
}

async fn give_back(shop: &Shop, finance: &User, payment: &str, cents: i64) {
    let path = format!("/v1/admin/payments/{payment}/refunds");
    let call = finance.call("POST", &path).header("idempotency-key", "a");
    call.json(&refund_of(cents)).send().await.data(201);
    shop.cloud.settle().await;
}

#[tokio::test]
async fn the_export_is_the_ledger_of_the_period_row_by_row() {
    let shop = Shop::at("2026-01-31T23:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 30).await;
    let payment = payment_of(&shop, &order).await;
    // Another day, another account, and the refund of what was bought before.
    shop.advance("PT2H").await;
    let eve = shop.customer("eve@example.com").await;
    eve.buy(EDR_MONTHLY, 1).await;
    let finance = staff(&shop, "finance").await;
    give_back(&shop, &finance, &payment, 6_000).await;

    let both = finance
        .get(&format!("{EXPORT}?from=2026-01-31&to=2026-02-01"))
        .await;
    assert_eq!(
        both.header("content-disposition"),
        "attachment; filename=\"ledger_2026-01-31_2026-02-01_part_1.csv\""
    );
    assert_eq!(
        (both.header("content-type"), next(&both)),
        ("text/csv; header=present; charset=utf-8", None)
    );
    let lines = String::from_utf8(both.bytes.to_vec()).unwrap();
    assert!(lines.ends_with("\r\n") && lines.lines().count() > 1);
    let rows_of_both = rows(&both);
    let times: Vec<Timestamp> = rows_of_both
        .iter()
        .map(|row| row["time"].parse().unwrap())
        .collect();
    assert!(times.is_sorted());

    // Every line of every entry of both ledgers, and nothing else.
    let app = shop.cloud.app("reader");
    let mut expected = Vec::new();
    for account in [ada.account, eve.account] {
        for entry in app.store().ledger_of(account).await.unwrap() {
            for line in &entry.lines {
                expected.push((
                    entry.hash.clone(),
                    line.account.name().to_owned(),
                    line.amount,
                ));
            }
        }
    }
    let mut found: Vec<(String, String, i64)> = rows_of_both
        .iter()
        .map(|row| {
            let amount = cents(&row["debit"]) - cents(&row["credit"]);
            (row["hash"].clone(), row["ledger_account"].clone(), amount)
        })
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);

    // A day at a time comes to the same.
    let mut by_day = Vec::new();
    for day in ["2026-01-31", "2026-02-01"] {
        by_day.extend(rows(
            &finance.get(&format!("{EXPORT}?from={day}&to={day}")).await,
        ));
    }
    assert_eq!(by_day, rows_of_both);
}

#[tokio::test]
async fn each_row_names_what_it_is_about() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 30).await;
    let payment = payment_of(&shop, &order).await;
    let finance = staff(&shop, "finance").await;
    give_back(&shop, &finance, &payment, 6_000).await;
    let day = shop.cloud.now().strftime("%Y-%m-%d").to_string();
    let answer = finance.get(&format!("{EXPORT}?from={day}&to={day}")).await;
    let book = shop.cloud.simulator().book();
    let of = |kind: &str| {
        let rows = rows(&answer);
        let found = rows.into_iter().find(|row| row["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}"))
    };
    for kind in ["capture", "invoice", "refund", "credit_note"] {
        let row = of(kind);
        assert_eq!(row["order"], order["id"].as_str().unwrap(), "{kind}");
        assert_eq!(row["payment"], payment, "{kind}");
        assert_eq!(row["account"], ada.account.to_string(), "{kind}");
        assert_eq!(row["currency"], "EUR");
    }
    let provider = |list: &str| book[list][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(of("capture")["provider_object"], provider("payments"));
    assert_eq!(of("refund")["provider_object"], provider("refunds"));
    assert!(of("invoice")["invoice_number"].starts_with('F'));
    assert!(of("credit_note")["invoice_number"].starts_with('A'));
    let number = |kind: &str| of(kind)["invoice_number"].clone();
    assert_eq!(number("capture"), number("invoice"));
    assert_eq!(number("refund"), number("credit_note"));
    assert!(of("refund")["refund"].starts_with("rfd_"));
    assert_eq!(of("refund")["invoice"], of("credit_note")["invoice"]);
    assert_eq!(of("capture")["invoice"], of("invoice")["invoice"]);
}

/// A capture nobody owed, and what was given back of it.
#[tokio::test]
async fn a_surplus_is_named_by_the_providers_payment_and_refund() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    ada.cancel(&placed).await.data(200);
    let day = shop.cloud.now().strftime("%Y-%m-%d").to_string();
    shop.advance("PT3H").await;
    let finance = staff(&shop, "finance").await;
    let to = shop.cloud.now().strftime("%Y-%m-%d").to_string();
    let found = rows(&finance.get(&format!("{EXPORT}?from={day}&to={to}")).await);
    let kinds: Vec<&str> = found.iter().map(|row| row["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        ["capture", "capture", "surplus_refund", "surplus_refund"]
    );
    let book = shop.cloud.simulator().book();
    assert_eq!(found[0]["provider_object"], book["payments"][0]["id"]);
    assert_eq!(found[2]["provider_object"], book["refunds"][0]["id"]);
}

/// More than one answer holds: the parts together are the file.
#[tokio::test]
async fn a_long_file_comes_in_parts_that_leave_nothing_out() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    for _ in 0..3 {
        ada.buy(EDR_MONTHLY, 1).await;
    }
    let finance = staff(&shop, "finance").await;
    // A year of days, most of them empty, is more than is looked up at once.
    let now = shop.cloud.now();
    let first = (now - jiff::SignedDuration::from_hours(24 * 300)).strftime("%Y-%m-%d");
    let mut at = Some(format!(
        "{EXPORT}?from={first}&to={}",
        now.strftime("%Y-%m-%d")
    ));
    let (mut parts, mut found) = (0, Vec::new());
    while let Some(path) = at {
        let part = finance.get(&path).await;
        parts += 1;
        let name = format!("part_{parts}.csv\"");
        assert!(part.header("content-disposition").ends_with(&name));
        found.extend(rows(&part));
        at = next(&part);
    }
    let entries = shop
        .cloud
        .app("reader")
        .store()
        .ledger_of(ada.account)
        .await;
    let lines: usize = entries.unwrap().iter().map(|entry| entry.lines.len()).sum();
    assert_eq!((parts, found.len()), (4, lines));
}

/// A day with more entries than an answer holds goes on within the day.
#[tokio::test]
async fn a_long_day_goes_on_where_its_part_ended() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let app = shop.cloud.app("writer");
    let mut head = LedgerHead::empty(ada.account);
    for _ in 0..12 {
        let mut act = Transaction::new(app.new_id().unwrap());
        for _ in 0..100 {
            let amount = Money::new(777, Currency::EUR);
            let posting = Posting::capture(PaymentId::from_bits(7), amount, false).unwrap();
            let (end, entry) = head.append(posting, EventId::from_bits(7), shop.cloud.now());
            act.insert(&entry, ());
            head = end;
        }
        app.store().commit(act).await.unwrap();
    }
    let finance = staff(&shop, "finance").await;
    let day = shop.cloud.now().strftime("%Y-%m-%d").to_string();
    let mut at = Some(format!("{EXPORT}?from={day}&to={day}"));
    let mut parts = Vec::new();
    let mut hashes = Vec::new();
    while let Some(path) = at {
        let part = finance.get(&path).await;
        let found = rows(&part);
        parts.push(found.len());
        hashes.extend(found.into_iter().map(|row| row["hash"].clone()));
        at = next(&part);
    }
    assert_eq!(parts, [1_000, 1_000, 400]);
    let entries = app.store().ledger_of(ada.account).await.unwrap();
    let expected = entries.iter().flat_map(|entry| [&entry.hash; 2]);
    assert!(hashes.iter().eq(expected));
}

/// INV-22, and whatever else is no period.
#[tokio::test]
async fn what_is_no_period_is_refused_and_a_year_is_one() {
    let shop = Shop::open().await;
    let finance = staff(&shop, "finance").await;
    for (query, field) in [
        ("", "/from"),
        ("from=2026-02-01", "/to"),
        ("to=2026-02-01", "/from"),
        ("from=2026-02-02&to=2026-02-01", "/to"),
        ("from=2025-01-01&to=2026-01-02", "/to"),
        ("from=2026-02-30&to=2026-03-01", "/from"),
        ("from=2026-02-01T00:00:00Z&to=2026-03-01", "/from"),
        ("from=2026-02-01&to=1", "/to"),
    ] {
        let before = shop.digest().await;
        let answer = finance.get(&format!("{EXPORT}?{query}")).await;
        let refused = answer.refused(422, "validation_failed");
        assert_eq!(refused.json["errors"][0]["path"], field, "{query}");
        assert_eq!(shop.digest().await, before, "{query}");
    }
    let missing = finance.get(EXPORT).await;
    assert_eq!(missing.json["errors"].as_array().unwrap().len(), 2);
    for year in [
        "from=2024-01-01&to=2024-12-31",
        "from=2026-02-01&to=2026-02-01",
    ] {
        let answer = finance.get(&format!("{EXPORT}?{year}")).await;
        assert_eq!(rows(&answer), []);
    }
}

/// A cursor is of its period and its reader, and of its hour.
#[tokio::test]
async fn the_next_part_is_of_who_asked_and_of_the_same_period() {
    let shop = Shop::open().await;
    let finance = staff(&shop, "finance").await;
    let first = finance
        .get(&format!("{EXPORT}?from=2025-01-01&to=2025-12-31"))
        .await;
    let path = next(&first).unwrap();
    let other = path.replace("to=2025-12-31", "to=2025-12-30");
    finance.get(&other).await.refused(400, "invalid_cursor");
    let admin = staff(&shop, "admin").await;
    admin.get(&path).await.refused(400, "invalid_cursor");
    let broken = path.replace("cursor=", "cursor=x");
    finance.get(&broken).await.refused(400, "invalid_cursor");
    assert_eq!(finance.get(&path).await.status, 200);
    shop.cloud
        .skip_to(shop.cloud.now() + jiff::SignedDuration::from_hours(1));
    let finance = staff(&shop, "finance").await;
    finance.get(&path).await.refused(410, "cursor_expired");
}
