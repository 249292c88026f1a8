//! What goes on while another service does not answer, or answers late.

use domain::catalogue::Product;
use local::{Outcome, Service};
use serde_json::json;
use tests::shop::{EDR_MONTHLY, EDR_YEARLY, PASSWORD, Shop, registration, text};

/// How often a service was asked in vain since the last look.
fn in_vain(shop: &Shop, service: Service) -> usize {
    let trace = shop.cloud.take_trace();
    let failed = |outcome| matches!(outcome, Outcome::Answered(500..));
    let asked = trace.iter().filter(|it| it.service == service);
    asked.filter(|it| failed(it.outcome)).count()
}

#[tokio::test]
async fn while_secrets_manager_fails_what_was_read_before_serves_everybody() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.advance("P1M").await;
    let paid = ("paid".to_owned(), vec!["succeeded".to_owned()]);
    assert_eq!(ada.first_renewal(&id).await, paid);

    shop.faults(json!({"secrets": {"serverError": 1.0}, "seed": 1}))
        .await;
    in_vain(&shop, Service::Secrets);
    shop.advance("P1M").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    assert_eq!(ada.renewals(&id).await[2]["status"], "paid");
    ada.buy(EDR_YEARLY, 1).await;
    assert!(in_vain(&shop, Service::Secrets) > 0, "nobody asked");

    shop.faults(json!({})).await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn while_the_table_fails_the_shop_window_shows_what_it_showed_before() {
    let shop = Shop::open().await;
    let paths = ["/v1/products?limit=100", "/v1/products/edr-advanced"];
    let shown = async || {
        let [listed, single] = paths.map(|path| shop.get(path));
        (listed.await.data(200), single.await.data(200))
    };
    let before = shown().await;
    assert_eq!(before.1["name"], "EDR Advanced");

    shop.faults(json!({"dynamodb": {"serverError": 1.0}, "seed": 1}))
        .await;
    // For seconds nobody looks whether it is still the newest.
    for seconds in [20, 3_600] {
        in_vain(&shop, Service::Table);
        shop.wait(seconds);
        assert_eq!(shown().await, before, "{seconds}");
        assert!(in_vain(&shop, Service::Table) > 0, "nobody asked");
    }

    shop.faults(json!({})).await;
    let rename = |products: &mut Vec<Product>| {
        let renamed = products.iter_mut().find(|it| it.slug == "edr-advanced");
        "EDR Renamed".clone_into(&mut renamed.unwrap().texts.name.en);
    };
    shop.publish(rename).await;
    shop.wait(20);
    assert_eq!(shown().await.1["name"], "EDR Renamed");
}

#[tokio::test]
async fn a_mail_that_went_out_is_not_sent_again_because_an_index_still_shows_its_timer() {
    let shop = Shop::open().await;
    shop.faults(json!({"stream": {"drop": 1.0}, "seed": 1}))
        .await;
    let email = "ada@example.com";
    shop.post("/v1/auth/register", &registration(email))
        .await
        .data(202);
    let mails = || shop.cloud.mails(Some(email)).len();
    assert_eq!(mails(), 0, "the stream told of it");

    shop.faults(json!({"dynamodb": {"lag": 900}, "seed": 1}))
        .await;
    // Its timer comes after five minutes, and for a quarter of an hour more
    // nobody who asks the index learns that it was taken away.
    shop.wait(6 * 60);
    let sweep = async || {
        let swept = shop.tick("reconcile_payments").await;
        shop.cloud.settle().await;
        swept
    };
    for _ in 0..3 {
        let swept = sweep().await;
        assert_eq!(swept, json!({"served": 1, "failed": 0}));
        assert_eq!(mails(), 1);
        shop.wait(60);
    }
}
