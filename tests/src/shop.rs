//! What tests talk to the shop with.

pub use crate::answer::Answer;
use crate::documented;
use bytes::Bytes;
use domain::catalogue::Product;
use domain::id::{AccountId, Id as _};
use http::Request;
use local::{Cloud, Options, SourceIp, StreamDelivery};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Monthly, 1 device at least, per unit: the plain case.
pub const EDR_MONTHLY: &str = "pln_01945000000070008000000000000051";
/// Yearly.
pub const EDR_YEARLY: &str = "pln_01945000000070008000000000000052";
/// Monthly, graduated tiers, 5 at least.
pub const EDR_TIERS: &str = "pln_01946000000070008000000000000061";

/// Everybody's password.
pub const PASSWORD: &str = "purple-otter-walks-slowly-9";

/// A VAT number with good digits.
pub const VAT_NUMBER: &str = "DE136695976";

/// A card that pays.
pub const GOOD_CARD: &str = "4242424242424242";
/// Another one.
pub const OTHER_CARD: &str = "5555555555554444";
/// A third one.
pub const SPARE_CARD: &str = "378282246310005";

/// A shop of its own for one test.
#[derive(Clone)]
pub struct Shop {
    /// The cloud it runs on.
    pub cloud: Cloud,
}

/// A request being made.
pub struct Call<'a> {
    shop: &'a Shop,
    builder: http::request::Builder,
    body: Bytes,
}

impl Call<'_> {
    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// The same from a browser that asks for this language alone.
    pub fn language(mut self, browser: &str) -> Self {
        if let Some(headers) = self.builder.headers_mut() {
            headers.insert("accept-language", browser.parse().unwrap());
        }
        self
    }

    /// The same with a JSON body.
    pub fn json(self, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
        Self {
            body,
            ..self.header("content-type", "application/json")
        }
    }

    /// The same with a body of this type.
    pub fn raw(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self.header("content-type", content_type)
        }
    }

    /// The same from another client's address.
    pub fn from(self, address: IpAddr) -> Self {
        Self {
            builder: self.builder.extension(SourceIp(address)),
            ..self
        }
    }

    /// The same under an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends it; an answer that the API description does not announce fails.
    pub async fn send(self) -> Answer {
        let request: Request<Bytes> = self.builder.body(self.body).unwrap();
        let (method, path) = (request.method().clone(), request.uri().clone());
        let answer = Answer::of(self.shop.cloud.request(request).await);
        documented::check(method.as_str(), path.path(), &answer);
        answer
    }
}

/// Somebody who is logged in.
#[derive(Clone)]
pub struct User {
    /// Where.
    pub shop: Shop,
    /// The address.
    pub email: String,
    /// An access token.
    pub token: String,
    /// The account.
    pub account: AccountId,
}

impl User {
    /// A request of theirs.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.shop
            .call(method, path)
            .header("authorization", &format!("Bearer {}", self.token))
    }

    /// Reads; logs in again when the clock took the access token away.
    pub async fn get(&self, path: &str) -> Answer {
        let answer = self.call("GET", path).send().await;
        if answer.status != 401 {
            return answer;
        }
        let again = self.shop.log_in(&self.email, PASSWORD).await;
        again.call("GET", path).send().await
    }

    /// Orders a plan; the answer of create_order.
    pub async fn order(&self, plan: &str, quantity: u64, key: &str) -> Answer {
        let order = order_of(&[(plan, quantity)]);
        self.call("POST", "/v1/orders")
            .key(key)
            .json(&order)
            .send()
            .await
    }

    /// Orders a plan and pays it: the order once it is paid.
    pub async fn buy(&self, plan: &str, quantity: u64) -> Value {
        let placed = self
            .order(
                plan,
                quantity,
                &format!("buy-{plan}-{}", self.shop.cloud.effects()),
            )
            .await
            .data(201);
        let paid = self.shop.pay(&placed, GOOD_CARD).await;
        assert_eq!(paid["status"], "paid", "{paid}");
        self.shop.cloud.settle().await;
        let order = self.standing(&placed).await;
        assert_eq!(order["status"], "paid");
        order
    }

    /// A placed order as it stands.
    pub async fn standing(&self, placed: &Value) -> Value {
        let path = format!("/v1/orders/{}", text(&placed["order"]["id"]));
        self.get(&path).await.data(200)
    }

    /// Cancels a placed order.
    pub async fn cancel(&self, placed: &Value) -> Answer {
        let path = format!("/v1/orders/{}/cancellation", text(&placed["order"]["id"]));
        self.call("POST", &path).json(&json!({})).send().await
    }

    /// How the first renewal of a subscription stands, and how each attempt at
    /// it ended.
    pub async fn first_renewal(&self, subscription: &str) -> (String, Vec<String>) {
        let told = self.renewals(subscription).await;
        let attempts = told[1]["attempts"].as_array().unwrap().iter();
        let outcomes = attempts.map(|attempt| text(&attempt["outcome"])).collect();
        (text(&told[1]["status"]), outcomes)
    }

    /// Every period of a subscription.
    pub async fn renewals(&self, subscription: &str) -> Vec<Value> {
        let path = format!("/v1/subscriptions/{subscription}/renewals?limit=100");
        self.get(&path).await.data(200).as_array().unwrap().clone()
    }

    /// A subscription as it stands.
    pub async fn subscription(&self, id: &str) -> Value {
        self.get(&format!("/v1/subscriptions/{id}")).await.data(200)
    }

    /// Every invoice.
    pub async fn invoices(&self) -> Vec<Value> {
        self.get("/v1/invoices?limit=100")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .clone()
    }
}

impl Shop {
    /// A shop at the default time.
    pub async fn open() -> Self {
        Self::with(Options::test()).await
    }

    /// A shop that begins at a moment.
    pub async fn at(now: &str) -> Self {
        Self::with(Options::test().at(now.parse().unwrap())).await
    }

    /// A shop set up like this.
    pub async fn with(options: Options) -> Self {
        Self {
            cloud: Cloud::new(options).await.unwrap(),
        }
    }

    /// Publishes the catalogue it begins with, after this change.
    pub async fn publish(&self, change: impl FnOnce(&mut Vec<Product>)) {
        let mut products =
            serde_json::from_str(include_str!("../../infra/catalogue.json")).unwrap();
        change(&mut products);
        let app = self.cloud.app("publisher");
        let act = app.new_id().unwrap();
        let published = app.store().publish_catalogue(act, &products).await;
        published.unwrap();
    }

    /// A request of nobody in particular.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let builder = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:3000")
            .header("accept-language", "en");
        Call {
            shop: self,
            builder,
            body: Bytes::new(),
        }
    }

    /// Reads, as nobody in particular.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// Posts JSON, as nobody in particular.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send().await
    }

    /// The digest of the table.
    pub async fn digest(&self) -> String {
        text(&self.get("/_local/digest").await.json["digest"])
    }

    /// Registers, confirms and logs in.
    pub async fn customer(&self, email: &str) -> User {
        self.post("/v1/auth/register", &registration(email))
            .await
            .data(202);
        self.carry_mail().await;
        let token = self.mailed_token(email);
        self.post("/v1/auth/verify-email", &json!({"token": token}))
            .await
            .data(200);
        self.log_in(email, PASSWORD).await
    }

    /// Lets mails go out where nobody else does.
    pub async fn carry_mail(&self) {
        if self.cloud.options().stream == StreamDelivery::OnDemand {
            self.cloud.settle().await;
        }
    }

    /// The token of the last verification mail to an address.
    pub fn mailed_token(&self, email: &str) -> String {
        let mails = self.cloud.mails(Some(email));
        let mail = mails.last().expect("a verification mail");
        let link = mail
            .links
            .iter()
            .find(|link| link.contains("token="))
            .expect("a link");
        link.split_once("token=").unwrap().1.to_owned()
    }

    /// Logs in.
    pub async fn log_in(&self, email: &str, password: &str) -> User {
        let login = json!({"email": email, "password": password, "tokenTransport": "body"});
        let token = text(&self.post("/v1/auth/login", &login).await.data(200)["accessToken"]);
        let call = self
            .call("GET", "/v1/me")
            .header("authorization", &format!("Bearer {token}"));
        let account =
            AccountId::parse(&text(&call.send().await.data(200)["account"]["id"])).unwrap();
        User {
            shop: self.clone(),
            email: email.to_owned(),
            token,
            account,
        }
    }

    /// Pays on the payment page of a placed order.
    pub async fn pay(&self, placed: &Value, card: &str) -> Value {
        let url = text(&placed["payment"]["checkoutUrl"]);
        self.post(&local_path(&url), &json!({"card": card}))
            .await
            .json
    }

    /// Moves the clock.
    pub async fn advance(&self, duration: &str) {
        self.cloud.advance(duration).await.unwrap();
    }

    /// How every saved card of a customer behaves from now on.
    pub async fn cards(&self, email: &str, behave: &str) {
        let answer = self
            .post("/_local/cards", &json!({"email": email, "behave": behave}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    /// The payment pages that were mailed to somebody, each once for each mail.
    pub fn mailed_pages(&self, email: &str) -> Vec<String> {
        let mails = self.cloud.mails(Some(email));
        let links = mails.iter().flat_map(|mail| &mail.links);
        let pages = links.filter_map(|link| link.split_once("/_local/checkout/"));
        pages
            .map(|(_, session)| format!("/_local/checkout/{session}"))
            .collect()
    }
}

/// The path of a local page.
pub fn local_path(url: &str) -> String {
    let path = url.split_once("/_local/");
    path.map(|(_, rest)| format!("/_local/{rest}"))
        .expect("a local page")
}

/// Where a page of the provider sends the customer afterwards.
pub fn return_to() -> Value {
    json!({"returnUrl": "http://127.0.0.1:3000/_local/app"})
}

/// A good registration.
pub fn registration(email: &str) -> Value {
    json!({
        "email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace",
        "companyName": "Analytical Engines", "locale": "en", "acceptTerms": true
    })
}

/// A good order of these plans.
pub fn order_of(items: &[(&str, u64)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(plan, quantity)| json!({"planId": plan, "quantity": quantity}))
        .collect();
    json!({"items": items, "billingAddress": address(), "returnUrl": "http://127.0.0.1:3000/_local/app", "acceptTerms": true})
}

/// An order of these plans by a business in Germany, under this VAT number.
pub fn order_under(number: &str, items: &[(&str, u64)]) -> Value {
    let mut order = order_of(items);
    order["billingAddress"]["country"] = json!("DE");
    order["vatNumber"] = json!(number);
    order
}

/// A billing address in Paris.
pub fn address() -> Value {
    json!({"name": "Ada Lovelace", "company": "Analytical Engines", "line1": "1 rue de Rivoli", "postalCode": "75001", "city": "Paris", "country": "FR"})
}

/// A JSON string's text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
