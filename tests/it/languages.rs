//! Which language a customer is spoken to in: the one that was chosen, in
//! whatever browser.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, order_of, registration, text};

/// Somebody who registered in such a browser, with or without a choice.
async fn registered(shop: &Shop, browser: &str, chosen: Option<&str>, email: &str) -> User {
    let mut body = registration(email);
    let choice = body.as_object_mut().unwrap();
    match chosen {
        Some(chosen) => choice.insert("locale".to_owned(), json!(chosen)),
        None => choice.remove("locale"),
    };
    let call = shop.call("POST", "/v1/auth/register").language(browser);
    call.json(&body).send().await.data(202);
    let token = json!({"token": shop.mailed_token(email)});
    shop.post("/v1/auth/verify-email", &token).await.data(200);
    shop.log_in(email, PASSWORD).await
}

fn subjects(shop: &Shop, email: &str) -> Vec<String> {
    let mails = shop.cloud.mails(Some(email));
    mails.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn a_choice_of_language_counts_and_the_browsers_only_where_none_was_made() {
    let shop = Shop::open().await;
    let (english, french) = (
        "Confirm your e-mail address",
        "Confirmez votre adresse e-mail",
    );
    for (browser, chosen, language, subject) in [
        ("fr", Some("en"), "en", english),
        ("en", Some("fr"), "fr", french),
        ("en", None, "en", english),
        ("fr", None, "fr", french),
    ] {
        let email = format!("{browser}.{}@example.com", chosen.unwrap_or("none"));
        let user = registered(&shop, browser, chosen, &email).await;
        assert_eq!(subjects(&shop, &email), [subject], "{email}");
        let profile = user.get("/v1/me").await.data(200);
        assert_eq!(profile["locale"], language, "{email}");
    }
}

/// What somebody is told who chose a language and orders in a browser of
/// another, until the first renewal.
async fn bought(chosen: &str, browser: &str) -> Value {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = registered(&shop, browser, Some(chosen), "ada@example.com").await;
    let call = ada.call("POST", "/v1/orders").language(browser);
    let call = call.header("idempotency-key", "k");
    let order = order_of(&[(EDR_MONTHLY, 1)]);
    let placed = call.json(&order).send().await.data(201);
    let page = shop.book().await["sessions"][0]["locale"].clone();
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    shop.advance("P1M").await;
    let mut invoices = ada.invoices().await;
    invoices.sort_by_key(|invoice| text(&invoice["number"]));
    let written = |invoice: &Value| json!([invoice["lines"][0]["name"], invoice["mentions"]]);
    let invoices: Vec<Value> = invoices.iter().map(written).collect();
    json!({
        "browser": placed["order"]["tax"]["reason"],
        "payment page": page,
        "invoices": invoices,
        "mails": subjects(&shop, &ada.email)
    })
}

#[tokio::test]
async fn who_chose_english_pays_and_is_billed_in_english_though_the_browser_is_french() {
    let invoice = json!([
        "EDR Essential – Monthly",
        [
            "Category of operation: supply of services.",
            "No discount for early payment.",
            "Late payment penalty: three times the French legal interest rate. Fixed recovery indemnity: EUR 40.",
            "Paid.",
            "French VAT at the standard rate."
        ]
    ]);
    let told = json!({
        "browser": "TVA française au taux normal.",
        "payment page": "en",
        "invoices": [invoice, invoice],
        "mails": [
            "Confirm your e-mail address",
            "Your order is confirmed – invoice F2026-000001",
            "Your subscription is renewed – invoice F2026-000002"
        ]
    });
    assert_eq!(bought("en", "fr").await, told);
}

#[tokio::test]
async fn who_chose_french_pays_and_is_billed_in_french_though_the_browser_is_english() {
    let invoice = json!([
        "EDR Essentiel – Mensuel",
        [
            "Catégorie de l'opération : prestation de services.",
            "Pas d'escompte pour paiement anticipé.",
            "Pénalités de retard : trois fois le taux d'intérêt légal. Indemnité forfaitaire pour frais de recouvrement : 40 €.",
            "Facture acquittée.",
            "TVA française au taux normal."
        ]
    ]);
    let told = json!({
        "browser": "French VAT at the standard rate.",
        "payment page": "fr",
        "invoices": [invoice, invoice],
        "mails": [
            "Confirmez votre adresse e-mail",
            "Votre commande est confirmée – facture F2026-000001",
            "Votre abonnement est renouvelé – facture F2026-000002"
        ]
    });
    assert_eq!(bought("fr", "en").await, told);
}

/// All that is said of a product, to a browser of this language.
async fn said(shop: &Shop, browser: &str) -> Value {
    let call = shop.call("GET", "/v1/products/edr-classic");
    let product = call.language(browser).send().await.data(200);
    let plan = &product["plans"][0];
    json!({
        "name": product["name"], "summary": product["summary"],
        "description": product["description"], "features": product["features"],
        "plan": [plan["name"], plan["unitLabel"]]
    })
}

#[tokio::test]
async fn all_that_is_said_of_a_product_is_said_in_the_readers_language() {
    let shop = Shop::open().await;
    let english = json!({
        "name": "EDR Classic", "summary": "Our first EDR offer, kept for its subscribers.",
        "description": "The first generation of our EDR is still maintained and monitored for the customers who subscribed to it. New customers will choose EDR Essential.",
        "features": ["Known ransomware blocked", "Web console"],
        "plan": ["Monthly", "device"]
    });
    let french = json!({
        "name": "EDR Classique", "summary": "Notre première offre EDR, maintenue pour ses abonnés.",
        "description": "L’offre EDR de première génération reste entretenue et surveillée pour les clients qui l’ont souscrite. Les nouveaux clients choisiront EDR Essentiel.",
        "features": ["Blocage des rançongiciels connus", "Console web"],
        "plan": ["Mensuel", "poste"]
    });
    assert_eq!(said(&shop, "en").await, english);
    assert_eq!(said(&shop, "fr").await, french);
}
