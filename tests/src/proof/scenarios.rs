//! Stories beside each operation's good request: what jobs do, and what the
//! provider's events bring.

use super::scenario::{Act, Scenario};
use super::scenarios_cards::of_cards;
use super::scenarios_pages::of_pages;
use crate::shop::{EDR_MONTHLY, GOOD_CARD, VAT_NUMBER, order_under, registration, text};
use crate::stage::{Ask, COUPON, Stage};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use local::{Faults, Share, Webhooks};
use serde_json::{Value, json};

/// A card the provider declines.
const POOR_CARD: &str = "4000000000009995";

/// Every story.
pub fn all() -> Vec<Scenario> {
    let mut all = Scenario::of_operations();
    all.extend(of_orders());
    all.extend(of_renewals());
    all.extend(of_cards());
    all.extend(of_pages());
    all.extend(super::aftermath::stories());
    all
}

fn of_orders() -> Vec<Scenario> {
    let webhook = |about, prepare| Scenario::new("payment_webhook", about, prepare);
    let reconcile = |about, prepare| Scenario::new("reconcile_payments", about, prepare);
    vec![
        webhook("an order is paid", |stage| paid(stage).boxed()),
        webhook("a card is declined on the page", |stage| {
            declined(stage).boxed()
        }),
        webhook("a canceled order is paid", |stage| surplus(stage).boxed()),
        webhook("a page nobody paid expires", |stage| expired(stage).boxed()),
        reconcile("no event tells of a payment", |stage| {
            unheard(stage).boxed()
        }),
        reconcile("no event tells of a page nobody paid", |stage| {
            unpaid(stage).boxed()
        }),
        reconcile("nobody looked for a charge for a day", |stage| {
            forgotten(stage).boxed()
        }),
        reconcile("a page was never opened", |stage| unopened(stage).boxed()),
        reconcile("an event of a user was lost", |stage| {
            undelivered(stage).boxed()
        }),
        reconcile("an event of an account was lost", |stage| {
            unthanked(stage).boxed()
        }),
        Scenario::new("dispatch_events", "a mail is sent", |stage| {
            mailed(stage).boxed()
        }),
        Scenario::new("create_order", "from the cart", |stage| {
            from_cart(stage).boxed()
        }),
        Scenario::new("create_order", "with a coupon", |stage| {
            with_coupon(stage).boxed()
        }),
        Scenario::new("cancel_order", "with a coupon", |stage| {
            gives_back(stage).boxed()
        }),
        Scenario::new("create_order", "a customer's first", |stage| {
            first(stage).boxed()
        }),
        Scenario::new("create_order", "under a VAT number", |stage| {
            numbered(stage).boxed()
        }),
        Scenario::new("create_order", "under a number known before", |stage| {
            numbered_again(stage).boxed()
        }),
        Scenario::new("check_vat_numbers", "a number is asked about", |stage| {
            questioned(stage).boxed()
        }),
        Scenario::new("cancel_order", "while it is paid", |stage| {
            canceled_while_paid(stage).boxed()
        })
        .race(),
        Scenario::new("set_cart_item", "a guest's first", |stage| {
            guest(stage).boxed()
        }),
        Scenario::new("register", "an address that is known", |stage| {
            registered_again(stage).boxed()
        }),
    ]
}

fn of_renewals() -> Vec<Scenario> {
    let renew = |about, prepare| Scenario::new("renew_subscriptions", about, prepare);
    vec![
        renew("a card pays", |stage| renewal(stage, "ok", 1)),
        renew("a card has no money", |stage| {
            renewal(stage, "insufficient_funds", 1)
        }),
        renew("a card was stolen", |stage| {
            renewal(stage, "stolen_card", 1)
        }),
        renew("the bank wants the customer", |stage| {
            renewal(stage, "authentication_required", 1)
        })
        .then(|stage| pays_as_mailed(stage).boxed()),
        renew("three periods were missed", |stage| renewal(stage, "ok", 3)),
        renew("under a VAT number", |stage| {
            renewed_under_number(stage).boxed()
        }),
        renew("a retry pays", |stage| recovered(stage).boxed()),
        renew("dunning ends", |stage| given_up(stage).boxed()),
    ]
}

pub(super) async fn placed(stage: &Stage, key: &str) -> Value {
    stage.ada.order(EDR_MONTHLY, 2, key).await.data(201)
}

async fn paid(stage: &Stage) -> Act {
    let order = placed(stage, "paid").await;
    stage.shop.pay(&order, GOOD_CARD).await;
    Act::Settle
}

async fn declined(stage: &Stage) -> Act {
    let order = placed(stage, "declined").await;
    stage.shop.pay(&order, POOR_CARD).await;
    Act::Settle
}

async fn surplus(stage: &Stage) -> Act {
    let order = placed(stage, "surplus").await;
    let page = order["payment"]["checkoutUrl"].clone();
    // The provider closes no page while nobody reaches it.
    stage.shop.cut_off_provider().await;
    stage.ada.cancel(&order).await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    assert!(page.is_string(), "{order}");
    stage.shop.pay(&order, GOOD_CARD).await;
    Act::Settle
}

async fn expired(stage: &Stage) -> Act {
    placed(stage, "expired").await;
    stage.shop.wait(3_700);
    Act::Settle
}

pub(super) fn silence(stage: &Stage) {
    let webhooks = Webhooks {
        lose: Share::ALL,
        ..Webhooks::default()
    };
    let faults = Faults {
        webhooks,
        ..Faults::default()
    };
    stage.shop.cloud.set_faults(faults).unwrap();
}

async fn unheard(stage: &Stage) -> Act {
    let order = placed(stage, "unheard").await;
    silence(stage);
    stage.shop.pay(&order, GOOD_CARD).await;
    stage.shop.cloud.settle().await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(660);
    Act::Tick("reconcile_payments")
}

async fn unpaid(stage: &Stage) -> Act {
    placed(stage, "unpaid").await;
    silence(stage);
    stage.shop.wait(3_700);
    // The provider alone: a tick of the job would find it here already.
    let (simulator, now) = (stage.shop.cloud.simulator(), stage.shop.cloud.now());
    simulator.tick(now);
    assert!(simulator.due_deliveries(now).is_empty());
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    Act::Tick("reconcile_payments")
}

/// A renewal was charged; neither the answer nor the event arrived, and nobody
/// looked for it for a day.
async fn forgotten(stage: &Stage) -> Act {
    stage.shop.wait(31 * 24 * 3_600);
    let mut faults = Faults::default();
    faults.provider.reply_lost = Share::ALL;
    faults.webhooks.lose = Share::ALL;
    stage.shop.cloud.set_faults(faults).unwrap();
    stage.shop.tick("renew_subscriptions").await;
    stage.shop.cloud.settle().await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(25 * 3_600);
    Act::Tick("reconcile_payments")
}

async fn unopened(stage: &Stage) -> Act {
    stage.shop.cut_off_provider().await;
    let refused = stage.ada.order(EDR_MONTHLY, 2, "unopened").await;
    assert_eq!(refused.status, 503, "{}", refused.json);
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(90);
    Act::Tick("reconcile_payments")
}

async fn undelivered(stage: &Stage) -> Act {
    register(stage, "lost@example.com").await;
    lose_the_stream(stage).await
}

/// An order is paid, and no mail says so.
async fn unthanked(stage: &Stage) -> Act {
    let order = placed(stage, "unthanked").await;
    stage.shop.pay(&order, GOOD_CARD).await;
    lose_the_stream(stage).await
}

/// Nothing arrives that the stream tells, until it is looked for.
async fn lose_the_stream(stage: &Stage) -> Act {
    let mut faults = Faults::default();
    faults.stream.drop = Share::ALL;
    stage.shop.cloud.set_faults(faults).unwrap();
    stage.shop.cloud.settle().await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(400);
    Act::Tick("reconcile_payments")
}

async fn register(stage: &Stage, email: &str) {
    stage
        .shop
        .post("/v1/auth/register", &registration(email))
        .await
        .data(202);
}

async fn mailed(stage: &Stage) -> Act {
    register(stage, "mailed@example.com").await;
    Act::Settle
}

async fn from_cart(stage: &Stage) -> Act {
    let mut order = crate::shop::order_of(&[]);
    let members = order.as_object_mut().unwrap();
    members.remove("items");
    members.insert("fromCart".to_owned(), json!(true));
    let spec = crate::stage::operation("create_order").spec;
    let ask = stage.good(&spec).json(order).by(&stage.ada.token);
    Act::Ask(ask)
}

async fn with_coupon(stage: &Stage) -> Act {
    let mut order = crate::shop::order_of(&[(EDR_MONTHLY, 2)]);
    order["couponCode"] = json!(COUPON);
    let spec = crate::stage::operation("create_order").spec;
    Act::Ask(stage.good(&spec).json(order).by(&stage.eve.token))
}

async fn gives_back(stage: &Stage) -> Act {
    with_coupon(stage).await.once(stage).await;
    let orders = stage.eve.get("/v1/orders").await.data(200);
    let path = format!("/v1/orders/{}/cancellation", text(&orders[0]["id"]));
    let ask = Ask::new("POST", path).json(json!({}));
    Act::Ask(ask.by(&stage.eve.token))
}

async fn first(stage: &Stage) -> Act {
    let spec = crate::stage::operation("create_order").spec;
    Act::Ask(stage.good(&spec).by(&stage.eve.token))
}

/// Eve orders for a business in Germany.
async fn numbered(stage: &Stage) -> Act {
    let spec = crate::stage::operation("create_order").spec;
    let order = order_under(VAT_NUMBER, &[(EDR_MONTHLY, 2)]);
    Act::Ask(stage.good(&spec).json(order).by(&stage.eve.token))
}

async fn questioned(stage: &Stage) -> Act {
    numbered(stage).await.once(stage).await;
    Act::Tick("check_vat_numbers")
}

/// Eve's number is known, the register was silent, and is to be asked again.
async fn unanswered(stage: &Stage) -> Value {
    stage.shop.register_says(VAT_NUMBER, "unavailable").await;
    let order = order_under(VAT_NUMBER, &[(EDR_MONTHLY, 1)]);
    let call = stage.eve.call("POST", "/v1/orders").key("earlier");
    let placed = call.json(&order).send().await.data(201);
    stage.shop.tick("check_vat_numbers").await;
    stage.shop.wait(300);
    placed
}

async fn numbered_again(stage: &Stage) -> Act {
    unanswered(stage).await;
    numbered(stage).await
}

/// A month after Eve bought for a business in Germany.
async fn renewed_under_number(stage: &Stage) -> Act {
    let placed = unanswered(stage).await;
    stage.shop.pay(&placed, GOOD_CARD).await;
    stage.shop.cloud.settle().await;
    // Ada's is renewed first, and by itself: she bought minutes before.
    stage.shop.wait(31 * 24 * 3_600 - 200);
    stage.shop.tick("renew_subscriptions").await;
    stage.shop.cloud.settle().await;
    stage.shop.wait(400);
    Act::Tick("renew_subscriptions")
}

async fn canceled_while_paid(stage: &Stage) -> Act {
    let order = placed(stage, "both").await;
    stage.shop.pay(&order, GOOD_CARD).await;
    let path = format!(
        "/v1/orders/{}/cancellation",
        order["order"]["id"].as_str().unwrap()
    );
    Act::Ask(Ask::new("POST", path).json(json!({})).by(&stage.ada.token))
}

async fn guest(stage: &Stage) -> Act {
    let spec = crate::stage::operation("set_cart_item").spec;
    Act::Ask(stage.good(&spec))
}

async fn registered_again(stage: &Stage) -> Act {
    let again = registration(&stage.ada.email);
    let spec = crate::stage::operation("register").spec;
    Act::Ask(stage.good(&spec).json(again))
}

/// The moment Ada's subscription has been due for so many periods, and what
/// her card does then.
fn renewal<'a>(stage: &'a Stage, behave: &'static str, months: i64) -> BoxFuture<'a, Act> {
    async move {
        stage.shop.cards(&stage.ada.email, behave).await;
        stage.shop.wait(months * 31 * 24 * 3_600);
        Act::Tick("renew_subscriptions")
    }
    .boxed()
}

/// Ada pays on the page she was mailed.
async fn pays_as_mailed(stage: &Stage) {
    let pages = stage.shop.mailed_pages(&stage.ada.email);
    if let Some(page) = pages.last() {
        stage.shop.post(page, &json!({"card": GOOD_CARD})).await;
    }
}

async fn recovered(stage: &Stage) -> Act {
    stage
        .shop
        .cards(&stage.ada.email, "insufficient_funds")
        .await;
    stage.shop.advance("P32D").await;
    stage.shop.cards(&stage.ada.email, "ok").await;
    stage.shop.wait(2 * 24 * 3_600);
    Act::Tick("renew_subscriptions")
}

async fn given_up(stage: &Stage) -> Act {
    stage
        .shop
        .cards(&stage.ada.email, "insufficient_funds")
        .await;
    stage.shop.advance("P47D").await;
    stage.shop.wait(8 * 24 * 3_600);
    Act::Tick("renew_subscriptions")
}
