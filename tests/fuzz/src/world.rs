//! A running shop with customers in it, one for each thread, and the tokens
//! and ids it made.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use local::{Cloud, Options};
use platform::app::App;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Monthly, 1 device at least, per unit.
const PLAN: &str = "pln_01945000000070008000000000000051";
const PASSWORD: &str = "purple-otter-walks-slowly-9";

/// What placeholders may name; `{now}` is the clock in seconds.
const NAMES: [&str; 23] = [
    "claims",
    "access",
    "eve",
    "refresh",
    "cookie",
    "logout",
    "mailed",
    "cart",
    "cursor",
    "plan",
    "order",
    "pending",
    "subscription",
    "invoice",
    "account",
    "payment",
    "session",
    "intent",
    "customer",
    "due",
    "pending_invoice",
    "now",
    "email",
];

/// A shop, and what it made.
pub(crate) struct World {
    runtime: tokio::runtime::Runtime,
    pub(crate) cloud: Cloud,
    /// For calls past the front door.
    pub(crate) app: Arc<App>,
    values: BTreeMap<&'static str, String>,
}

thread_local! {
    static WORLD: World = World::open();
}

/// Does something with this thread's shop.
pub(crate) fn with<T>(act: impl FnOnce(&World) -> T) -> T {
    WORLD.with(act)
}

/// What a name stands for.
pub(crate) fn value(name: &str) -> Option<String> {
    // Whoever names nothing needs no shop.
    if !NAMES.contains(&name) {
        return None;
    }
    with(|world| world.values.get(name).cloned())
}

impl World {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let options = Options {
            rate_limits: false,
            ..Options::test()
        };
        let cloud = runtime.block_on(Cloud::new(options)).expect("a cloud");
        let app = cloud.app("fuzz");
        let mut world = Self {
            runtime,
            cloud,
            app,
            values: BTreeMap::new(),
        };
        world.set("plan", PLAN);
        world.set("now", world.cloud.now().as_second().to_string());
        world.people();
        world.purchases();
        world.cloud.take_trace();
        world.cloud.take_log();
        world
    }

    /// Waits for something.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// A value that must be there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.values.get(name).expect("a value of this world")
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name, value.into());
    }

    fn people(&mut self) {
        self.register("eve@example.com");
        self.register("ada@example.com");
        self.register("zoe@example.com");
        self.set("email", "ada@example.com");
        for email in ["eve@example.com", "ada@example.com"] {
            let token = self.mailed(email);
            self.send(
                "POST",
                "/v1/auth/verify-email",
                &[],
                &json!({"token": token}),
            );
        }
        let mailed = self.mailed("zoe@example.com");
        self.set("mailed", mailed);
        let access = self.log_in("ada@example.com", "body", "accessToken");
        self.set("claims", claims(&access));
        self.set("access", access);
        let eve = self.log_in("eve@example.com", "body", "accessToken");
        self.set("eve", eve);
        let refresh = self.log_in("ada@example.com", "body", "refreshToken");
        self.set("refresh", refresh);
        let logout = self.log_in("eve@example.com", "body", "refreshToken");
        self.set("logout", logout);
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let response = self.answer("POST", "/v1/auth/login", &[], &login);
        let cookie = response
            .headers()
            .get("set-cookie")
            .and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(['=', ';']).nth(1));
        let cookie = cookie.expect("a cookie").to_owned();
        self.set("cookie", cookie);
    }

    fn purchases(&mut self) {
        let path = format!("/v1/cart/items/{PLAN}");
        let cart = self.send("PUT", &path, &[], &json!({"quantity": 2}));
        self.set("cart", text(&cart, "/guestToken"));
        let bearer = format!("Bearer {}", self.get("access"));
        let by = [("authorization", bearer.as_str())];
        self.send("PUT", &path, &by, &json!({"quantity": 7}));
        let placed = self.order("first");
        self.pay(&placed);
        let path = format!("/v1/orders/{}", text(&placed, "/order/id"));
        let paid = self.send("GET", &path, &by, &Value::Null);
        self.set("order", text(&paid, "/id"));
        self.set("invoice", text(&paid, "/invoiceId"));
        self.set("subscription", text(&paid, "/subscriptionIds/0"));
        let placed = self.order("second");
        self.set("pending", text(&placed, "/order/id"));
        let account = self.send("GET", "/v1/me", &by, &Value::Null);
        self.set("account", text(&account, "/account/id"));
        let list = self.answer("GET", "/v1/orders?limit=1", &by, &Value::Null);
        let list: Value = serde_json::from_slice(list.body()).unwrap_or_default();
        self.set("cursor", text(&list, "/metadata/nextCursor"));
        self.provider();
    }

    /// What the provider has of the order that waits for payment.
    fn provider(&mut self) {
        let book = self.cloud.simulator().book();
        let session = object_of(&book, self.get("pending")).expect("a page of the order");
        self.set("session", text(&session, "/id"));
        self.set("payment", text(&session, "/metadata/payment"));
        self.set("pending_invoice", text(&session, "/metadata/invoice"));
        self.set("customer", text(&session, "/customer"));
        let due = session.pointer("/amount_total").and_then(Value::as_i64);
        self.set("due", due.expect("an amount").to_string());
        let intent = object_of(&book, self.get("order")).expect("something of the paid order");
        let intent = intent.pointer("/payment_intent").and_then(Value::as_str);
        self.set("intent", intent.unwrap_or("pi_unknown"));
    }

    fn order(&self, key: &str) -> Value {
        let order = json!({
            "items": [{"planId": PLAN, "quantity": 1}],
            "billingAddress": {
                "name": "Ada Lovelace", "line1": "1 rue de Rivoli", "postalCode": "75001",
                "city": "Paris", "country": "FR"
            },
            "returnUrl": "http://127.0.0.1:3000/_local/app",
            "acceptTerms": true
        });
        let bearer = format!("Bearer {}", self.get("access"));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.send("POST", "/v1/orders", &headers, &order)
    }

    fn pay(&self, placed: &Value) {
        let url = text(placed, "/payment/checkoutUrl");
        let (_, page) = url.split_once("/_local/").expect("a local page");
        let card = json!({"card": "4242424242424242"});
        self.answer("POST", &format!("/_local/{page}"), &[], &card);
        self.block_on(self.cloud.settle());
    }

    fn register(&self, email: &str) {
        let registration = json!({
            "email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace",
            "locale": "en", "acceptTerms": true
        });
        self.send("POST", "/v1/auth/register", &[], &registration);
    }

    fn mailed(&self, email: &str) -> String {
        let mails = self.cloud.mails(Some(email));
        let mut links = mails.iter().flat_map(|mail| &mail.links);
        let token = links.find_map(|link| link.split_once("token="));
        token.expect("a link with a token").1.to_owned()
    }

    fn log_in(&self, email: &str, transport: &str, wanted: &str) -> String {
        let login = json!({"email": email, "password": PASSWORD, "tokenTransport": transport});
        let tokens = self.send("POST", "/v1/auth/login", &[], &login);
        text(&tokens, &format!("/{wanted}"))
    }

    /// The data of a success.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        let response = self.answer(method, path, headers, body);
        let mut json: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        assert!(response.status().is_success(), "{method} {path}: {json}");
        json.get_mut("data").map(Value::take).unwrap_or_default()
    }

    fn answer(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Response<Bytes> {
        let mut builder = Request::builder().method(method).uri(path);
        builder = builder.header("content-type", "application/json");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = builder.body(Bytes::from(body)).expect("a request");
        self.block_on(self.cloud.request(request))
    }
}

/// The claims of an access token, as they are written.
fn claims(token: &str) -> String {
    let part = token.split('.').nth(1).unwrap_or_default();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}

/// The hosted page in the provider's book that was made for an order.
fn object_of(book: &Value, order: &str) -> Option<Value> {
    let inside = |value: &Value| object_of(value, order);
    match book {
        Value::Object(members) => {
            let of_order = book.pointer("/metadata/order").and_then(Value::as_str) == Some(order);
            if of_order && members.contains_key("amount_total") {
                return Some(book.clone());
            }
            members.values().find_map(inside)
        }
        Value::Array(items) => items.iter().find_map(inside),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
