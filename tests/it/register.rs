//! What the register of VAT numbers says, and what becomes of it.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, VAT_NUMBER, order_under, text};

/// Its last digit is not the one the others give.
const ODD_NUMBER: &str = "DE136695978";

/// What the register was asked.
async fn asked(shop: &Shop) -> Vec<Value> {
    let entries = shop.get("/_local/vat-numbers").await.json;
    entries["questions"].as_array().unwrap().clone()
}

/// An order of somebody in Germany with this number, and its payment.
async fn order(ada: &User, number: &str, key: &str) -> Value {
    let order = order_under(number, &[(EDR_MONTHLY, 10)]);
    let call = ada.call("POST", "/v1/orders").key(key).json(&order);
    call.send().await.data(201)
}

async fn placed(ada: &User, number: &str, key: &str) -> Value {
    order(ada, number, key).await["order"].clone()
}

fn taxed(order: &Value) -> (String, bool) {
    let tax = &order["tax"];
    (
        text(&tax["treatment"]),
        tax["provisional"].as_bool().unwrap(),
    )
}

fn expect(treatment: &str, provisional: bool) -> (String, bool) {
    (treatment.to_owned(), provisional)
}

/// What is kept of the one number of an account.
async fn kept(shop: &Shop, ada: &User) -> Value {
    let path = format!("/_local/items?pk=ACCOUNT%23{}", ada.account);
    let items = shop.get(&path).await.json;
    let mut items = items.as_array().unwrap().iter();
    let found = items.find(|item| item["type"] == "vat_check");
    found.expect("no number is kept").clone()
}

/// The log lines since the last look that count this.
fn told(shop: &Shop, metric: &str) -> Vec<String> {
    let log = shop.cloud.take_log().into_iter();
    let counted = format!("\"{metric}\":1");
    log.filter(|line| line.contains(&counted)).collect()
}

#[tokio::test]
async fn a_new_number_is_asked_about_within_minutes_and_the_answer_kept_as_evidence() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let first = placed(&ada, VAT_NUMBER, "first").await;
    assert_eq!(taxed(&first), expect("reverse_charge", true));
    assert!(
        asked(&shop).await.is_empty(),
        "nobody waits for the register"
    );
    shop.advance("PT5M").await;
    let questions = asked(&shop).await;
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert_eq!(questions[0]["number"], VAT_NUMBER);
    assert_eq!(questions[0]["askedBy"], "FR00000000000");
    let kept = kept(&shop, &ada).await;
    assert_eq!(kept["registration"], "valid");
    assert_eq!(kept["consultation"], questions[0]["consultation"]);
    assert_eq!(kept["answered_at"], questions[0]["at"]);
    let second = placed(&ada, VAT_NUMBER, "second").await;
    assert_eq!(taxed(&second), expect("reverse_charge", false));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_silent_register_is_no_answer_and_is_asked_again() {
    let shop = Shop::at("2026-01-15T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(VAT_NUMBER, "unavailable").await;
    let first = placed(&ada, VAT_NUMBER, "first").await;
    assert_eq!(taxed(&first), expect("reverse_charge", true));
    shop.advance("PT1H30M").await;
    let times: Vec<String> = asked(&shop)
        .await
        .iter()
        .map(|it| text(&it["at"]))
        .collect();
    let expected = ["09:00:00", "09:05:00", "09:20:00", "10:20:00"];
    assert_eq!(times, expected.map(|time| format!("2026-01-15T{time}Z")));
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    let second = placed(&ada, VAT_NUMBER, "second").await;
    assert_eq!(taxed(&second), expect("reverse_charge", true));
    shop.register_says(VAT_NUMBER, "registered").await;
    shop.advance("PT4H").await;
    let third = placed(
        &shop.log_in(&ada.email, PASSWORD).await,
        VAT_NUMBER,
        "third",
    )
    .await;
    assert_eq!(taxed(&third), expect("reverse_charge", false));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_register_that_is_silent_for_most_of_a_day_is_told_of() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(VAT_NUMBER, "unavailable").await;
    placed(&ada, VAT_NUMBER, "first").await;
    shop.cloud.take_log();
    // The questions of the first 17 hours and 20 minutes.
    shop.advance("PT17H15M").await;
    assert_eq!(asked(&shop).await.len(), 5);
    assert_eq!(told(&shop, "RegisterSilent").len(), 0);
    shop.advance("PT10M").await;
    let lines = told(&shop, "RegisterSilent");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(&ada.account.to_string()), "{}", lines[0]);
}

/// Whoever is struck off pays VAT from the next period on.
#[tokio::test]
async fn a_number_that_is_not_registered_any_more_makes_no_business() {
    let shop = Shop::at("2026-03-15T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let placed_order = order(&ada, VAT_NUMBER, "first").await;
    assert_eq!(shop.pay(&placed_order, GOOD_CARD).await["status"], "paid");
    let path = format!("/v1/orders/{}", text(&placed_order["order"]["id"]));
    shop.advance("P2M").await;
    shop.register_says(VAT_NUMBER, "unknown").await;
    // A good one is asked about after ninety days, one that is not every day.
    shop.advance("P2M").await;
    let questions = asked(&shop).await;
    let days: Vec<String> = questions.iter().map(|it| text(&it["at"])).collect();
    let expected = ["03-15", "06-13", "06-14"].map(|day| format!("2026-{day}T09:00:00Z"));
    assert_eq!(days[..3], expected);
    // Until nobody believes any more that it comes: after a month.
    assert_eq!(days.len(), 31);
    assert_eq!(days[30], "2026-07-12T09:00:00Z");
    let told = told(&shop, "VatNumberRefused");
    assert!(told.is_empty(), "what was invoiced was right: {told:?}");
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    let id = text(&ada.get(&path).await.data(200)["subscriptionIds"][0]);
    let totals: Vec<Value> = ada.renewals(&id).await;
    let totals: Vec<i64> = totals
        .iter()
        .map(|period| period["total"]["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(totals, [4_900, 4_900, 4_900, 5_880, 5_880]);
    let again = placed(&ada, VAT_NUMBER, "again").await;
    assert_eq!(taxed(&again), expect("origin", false));
    // It may have come meanwhile, for somebody uses it.
    shop.register_says(VAT_NUMBER, "registered").await;
    shop.advance("PT5M").await;
    assert_eq!(asked(&shop).await.len(), 32);
    let good = placed(&ada, VAT_NUMBER, "good").await;
    assert_eq!(taxed(&good), expect("reverse_charge", false));
    shop.audit(&ada).await;
}

/// The order was placed before the register said so, and is invoiced after.
#[tokio::test]
async fn an_unknown_number_is_told_of_until_everything_under_it_is_invoiced() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(VAT_NUMBER, "unknown").await;
    let placed = order(&ada, VAT_NUMBER, "first").await;
    shop.cloud.take_log();
    shop.advance("PT5M").await;
    assert_eq!(told(&shop, "VatNumberRefused").len(), 1);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    assert_eq!(ada.invoices().await[0]["taxes"][0]["rate"], 0);
    shop.advance("P2D").await;
    let lines = told(&shop, "VatNumberRefused");
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains(&format!("{}: the register does not know", ada.account)));
    shop.advance("P5D").await;
    assert_eq!(told(&shop, "VatNumberRefused").len(), 0);
    assert!(
        asked(&shop).await.len() > 7,
        "it is asked about all the same"
    );
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_number_that_comes_to_the_register_later_is_good_from_then_on() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(VAT_NUMBER, "unknown").await;
    placed(&ada, VAT_NUMBER, "first").await;
    shop.advance("PT5M").await;
    let second = placed(&ada, VAT_NUMBER, "second").await;
    assert_eq!(taxed(&second), expect("origin", false));
    shop.register_says(VAT_NUMBER, "registered").await;
    shop.advance("P1D").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    let third = placed(&ada, VAT_NUMBER, "third").await;
    assert_eq!(taxed(&third), expect("reverse_charge", false));
    let lines = told(&shop, "VatNumberRefused");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(&format!("{}: the register does not know", ada.account)));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_number_with_wrong_digits_is_good_if_the_register_knows_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(ODD_NUMBER, "registered").await;
    let first = placed(&ada, ODD_NUMBER, "first").await;
    assert_eq!(taxed(&first), expect("reverse_charge", false));
    let second = placed(&ada, ODD_NUMBER, "second").await;
    assert_eq!(taxed(&second), expect("reverse_charge", false));
    assert_eq!(asked(&shop).await.len(), 1);
    assert_eq!(kept(&shop, &ada).await["registration"], "valid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_number_with_wrong_digits_is_refused_while_the_register_is_silent() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register_says(ODD_NUMBER, "unavailable").await;
    let before = shop.digest().await;
    let order = order_under(ODD_NUMBER, &[(EDR_MONTHLY, 10)]);
    let faults = json!({"register": {"lostReply": 1.0}});
    for faults in [json!({}), faults] {
        shop.post("/_local/faults", &faults).await;
        let call = ada.call("POST", "/v1/orders").key("k").json(&order);
        let refused = [("/vatNumber", "invalid_vat_number")];
        call.send().await.refused_fields(&refused);
    }
    shop.post("/_local/faults", &json!({})).await;
    assert_eq!(shop.digest().await, before);
}
