//! Lists and their pages.

use super::{GOOD, World, charge_params};
use crate::ApiFaults;

fn ids(body: &serde_json::Value) -> Vec<&str> {
    body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect()
}

#[test]
fn pages_go_from_new_to_old_without_gap_or_double() {
    let world = World::new();
    let all: Vec<String> = (0..7)
        .map(|n| world.customer(&format!("u{n}@b.test")))
        .collect();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen
            .last()
            .map(|id| format!("&starting_after={id}"))
            .unwrap_or_default();
        let page = world.get("/v1/customers", &format!("limit=3{after}")).body;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        if page["has_more"] == false {
            break;
        }
    }
    assert!(seen.iter().eq(all.iter().rev()));
    let back = world
        .get(
            "/v1/customers",
            &format!("limit=2&ending_before={}", all[2]),
        )
        .body;
    assert_eq!(ids(&back), [all[4].as_str(), all[3].as_str()]);
    assert_eq!(back["has_more"], true);
}

#[test]
fn a_bad_limit_or_cursor_is_refused() {
    let world = World::new();
    for params in [
        "limit=0",
        "limit=101",
        "limit=x",
        "starting_after=cus_none",
        "sort=up",
    ] {
        assert_eq!(world.get("/v1/customers", params).status, 400, "{params}");
    }
}

#[test]
fn customers_are_found_by_their_exact_address() {
    let world = World::new();
    let wanted = world.customer("a%2Bb@b.test");
    world.customer("other@b.test");
    let found = world.get("/v1/customers", "email=a%2Bb@b.test").body;
    assert_eq!(ids(&found), [wanted.as_str()]);
}

#[test]
fn intents_are_found_by_customer_and_time() {
    let mut world = World::new();
    let (one, other) = (world.customer("a@b.test"), world.customer("c@d.test"));
    let (mine, theirs) = (world.saved_card(&one, GOOD), world.saved_card(&other, GOOD));
    world.wait(60);
    let since = world.now.as_second();
    let late = super::id(&world.post("/v1/payment_intents", &charge_params(&one, &mine, 100)));
    world.post("/v1/payment_intents", &charge_params(&other, &theirs, 100));
    let all = world
        .get("/v1/payment_intents", &format!("customer={one}"))
        .body;
    assert_eq!(ids(&all).len(), 2);
    let query = format!("customer={one}&created[gte]={since}&limit=100");
    assert_eq!(
        ids(&world.get("/v1/payment_intents", &query).body),
        [late.as_str()]
    );
    let query = format!("customer={one}&created[gt]={since}");
    assert!(ids(&world.get("/v1/payment_intents", &query).body).is_empty());
}

#[test]
fn a_list_that_lags_shows_what_is_old_enough() {
    let mut world = World::new();
    let customer = world.customer("a@b.test");
    let faults = ApiFaults {
        list_lag_seconds: 60,
        behind_seconds: 5,
        ..ApiFaults::default()
    };
    world.simulator.set_api_faults(faults, 1);
    let card = world.saved_card(&customer, GOOD);
    let made = world.post("/v1/payment_intents", &charge_params(&customer, &card, 100));
    assert_eq!(made.body["created"], world.now.as_second() - 5);
    let query = format!("customer={customer}");
    let shown = |world: &World| ids(&world.get("/v1/payment_intents", &query).body).len();
    world.wait(54);
    assert_eq!(shown(&world), 0);
    world.wait(1);
    assert_eq!(shown(&world), 2);
}

#[test]
fn sessions_are_found_by_customer_and_by_intent() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let (paid, open) = (world.session(&customer), world.session(&customer));
    world.simulator.pay(world.now, &paid, GOOD).unwrap();
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    let list = |query: String| world.get("/v1/checkout/sessions", &query).body;
    assert_eq!(
        ids(&list(format!("customer={customer}"))),
        [open.as_str(), paid.as_str()]
    );
    assert_eq!(
        ids(&list(format!("payment_intent={intent}"))),
        [paid.as_str()]
    );
    assert_eq!(ids(&list("status=open".to_owned())), [open.as_str()]);
}
