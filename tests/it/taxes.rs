//! Who pays which VAT, from the order to the renewals and the invoices.

use domain::vat_number::VatNumber;
use local::Options;
use serde_json::{Value, json};
use tests::shop::{
    Answer, EDR_MONTHLY, EDR_YEARLY, GOOD_CARD, PASSWORD, Shop, User, order_of, text,
};

/// An order of ten for somebody in this country.
fn order_from(country: &str, postal_code: &str, vat_number: Option<&str>) -> Value {
    let mut order = order_of(&[(EDR_MONTHLY, 10)]);
    order["billingAddress"]["country"] = json!(country);
    order["billingAddress"]["postalCode"] = json!(postal_code);
    if let Some(number) = vat_number {
        order["vatNumber"] = json!(number);
    }
    order
}

async fn placed(ada: &User, order: &Value, key: &str) -> Value {
    let call = ada.call("POST", "/v1/orders").key(key).json(order);
    call.send().await.data(201)
}

/// How a placed order is taxed: treatment, rate, whether that is provisional,
/// and the total.
fn taxed(placed: &Value) -> (String, i64, bool, i64) {
    let order = &placed["order"];
    let tax = &order["tax"];
    let number = |value: &Value| value.as_i64().unwrap();
    (
        text(&tax["treatment"]),
        number(&tax["rate"]),
        tax["provisional"].as_bool().unwrap(),
        number(&order["total"]["amount"]),
    )
}

fn expect(treatment: &str, rate: i64, provisional: bool, total: i64) -> (String, i64, bool, i64) {
    (treatment.to_owned(), rate, provisional, total)
}

/// CGI 283-2, art. 196 of Directive 2006/112.
#[tokio::test]
async fn a_business_elsewhere_in_the_union_accounts_for_the_vat_itself() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    // As people type it: without the country, with separators.
    let order = order_from("DE", "10115", Some("136 695.976"));
    let order = placed(&ada, &order, "k").await;
    assert_eq!(taxed(&order), expect("reverse_charge", 0, true, 4_900));
    assert_eq!(shop.pay(&order, GOOD_CARD).await["status"], "paid");
    shop.advance("P1M").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    let invoices = ada.invoices().await;
    assert_eq!(invoices.len(), 2);
    for invoice in invoices {
        assert_eq!(invoice["total"]["amount"], 4_900);
        assert_eq!(invoice["taxes"][0]["rate"], 0);
        assert_eq!(invoice["buyer"]["vatNumber"], "DE136695976");
        let mentions = invoice["mentions"].as_array().unwrap();
        let says = |words: &str| mentions.iter().any(|said| text(said).contains(words));
        assert!(says("Reverse charge"), "{mentions:?}");
    }
    shop.audit(&ada).await;
}

#[tokio::test]
async fn whoever_is_outside_the_unions_vat_pays_none_whatever_number_they_give() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    for (country, postal_code, number) in [
        ("US", "10001", None),
        ("IN", "560001", Some("29ABCDE1234F1Z5")),
        ("GB", "BT1 1AA", Some("XI434031494")),
        ("ES", "38314", None),
        ("FR", "97300", Some("FR40303265045")),
        // A business register's number of Switzerland, and of New Caledonia.
        ("DE", "D-78266", Some("CHE-116.281.710")),
        ("FR", "98800", Some("0000123.001")),
        ("ES", "35001", Some("none")),
    ] {
        let order = order_from(country, postal_code, number);
        let quote = ada.call("POST", "/v1/orders/quote").json(&order);
        quote.send().await.data(200);
        let order = placed(&ada, &order, postal_code).await;
        assert_eq!(taxed(&order), expect("outside_scope", 0, false, 4_900));
    }
    shop.audit(&ada).await;
}

/// Directive 2006/112 art. 58, 59c.
#[tokio::test]
async fn a_consumer_elsewhere_in_the_union_pays_french_vat_until_the_shop_sells_much_there() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let mut most = order_from("DE", "10115", None);
    most["items"] = json!([{"planId": EDR_YEARLY, "quantity": 188}]);
    let most = placed(&ada, &most, "most").await;
    assert_eq!(taxed(&most), expect("origin", 2_000, false, 1_193_424));
    assert_eq!(shop.pay(&most, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    // EUR 9,945.20 were sold; another 49 stay below the threshold.
    let bob = shop.customer("bob@example.com").await;
    let first = placed(&bob, &order_from("IT", "20121", None), "first").await;
    assert_eq!(taxed(&first), expect("origin", 2_000, false, 5_880));
    assert_eq!(shop.pay(&first, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    let second = placed(&bob, &order_from("IT", "20121", None), "second").await;
    assert_eq!(taxed(&second), expect("destination", 2_200, false, 5_978));
    // Renewals too, and in the year after it.
    shop.advance("P13M").await;
    let bob = shop.log_in(&bob.email, PASSWORD).await;
    let id = text(&bob.standing(&first).await["subscriptionIds"][0]);
    let totals: Vec<i64> = bob.renewals(&id).await.iter().map(total).collect();
    let mut expected = vec![5_978; 14];
    expected[0] = 5_880;
    assert_eq!(totals, expected);
    let upcoming = bob.get(&format!("/v1/subscriptions/{id}/renewals")).await;
    assert_eq!(total(&upcoming.json["metadata"]["upcoming"][0]), 5_978);
    shop.audit(&bob).await;
}

fn total(period: &Value) -> i64 {
    period["total"]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn in_the_one_stop_shop_every_consumer_pays_the_vat_of_their_country() {
    let shop = Shop::with(Options {
        one_stop_shop: true,
        ..Options::test()
    })
    .await;
    let ada = shop.customer("ada@example.com").await;
    for (country, postal_code, rate, total) in [
        ("DE", "10115", 1_900, 5_831),
        ("HU", "1051", 2_700, 6_223),
        ("PT", "9500-001", 1_600, 5_684),
        ("AT", "6691", 1_900, 5_831),
    ] {
        let order = placed(&ada, &order_from(country, postal_code, None), country).await;
        assert_eq!(taxed(&order), expect("destination", rate, false, total));
    }
}

/// The sale goes on without the number, which stays on the invoice.
#[tokio::test]
async fn a_number_of_another_country_than_the_address_makes_no_business() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    // Registered or not, of the Union or not.
    for number in ["ATU13585627", "ATU1", "CHE-116.281.710"] {
        let order = order_from("DE", "10115", Some(number));
        let order = placed(&ada, &order, number).await;
        assert_eq!(taxed(&order), expect("origin", 2_000, false, 5_880));
        assert_eq!(shop.pay(&order, GOOD_CARD).await["status"], "paid");
        shop.cloud.settle().await;
        let invoices = ada.invoices().await;
        let shown = |it: &Value| it["buyer"]["vatNumber"] == number;
        assert!(invoices.iter().any(shown), "{number}");
    }
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_number_with_wrong_digits_is_refused_and_nothing_is_kept_of_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let before = shop.digest().await;
    for (country, number) in [
        ("DE", "DE136695978"),
        ("DE", "DE12345678"),
        ("DE", "yes"),
        ("FR", "FR00000000001"),
        ("MC", "FR40303265046"),
        ("GR", "GR123456781"),
    ] {
        let order = order_from(country, "10115", Some(number));
        let call = ada.call("POST", "/v1/orders").key(number).json(&order);
        let answer = call.send().await;
        answer.refused_fields(&[("/vatNumber", "invalid_vat_number")]);
    }
    assert_eq!(shop.digest().await, before);
}

#[tokio::test]
async fn the_number_lies_in_the_table_only_where_it_can_be_erased() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let order = order_from("DE", "10115", Some("DE136695976"));
    let order = placed(&ada, &order, "k").await;
    assert_eq!(shop.pay(&order, GOOD_CARD).await["status"], "paid");
    shop.advance("P1M").await;
    let items = serde_json::to_value(shop.cloud.table().all().unwrap()).unwrap();
    let items = items.as_array().unwrap().iter();
    let places: Vec<&str> = items
        .filter(|item| item.to_string().contains("136695976"))
        .map(|item| item["sk"]["S"].as_str().unwrap())
        .collect();
    assert_eq!(places.len(), 1, "{places:?}");
    assert!(places[0].starts_with("VATNUMBER#"), "{places:?}");
}

/// Numbers in the format of Germany, with good digits or without.
fn german(good: bool) -> impl Iterator<Item = String> {
    (100_000_000..).map(|n| format!("DE{n}")).filter(move |it| {
        let number = VatNumber::parse(it).unwrap();
        number.has_good_digits() == good
    })
}

/// Each new number is asked about, daily perhaps, and one with wrong digits at
/// once.
#[tokio::test]
async fn an_account_names_ten_new_numbers_and_then_one_every_few_hours() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let waits = |answer: &Answer| {
        answer.refused(429, "too_many_requests");
        assert_eq!(answer.header("retry-after"), "8640");
    };
    let ask = async |ada: &User, path: &str, number: &str| {
        let order = order_from("DE", "10115", Some(number));
        let call = ada.call("POST", path).key(number).json(&order);
        call.send().await
    };
    let questions = async || {
        let register = shop.get("/_local/vat-numbers").await.json;
        register["questions"].as_array().unwrap().len()
    };
    let (quotes, orders) = ("/v1/orders/quote", "/v1/orders");
    let (mut good, mut odd) = (german(true), german(false));
    // A quote leaves nothing behind, and asks nobody while the digits are good.
    for number in german(true).take(20) {
        ask(&ada, quotes, &number).await.data(200);
    }
    let known = good.next().unwrap();
    ask(&ada, orders, &known).await.data(201);
    assert_eq!(questions().await, 0);
    for (number, path) in odd.by_ref().take(9).zip([quotes, orders].iter().cycle()) {
        let refused = [("/vatNumber", "invalid_vat_number")];
        ask(&ada, path, &number).await.refused_fields(&refused);
    }
    assert_eq!(questions().await, 9);
    let digest = shop.digest().await;
    let (one_more, odd) = (good.next().unwrap(), odd.next().unwrap());
    waits(&ask(&ada, quotes, &odd).await);
    waits(&ask(&ada, orders, &odd).await);
    waits(&ask(&ada, orders, &one_more).await);
    assert_eq!(shop.digest().await, digest);
    ask(&ada, quotes, &one_more).await.data(200);
    // What is known already costs nothing, nor do others.
    placed(&ada, &order_from("DE", "10115", Some(&known)), "again").await;
    let bob = shop.customer("bob@example.com").await;
    ask(&bob, orders, &one_more).await.data(201);
    // A guest has no number asked about at all.
    let guest = shop.call("POST", quotes);
    let guest = guest.json(&order_from("DE", "10115", Some(&odd)));
    let refused = [("/vatNumber", "invalid_vat_number")];
    guest.send().await.refused_fields(&refused);
    assert_eq!(questions().await, 9);
    shop.advance("PT2H24M").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    ask(&ada, orders, &one_more).await.data(201);
}
