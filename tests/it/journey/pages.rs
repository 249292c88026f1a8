//! Another page for an order that waits.

use domain::account::Account;
use platform::store::{Stored, Transaction, keys};
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, User, order_of, return_to, text};
use tests::stage::{Stage, staff};

async fn another_page(user: &User, order: &Value, key: &str) -> Answer {
    let path = format!("/v1/orders/{}/payment", text(&order["id"]));
    let call = user.call("POST", &path).key(key);
    call.json(&return_to()).send().await
}

/// Makes the account one of a customer the provider never heard of.
async fn forget_customer(user: &User) {
    let app = user.shop.cloud.app("somebody");
    let key = keys::account(user.account);
    let read: Option<Stored<Account>> = app.store().get(&key).await.unwrap();
    let read = read.unwrap();
    let mut account = read.value;
    account.provider_customer = Some("cus_nobody".to_owned());
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(read.version, &account, ());
    app.store().commit(act).await.unwrap();
}

/// A customer's first order, whose first page never opened; and one with a
/// coupon, whose second page the provider refuses: it knows no such customer.
pub(super) async fn pages(stage: &Stage) {
    let shop = &stage.shop;
    let kim = shop.customer("kim@example.com").await;
    shop.cut_off_provider().await;
    let refused = kim.order(EDR_MONTHLY, 1, "page-1").await;
    refused.refused(503, "unavailable");
    shop.faults(json!({})).await;
    let orders = kim.get("/v1/orders").await.data(200);
    another_page(&kim, &orders[0], "another-1").await.data(200);
    // The page is closed and no answer says so: the provider's event does.
    shop.faults(json!({"provider": {"replyLost": 1.0}})).await;
    let silent = another_page(&kim, &orders[0], "another-2").await;
    silent.refused(503, "unavailable");
    shop.faults(json!({})).await;
    shop.cloud.settle().await;
    shop.wait(20);
    another_page(&kim, &orders[0], "another-2").await.data(200);

    let admin = staff(shop, "admin").await;
    let coupon = json!({
        "code": "PAGES", "kind": "percent", "basisPoints": 500, "duration": "once",
    });
    let call = admin.call("POST", "/v1/admin/coupons").json(&coupon);
    call.send().await.data(201);
    let mut order = order_of(&[(EDR_MONTHLY, 5)]);
    order["couponCode"] = json!("PAGES");
    let call = kim.call("POST", "/v1/orders").key("page-2").json(&order);
    let placed = call.send().await.data(201);
    forget_customer(&kim).await;
    let refused = another_page(&kim, &placed["order"], "another-3").await;
    assert_ne!(refused.status, 200, "{}", refused.json);
    assert_eq!(kim.standing(&placed).await["status"], "expired");
}
