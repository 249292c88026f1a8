//! What a customer is told of what was ordered, billed and declined: whole
//! answers and mails, as a person reads them.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, address, order_of, text};
use tests::stage::refresh_token;

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// Ten devices for a month, of a company that gives its VAT number.
fn ten_devices() -> Value {
    let mut order = order_of(&[(EDR_MONTHLY, 10)]);
    order["vatNumber"] = json!("FR40303265045");
    order
}

/// Somebody who ordered that on 31 January at nine: the answer.
async fn ordered() -> (Shop, User, Value) {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let order = ten_devices();
    let call = ada.call("POST", "/v1/orders").key("k").json(&order);
    let placed = call.send().await.data(201);
    (shop, ada, placed)
}

/// The same, paid at once: the order as it stands then.
async fn bought() -> (Shop, User, Value) {
    let (shop, ada, placed) = ordered().await;
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    let order = ada.standing(&placed).await;
    (shop, ada, order)
}

/// The ten devices as any line shows them.
fn line() -> Value {
    json!({
        "planId": EDR_MONTHLY, "productSlug": "edr-essential",
        "name": "EDR Essential – Monthly", "quantity": 10, "unitPrice": euros(490),
        "subtotal": euros(4_900), "discount": euros(0), "total": euros(4_900)
    })
}

#[tokio::test]
async fn an_order_says_what_it_costs_which_part_of_it_is_vat_and_why() {
    let (shop, ada, placed) = ordered().await;
    let mut told = json!({
        "id": placed["order"]["id"], "status": "pending", "lines": [line()],
        "subtotal": euros(4_900), "discount": euros(0), "couponCode": null,
        "tax": {
            "amount": 980, "currency": "EUR", "rate": 2_000, "treatment": "domestic",
            "provisional": false, "reason": "French VAT at the standard rate."
        },
        "total": euros(5_880), "createdAt": "2026-01-31T09:00:00Z", "subscriptionIds": [],
        "invoiceId": null, "paymentId": placed["payment"]["id"]
    });
    assert_eq!(placed["order"], told);
    assert_eq!(ada.standing(&placed).await, told);

    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    told["status"] = json!("paid");
    told["invoiceId"] = ada.invoices().await[0]["id"].clone();
    let subscriptions = ada.get("/v1/subscriptions").await.data(200);
    told["subscriptionIds"] = json!([subscriptions[0]["id"]]);
    assert_eq!(ada.standing(&placed).await, told);
}

/// The invoice of the ten devices with this number and day, for a period.
fn invoice(id: &Value, number: &str, issued: &str, (start, end): (&str, &str)) -> Value {
    let mut line = line();
    line["periodStart"] = json!(start);
    line["periodEnd"] = json!(end);
    let mut buyer = address();
    buyer["line2"] = Value::Null;
    buyer["region"] = Value::Null;
    buyer["vatNumber"] = json!("FR40303265045");
    json!({
        "id": id, "number": number, "kind": "invoice", "issuedAt": issued, "dueAt": issued,
        "seller": {
            "name": "CYNA Démonstration", "legalForm": "SAS au capital de 10 000 €",
            "siren": "000000000", "rcs": "Paris", "vatNumber": "FR00000000000",
            "address": "1 rue de l'Exemple, 75001 Paris, FR"
        },
        "buyer": buyer, "lines": [line], "subtotal": euros(4_900), "discount": euros(0),
        "taxes": [{"rate": 2_000, "base": euros(4_900), "amount": euros(980)}],
        "total": euros(5_880), "corrects": null, "pdfUrl": format!("/v1/invoices/{}/pdf", text(id))
    })
}

/// The same with what is due of it, and what the law wants said then.
fn standing(mut invoice: Value, status: &str, due: i64, mention: &str) -> Value {
    invoice["status"] = json!(status);
    invoice["amountDue"] = euros(due);
    invoice["mentions"] = json!([
        "Category of operation: supply of services.",
        "No discount for early payment.",
        "Late payment penalty: three times the French legal interest rate. Fixed recovery indemnity: EUR 40.",
        mention,
        "French VAT at the standard rate."
    ]);
    invoice
}

/// CGI ann. II, 242 nonies A: who bought, what, for which dates, at which VAT.
#[tokio::test]
async fn an_invoice_says_who_bought_what_for_which_period_and_whether_it_is_paid() {
    let (shop, ada, order) = bought().await;
    let (begun, middle, ended) = (
        "2026-01-31T09:00:00Z",
        "2026-02-28T09:00:00Z",
        "2026-03-31T09:00:00Z",
    );
    let first = invoice(&order["invoiceId"], "F2026-000001", begun, (begun, middle));
    let first = standing(first, "paid", 0, "Paid.");
    assert_eq!(ada.invoices().await, std::slice::from_ref(&first));

    // The next one has its number from the moment its charge was declined.
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P1M").await;
    let read = async |id: &Value| {
        let path = format!("/v1/invoices/{}", text(id));
        ada.get(&path).await.data(200)
    };
    let id = text(&order["subscriptionIds"][0]);
    let id = &ada.renewals(&id).await[1]["invoiceId"];
    let second = invoice(id, "F2026-000002", middle, (middle, ended));
    let open = standing(second.clone(), "open", 5_880, "Payable on receipt.");
    assert_eq!(read(id).await, open);
    assert_eq!(read(&order["invoiceId"]).await, first);

    shop.cards(&ada.email, "ok").await;
    shop.advance("P3D").await;
    assert_eq!(read(id).await, standing(second, "paid", 0, "Paid."));
}

/// Number and days of the periods to come, each at the price of today.
async fn upcoming(ada: &User, subscription: &str) -> Vec<(u64, String)> {
    let path = format!("/v1/subscriptions/{subscription}/renewals?limit=1");
    let answer = ada.get(&path).await;
    answer.data(200);
    let upcoming = answer.json["metadata"]["upcoming"].as_array().unwrap();
    let days = |period: &Value| {
        assert_eq!(period["total"], euros(5_880));
        let day = |name| text(&period[name])[..10].to_owned();
        let days = format!("{} to {}", day("start"), day("end"));
        (period["index"].as_u64().unwrap(), days)
    };
    upcoming.iter().map(days).collect()
}

#[tokio::test]
async fn the_periods_to_come_are_those_after_the_paid_one_and_after_the_one_that_is_owed() {
    let (shop, ada, order) = bought().await;
    let id = text(&order["subscriptionIds"][0]);
    let after = |index: usize| {
        let days = [
            "2026-02-28 to 2026-03-31",
            "2026-03-31 to 2026-04-30",
            "2026-04-30 to 2026-05-31",
            "2026-05-31 to 2026-06-30",
        ];
        let numbered = (1..).zip(days.map(str::to_owned));
        numbered.skip(index).take(3).collect::<Vec<_>>()
    };
    assert_eq!(upcoming(&ada, &id).await, after(0));
    // The first of them stands among the periods themselves once it is owed.
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P1M").await;
    assert_eq!(ada.renewals(&id).await[1]["status"], "past_due");
    assert_eq!(upcoming(&ada, &id).await, after(1));
    shop.cards(&ada.email, "ok").await;
    shop.advance("P3D").await;
    assert_eq!(ada.renewals(&id).await[1]["status"], "paid");
    assert_eq!(upcoming(&ada, &id).await, after(1));
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P2M").await;
    assert_eq!(ada.subscription(&id).await["status"], "unpaid");
    assert_eq!(upcoming(&ada, &id).await, []);
}

/// What the mails about declined charges said would follow.
fn what_follows(shop: &Shop, ada: &User) -> Vec<String> {
    let mails = shop.cloud.mails(Some(&ada.email));
    let failed = "The payment for your subscription failed";
    let failed = mails.iter().filter(|mail| mail.subject == failed);
    let line = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("We will"))
            .map(str::to_owned)
    };
    failed.map(|mail| line(&mail.text).unwrap()).collect()
}

#[tokio::test]
async fn each_mail_about_a_decline_names_the_day_of_the_next_try_as_long_as_there_is_one() {
    let (shop, ada, order) = bought().await;
    let id = text(&order["subscriptionIds"][0]);
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P2M").await;
    let again = |day| {
        format!(
            "We will try again on {day}. Until then, please check that your payment method can be used."
        )
    };
    let days = [
        "2 March 2026",
        "7 March 2026",
        "14 March 2026",
        "21 March 2026",
    ];
    assert_eq!(what_follows(&shop, &ada), days.map(again));
    let attempts = ada.renewals(&id).await[1]["attempts"].clone();
    let tried: Vec<String> = attempts.as_array().unwrap()[1..]
        .iter()
        .map(|attempt| text(&attempt["at"])[..10].to_owned())
        .collect();
    assert_eq!(
        tried,
        ["2026-03-02", "2026-03-07", "2026-03-14", "2026-03-21"]
    );
}

#[tokio::test]
async fn whose_card_was_stolen_is_told_that_it_is_not_charged_again() {
    let (shop, ada, _) = bought().await;
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P2M").await;
    let end = "We will not charge this payment method again. Unless you pay, the subscription will be suspended on 21 March 2026.";
    assert_eq!(what_follows(&shop, &ada), [end]);
}

#[tokio::test]
async fn a_warning_that_is_mailed_late_names_the_time_at_which_it_happened() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let first = json!({"refreshToken": refresh_token(&shop, &ada.email).await});
    shop.post("/v1/auth/refresh", &first).await.data(200);
    shop.advance("PT5M").await;
    let before = shop.cloud.mails(Some(&ada.email)).len();
    shop.faults(json!({"mail": {"serverError": 1.0}, "seed": 1}))
        .await;
    let reused = shop.post("/v1/auth/refresh", &first).await;
    reused.refused(401, "invalid_refresh_token");
    shop.advance("PT5H").await;
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), before);
    shop.faults(json!({})).await;
    shop.advance("PT12H").await;
    let mails = shop.cloud.mails(Some(&ada.email));
    assert_eq!(mails.len(), before + 1);
    let warning = &mails[before];
    assert_eq!(warning.subject, "Security: one of your sessions was closed");
    assert!(warning.sent_at > "2026-01-10T13:00:00Z".parse().unwrap());
    let when = "On 10 January 2026 at 08:05 (UTC), an old key of one of your sessions was presented a second time.";
    assert!(warning.text.contains(when), "{}", warning.text);
}

#[tokio::test]
async fn what_is_sold_no_more_is_shown_and_said_not_to_be_for_sale() {
    let shop = Shop::open().await;
    let listed = async |filter: &str| {
        let path = format!("/v1/products?limit=100&family=edr{filter}");
        let products = shop.get(&path).await.data(200);
        let told = |product: &Value| (text(&product["slug"]), product["available"] == json!(true));
        let products = products.as_array().unwrap().iter().map(told);
        products.collect::<std::collections::BTreeMap<_, _>>()
    };
    let told = |products: &[(&str, bool)]| {
        let products = products.iter();
        products
            .map(|(slug, available)| ((*slug).to_owned(), *available))
            .collect()
    };
    let family = [
        ("edr-essential", true),
        ("edr-advanced", true),
        ("edr-servers", true),
        ("edr-classic", false),
    ];
    assert_eq!(listed("").await, told(&family));
    assert_eq!(listed("&available=true").await, told(&family[..3]));
    assert_eq!(listed("&available=false").await, told(&family[3..]));
    for (slug, available) in family {
        let product = shop.get(&format!("/v1/products/{slug}")).await.data(200);
        assert_eq!(product["available"], available, "{slug}");
    }
}
