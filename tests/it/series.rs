//! The numbers of a year as auditors verify them.

use domain::id::{Id as _, InvoiceId};
use domain::invoice::{Invoice, InvoiceNumber, InvoiceStatus, Series, SeriesCounter};
use platform::store::invoices::GivenNumber;
use platform::store::{Stored, Transaction, keys};
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

const SERIES: &str = "/v1/admin/series";

async fn verified(shop: &Shop) -> Value {
    let finance = staff(shop, "finance").await;
    finance.get(&format!("{SERIES}/2026")).await.data(200)
}

/// Three invoices, one after midnight, and a credit note.
async fn sold() -> (Shop, User) {
    let shop = Shop::at("2026-03-02T22:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 30).await;
    shop.advance("PT2H").await;
    let ada = shop.log_in(&ada.email, tests::shop::PASSWORD).await;
    ada.buy(EDR_MONTHLY, 10).await;
    let order = ada.buy(EDR_MONTHLY, 1).await;
    let payment = payment_of(&shop, &order).await;
    let finance = staff(&shop, "finance").await;
    let path = format!("/v1/admin/payments/{payment}/refunds");
    let call = finance.call("POST", &path).key("a").json(&refund_of(120));
    call.send().await.data(201);
    shop.cloud.settle().await;
    (shop, ada)
}

#[tokio::test]
async fn a_year_is_sound_and_sums_to_what_was_invoiced() {
    let (shop, ada) = sold().await;
    let found = verified(&shop).await;
    assert_eq!(
        (&found["sound"], &found["complete"]),
        (&json!(true), &json!(true)),
        "{found}"
    );
    let [invoices, notes] = [0, 1].map(|at| found["series"][at].clone());
    let named = |series: &Value| {
        [
            text(&series["first"]["number"]),
            text(&series["last"]["number"]),
        ]
    };
    assert_eq!(named(&invoices), ["F2026-000001", "F2026-000003"]);
    assert_eq!(named(&notes), ["A2026-000001", "A2026-000001"]);
    assert_eq!(
        (&invoices["count"], &notes["count"]),
        (&json!(3), &json!(1))
    );
    // Eleven at night in Paris, and one in the morning.
    assert_eq!(invoices["first"]["date"], "2026-03-02");
    assert_eq!(invoices["last"]["date"], "2026-03-03");
    assert_eq!(notes["totals"][0]["total"]["amount"], 120);
    let told: i64 = ada
        .invoices()
        .await
        .iter()
        .filter(|it| text(&it["number"]).starts_with('F'))
        .map(|it| it["total"]["amount"].as_i64().unwrap())
        .sum();
    let sums = &invoices["totals"][0];
    let amount = |value: &Value| value["amount"].as_i64().unwrap();
    assert_eq!(amount(&sums["total"]), told);
    assert_eq!(sums["vat"][0]["rateBasisPoints"], 2_000);
    assert_eq!(amount(&sums["vat"][0]["base"]), amount(&sums["net"]));
    let vat = amount(&sums["vat"][0]["tax"]);
    assert_eq!(amount(&sums["net"]) + vat, told);
}

/// An invoice of the account by its number.
async fn invoice(shop: &Shop, ada: &User, sequence: u64) -> Stored<Invoice> {
    let store = shop.cloud.app("reader").store().clone();
    let number: Option<Stored<GivenNumber>> = store
        .get(&keys::series_number(number(sequence)))
        .await
        .unwrap();
    let id = number.unwrap().value.invoice;
    store.invoice(ada.account, id).await.unwrap().unwrap()
}

fn number(sequence: u64) -> InvoiceNumber {
    InvoiceNumber {
        series: Series::Invoice,
        year: 2026,
        sequence,
    }
}

/// Writes a number behind everybody's back.
async fn give(shop: &Shop, ada: &User, sequence: u64, invoice: InvoiceId) {
    let app = shop.cloud.app("tamper");
    let mut act = Transaction::new(app.new_id().unwrap());
    let given = GivenNumber {
        number: number(sequence),
        account: ada.account,
        invoice,
    };
    act.insert(&given, ());
    app.store().commit(act).await.unwrap();
}

/// What is wrong with the invoices' numbers.
async fn flaws(shop: &Shop) -> Vec<(String, String)> {
    let found = verified(shop).await;
    let invoices = &found["series"][0];
    let told = invoices["findings"].as_array().unwrap();
    assert_eq!(found["sound"], told.is_empty());
    assert_eq!(invoices["sound"], told.is_empty());
    let told = told
        .iter()
        .map(|it| (text(&it["kind"]), text(&it["number"])));
    told.collect()
}

#[tokio::test]
async fn a_number_too_many_and_one_too_few_are_found() {
    let (shop, ada) = sold().await;
    let second = invoice(&shop, &ada, 2).await.value.id;
    give(&shop, &ada, 5, second).await;
    let found = flaws(&shop).await;
    let wrong = [
        ("gap", "F2026-000004"),
        ("double", "F2026-000005"),
        ("beyond_counter", "F2026-000005"),
    ];
    assert_eq!(
        found,
        wrong.map(|(kind, number)| (kind.to_owned(), number.to_owned()))
    );
    give(&shop, &ada, 4, InvoiceId::from_bits(9)).await;
    let found = flaws(&shop).await;
    assert_eq!(found[0], ("absent".to_owned(), "F2026-000004".to_owned()));
}

#[tokio::test]
async fn an_invoice_that_says_another_number_or_day_is_found() {
    let (shop, ada) = sold().await;
    let read = invoice(&shop, &ada, 2).await;
    let InvoiceStatus::Paid {
        issued_at, paid_at, ..
    } = read.value.status.clone()
    else {
        panic!("it is paid")
    };
    let app = shop.cloud.app("tamper");
    let day = jiff::SignedDuration::from_hours(24);
    for (version, said, at, flaw) in [
        (0, 7, issued_at, "other_number"),
        (1, 2, issued_at - day * 2, "date_back"),
        (2, 2, issued_at + day * 365, "other_year"),
    ] {
        let status = InvoiceStatus::Paid {
            number: number(said),
            issued_at: at,
            paid_at,
        };
        let changed = Invoice {
            status,
            ..read.value.clone()
        };
        let mut act = Transaction::new(app.new_id().unwrap());
        act.replace(read.version + version, &changed, ());
        app.store().commit(act).await.unwrap();
        let found = flaws(&shop).await;
        let first = (flaw.to_owned(), "F2026-000002".to_owned());
        assert_eq!(found[0], first, "{found:?}");
    }
}

/// INV-25, and years that are none.
#[tokio::test]
async fn a_year_without_numbers_is_sound_and_what_is_no_year_is_refused() {
    let shop = Shop::open().await;
    let finance = staff(&shop, "finance").await;
    let empty = finance.get(&format!("{SERIES}/2025")).await.data(200);
    assert_eq!(
        (&empty["sound"], &empty["series"][0]["count"]),
        (&json!(true), &json!(0))
    );
    for year in ["1800", "0", "2101"] {
        let answer = finance.get(&format!("{SERIES}/{year}")).await;
        answer.refused(422, "validation_failed");
    }
    for year in ["x", "-2026", "20260", "2026.0"] {
        let answer = finance.get(&format!("{SERIES}/{year}")).await;
        answer.refused(404, "not_found");
    }
    let cursor = finance.get(&format!("{SERIES}/2026?cursor=x")).await;
    cursor.refused(400, "invalid_cursor");
}

/// The counter says more than was given.
#[tokio::test]
async fn numbers_missing_at_the_end_are_found_by_the_counter() {
    let (shop, _) = sold().await;
    let app = shop.cloud.app("tamper");
    let read = app.store().series(Series::Invoice, 2026).await.unwrap();
    let read = read.unwrap();
    let mut act = Transaction::new(app.new_id().unwrap());
    let counter = SeriesCounter {
        last: 5,
        ..read.value
    };
    act.replace(read.version, &counter, ());
    app.store().commit(act).await.unwrap();
    let found = verified(&shop).await["series"][0].clone();
    assert_eq!(found["gaps"], 2);
    let gap = json!([{"kind": "gap", "number": "F2026-000004", "count": 2, "invoiceId": null}]);
    assert_eq!(found["findings"], gap);
}

/// More numbers than one answer judges: the next goes on where it ended.
#[tokio::test]
async fn a_long_series_is_judged_in_parts_that_come_to_one() {
    let (shop, ada) = sold().await;
    let app = shop.cloud.app("tamper");
    for hundred in 0..11 {
        let mut act = Transaction::new(app.new_id().unwrap());
        for n in 0..100 {
            let sequence = 4 + hundred * 100 + n;
            let given = GivenNumber {
                number: number(sequence),
                account: ada.account,
                invoice: InvoiceId::from_bits(u128::from(sequence)),
            };
            act.insert(&given, ());
        }
        app.store().commit(act).await.unwrap();
    }
    let finance = staff(&shop, "finance").await;
    let first = finance.get(&format!("{SERIES}/2026")).await;
    let cursor = text(&first.json["metadata"]["nextCursor"]);
    let part = first.data(200);
    assert_eq!(part["complete"], false);
    assert_eq!(part["series"][0]["count"], 1_000);
    let path = format!("{SERIES}/2026?cursor={cursor}");
    let second = finance.get(&path).await;
    assert_eq!(second.json["metadata"]["nextCursor"], Value::Null);
    let whole = second.data(200);
    assert_eq!(
        (&whole["complete"], &whole["sound"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(whole["series"][0]["count"], 1_103);
    assert_eq!(whole["series"][0]["gaps"], 0);
    assert_eq!(whole["series"][0]["last"]["number"], "F2026-001103");
    assert_eq!(whole["series"][0]["totals"], part["series"][0]["totals"]);
    assert_eq!(whole["series"][1]["count"], 1);
    // What was found is of who asked, and of that year.
    let admin = staff(&shop, "admin").await;
    admin.get(&path).await.refused(400, "invalid_cursor");
    let other = path.replace("/2026?", "/2025?");
    finance.get(&other).await.refused(400, "invalid_cursor");
    let hour = jiff::SignedDuration::from_hours(1);
    shop.cloud.skip_to(shop.cloud.now() + hour);
    let finance = staff(&shop, "finance").await;
    finance.get(&path).await.refused(410, "cursor_expired");
}

/// Numbers are read in the order of their keys, a million and more of them too.
#[test]
fn the_keys_of_numbers_sort_like_the_numbers() {
    let key = |sequence: u64| {
        let number = InvoiceNumber {
            series: Series::Invoice,
            year: 2026,
            sequence,
        };
        keys::series_number(number).sk
    };
    for sequence in [9, 99_999, 999_999, 9_999_999] {
        assert!(key(sequence) < key(sequence + 1), "{}", key(sequence));
    }
}
