//! The simulator's promises, through its public face.

mod balance;
mod checkout;
mod disputes;
mod faults;
mod idempotency;
mod lists;
mod off_session;
mod properties;
mod refunds;
mod setup;
mod webhooks;

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{Config, Reply, Simulator};

const KEY: &str = "sk_test_shop";
const SECRET: &str = "whsec_shop";
const GOOD: &str = "4242424242424242";

/// A provider with a hand on its clock.
struct World {
    simulator: Simulator,
    now: Timestamp,
}

/// A status and a parsed body.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    body: Value,
}

impl World {
    fn new() -> Self {
        let simulator = Simulator::new(Config {
            api_key: KEY.into(),
            webhook_secret: SECRET.into(),
            checkout_base_url: "http://127.0.0.1:3000/_local/checkout".into(),
            api_version: None,
            webhook_api_version: "2025-09-30.clover".into(),
            livemode: false,
            minimum_amount: 50,
        });
        Self {
            simulator,
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn send(&self, method: Method, path: &str, key: Option<&str>, params: &str) -> Reply {
        let (uri, body) = if method == Method::POST {
            (path.to_owned(), params.to_owned())
        } else {
            (format!("{path}?{params}"), String::new())
        };
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("Authorization", format!("Bearer {KEY}"));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.simulator
            .handle(self.now, &request.body(Bytes::from(body)).unwrap())
    }

    fn response(&self, path: &str, key: Option<&str>, params: &str) -> Response<Bytes> {
        match self.send(Method::POST, path, key, params) {
            Reply::Answer(response) => response,
            other @ (Reply::Lost | Reply::Refused) => panic!("no answer: {other:?}"),
        }
    }

    fn post(&self, path: &str, params: &str) -> Answer {
        answer(self.send(Method::POST, path, None, params))
    }

    fn get(&self, path: &str, params: &str) -> Answer {
        answer(self.send(Method::GET, path, None, params))
    }

    fn customer(&self, email: &str) -> String {
        id(&self.post(
            "/v1/customers",
            &format!("email={email}&metadata[account]=acc_1"),
        ))
    }

    /// A payment session of 1299.00 EUR that saves the card.
    fn session(&self, customer: &str) -> String {
        id(&self.post("/v1/checkout/sessions", &session_params(customer)))
    }

    fn saved_card(&self, customer: &str, number: &str) -> String {
        let session = self.session(customer);
        let outcome = self.simulator.pay(self.now, &session, number).unwrap();
        if outcome.status == crate::PayStatus::AuthenticationRequired {
            self.simulator.authenticate(self.now, &session).unwrap();
        }
        let list = self.get("/v1/payment_methods", &format!("customer={customer}"));
        list.body["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The types of the events so far, oldest first.
    fn events(&self) -> Vec<String> {
        let book = self.simulator.book();
        let events = book["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    fn payment(&self, index: usize) -> Value {
        self.simulator.book()["payments"][index].clone()
    }
}

fn session_params(customer: &str) -> String {
    format!(
        "mode=payment&customer={customer}&success_url=https://shop.test/done?s={{CHECKOUT_SESSION_ID}}\
         &cancel_url=https://shop.test/cart&metadata[order]=ord_1&locale=fr\
         &payment_intent_data[metadata][payment]=pay_1\
         &payment_intent_data[setup_future_usage]=off_session\
         &line_items[0][price_data][currency]=EUR\
         &line_items[0][price_data][unit_amount]=129900\
         &line_items[0][price_data][product_data][name]=SOC+Standard\
         &line_items[0][quantity]=1"
    )
}

fn charge_params(customer: &str, method: &str, amount: u64) -> String {
    format!(
        "amount={amount}&currency=eur&customer={customer}&payment_method={method}\
         &confirm=true&off_session=true&metadata[attempt]=1&expand[]=latest_charge"
    )
}

fn answer(reply: Reply) -> Answer {
    let Reply::Answer(response) = reply else {
        panic!("no answer: {reply:?}")
    };
    let body = serde_json::from_slice(response.body()).unwrap();
    Answer {
        status: response.status().as_u16(),
        body,
    }
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_without_the_key_is_refused() {
    let world = World::new();
    let request = Request::get("/v1/customers").body(Bytes::new()).unwrap();
    assert_eq!(
        answer(world.simulator.handle(world.now, &request)).status,
        401
    );
}

#[test]
fn a_request_in_another_version_of_the_api_or_in_none_is_refused() {
    let spoken = "2025-09-30.clover";
    let simulator = Simulator::new(Config {
        api_key: KEY.into(),
        api_version: Some(spoken.into()),
        ..Config::default()
    });
    let ask = |version: Option<&str>| {
        let mut request = Request::get("/v1/customers");
        request = request.header("Authorization", format!("Bearer {KEY}"));
        if let Some(version) = version {
            request = request.header("Stripe-Version", version);
        }
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        answer(simulator.handle(now, &request.body(Bytes::new()).unwrap()))
    };
    assert_eq!(ask(Some(spoken)).status, 200);
    for version in [None, Some("2019-02-11")] {
        let refused = ask(version);
        assert_eq!(refused.status, 400, "{version:?}");
        assert_eq!(refused.body["error"]["type"], "invalid_request_error");
    }
}

#[test]
fn a_customers_address_must_be_one() {
    let world = World::new();
    for email in ["a+b@c.test", "@c.test", "a@", "a@b@c.test", "a.b.test"] {
        let refused = world.post("/v1/customers", &format!("email={email}"));
        assert_eq!(refused.status, 400, "{email}");
        assert_eq!(refused.body["error"]["code"], "email_invalid", "{email}");
    }
    // A plus stands for a blank unless it is encoded.
    let made = world.post("/v1/customers", "email=a%2Bb@c.test");
    assert_eq!(made.body["email"], "a+b@c.test");
}

#[test]
fn basic_authentication_and_another_mount_point_work_as_well() {
    let world = World::new();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:"));
    let request = Request::get("/_local/stripe/v1/customers")
        .header("Authorization", format!("Basic {credentials}"))
        .body(Bytes::new())
        .unwrap();
    assert_eq!(
        answer(world.simulator.handle(world.now, &request)).status,
        200
    );
}

#[test]
fn an_unknown_parameter_and_an_unknown_path_are_refused() {
    let world = World::new();
    let refused = world.post("/v1/customers", "emial=a@b.test");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"]["code"], "parameter_unknown");
    assert_eq!(world.get("/v1/nothing", "").status, 404);
    assert_eq!(world.get("/v1/customers/cus_nobody", "").status, 404);
}

#[test]
fn a_dump_restored_elsewhere_goes_on_alike() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    world.saved_card(&customer, GOOD);
    let other = World::new();
    other
        .simulator
        .restore(&world.simulator.dump().unwrap())
        .unwrap();
    assert_eq!(other.simulator.book(), world.simulator.book());
    assert_eq!(other.customer("c@d.test"), world.customer("c@d.test"));
    assert_eq!(
        other.simulator.due_deliveries(other.now),
        world.simulator.due_deliveries(world.now)
    );
}

#[test]
fn a_reset_forgets_everything_but_the_configuration() {
    let world = World::new();
    world.customer("a@b.test");
    world.simulator.reset();
    assert_eq!(world.simulator.book(), World::new().simulator.book());
    assert_eq!(world.get("/v1/customers", "").status, 200);
}
