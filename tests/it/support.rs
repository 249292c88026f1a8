//! What tests talk to the shop with.

use crate::documented;
use bytes::Bytes;
use domain::id::{AccountId, Id as _};
use http::{Request, Response};
use local::{Cloud, Options};
use serde_json::{Value, json};

/// Monthly, 1 device at least, per unit: the plain case.
pub(crate) const EDR_MONTHLY: &str = "pln_01945000000070008000000000000051";
/// Yearly.
pub(crate) const EDR_YEARLY: &str = "pln_01945000000070008000000000000052";
/// Monthly, graduated tiers, 5 at least.
pub(crate) const EDR_TIERS: &str = "pln_01946000000070008000000000000061";

pub(crate) const PASSWORD: &str = "purple-otter-walks-slowly-9";

/// A card that pays.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

/// A shop of its own for one test.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) cloud: Cloud,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) json: Value,
}

impl Answer {
    /// A response as tests look at it.
    pub(crate) fn of(response: Response<Bytes>) -> Self {
        let (parts, bytes) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// The `data` of a success with this status.
    #[track_caller]
    pub(crate) fn data(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.json["success"], true, "{}", self.json);
        self.json["data"].clone()
    }

    /// Checks that it is a problem with this status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, &self.json["code"]),
            (status, &json!(code)),
            "{}",
            self.json
        );
        assert_eq!(self.json["success"], false);
        assert_eq!(
            self.header("content-type"),
            "application/problem+json; charset=utf-8"
        );
        assert_eq!(self.json["status"], status);
        assert!(
            self.json["requestId"]
                .as_str()
                .is_some_and(|id| id.starts_with("req_")),
            "{}",
            self.json
        );
        self
    }

    /// Checks that it refuses these fields, in any order.
    #[track_caller]
    pub(crate) fn refused_fields(&self, fields: &[(&str, &str)]) {
        self.refused(422, "validation_failed");
        let mut found: Vec<(String, String)> = self.json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                (
                    error["path"].as_str().unwrap().to_owned(),
                    error["code"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let mut wanted: Vec<(String, String)> = fields
            .iter()
            .map(|(path, code)| ((*path).into(), (*code).into()))
            .collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A request being made.
pub(crate) struct Call<'a> {
    shop: &'a Shop,
    builder: http::request::Builder,
    body: Bytes,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
        Self {
            body,
            ..self.header("content-type", "application/json")
        }
    }

    pub(crate) fn raw(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self.header("content-type", content_type)
        }
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) async fn send(self) -> Answer {
        let request: Request<Bytes> = self.builder.body(self.body).unwrap();
        let (method, path) = (request.method().clone(), request.uri().clone());
        let answer = Answer::of(self.shop.cloud.request(request).await);
        documented::check(method.as_str(), path.path(), &answer);
        answer
    }
}

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) shop: Shop,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) account: AccountId,
}

impl User {
    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.shop
            .call(method, path)
            .header("authorization", &format!("Bearer {}", self.token))
    }

    /// Reads; logs in again when the clock took the access token away.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let answer = self.call("GET", path).send().await;
        if answer.status != 401 {
            return answer;
        }
        let again = self.shop.log_in(&self.email, PASSWORD).await;
        again.call("GET", path).send().await
    }

    /// Orders a plan; the answer of create_order.
    pub(crate) async fn order(&self, plan: &str, quantity: u64, key: &str) -> Answer {
        let order = order_of(&[(plan, quantity)]);
        self.call("POST", "/v1/orders")
            .key(key)
            .json(&order)
            .send()
            .await
    }

    /// Orders a plan and pays it: the order once it is paid.
    pub(crate) async fn buy(&self, plan: &str, quantity: u64) -> Value {
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
    pub(crate) async fn standing(&self, placed: &Value) -> Value {
        let path = format!("/v1/orders/{}", text(&placed["order"]["id"]));
        self.get(&path).await.data(200)
    }

    /// Cancels a placed order.
    pub(crate) async fn cancel(&self, placed: &Value) -> Answer {
        let path = format!("/v1/orders/{}/cancellation", text(&placed["order"]["id"]));
        self.call("POST", &path).json(&json!({})).send().await
    }

    pub(crate) async fn renewals(&self, subscription: &str) -> Vec<Value> {
        let path = format!("/v1/subscriptions/{subscription}/renewals?limit=100");
        self.get(&path).await.data(200).as_array().unwrap().clone()
    }

    pub(crate) async fn subscription(&self, id: &str) -> Value {
        self.get(&format!("/v1/subscriptions/{id}")).await.data(200)
    }

    pub(crate) async fn invoices(&self) -> Vec<Value> {
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
    pub(crate) async fn open() -> Self {
        Self::with(Options::test()).await
    }

    /// A shop that begins at a moment.
    pub(crate) async fn at(now: &str) -> Self {
        Self::with(Options::test().at(now.parse().unwrap())).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self {
            cloud: Cloud::new(options).await.unwrap(),
        }
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
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

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send().await
    }

    pub(crate) async fn digest(&self) -> String {
        text(&self.get("/_local/digest").await.json["digest"])
    }

    /// Registers, confirms and logs in.
    pub(crate) async fn customer(&self, email: &str) -> User {
        self.post("/v1/auth/register", &registration(email))
            .await
            .data(202);
        let token = self.mailed_token(email);
        self.post("/v1/auth/verify-email", &json!({"token": token}))
            .await
            .data(200);
        self.log_in(email, PASSWORD).await
    }

    /// The token of the last verification mail to an address.
    pub(crate) fn mailed_token(&self, email: &str) -> String {
        let mails = self.cloud.mails(Some(email));
        let mail = mails.last().expect("a verification mail");
        let link = mail
            .links
            .iter()
            .find(|link| link.contains("token="))
            .expect("a link");
        link.split_once("token=").unwrap().1.to_owned()
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> User {
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
    pub(crate) async fn pay(&self, placed: &Value, card: &str) -> Value {
        let url = text(&placed["payment"]["checkoutUrl"]);
        let path = url
            .split_once("/_local/")
            .map(|(_, rest)| format!("/_local/{rest}"))
            .expect("a local page");
        self.post(&path, &json!({"card": card})).await.json
    }

    pub(crate) async fn advance(&self, duration: &str) {
        self.cloud.advance(duration).await.unwrap();
    }

    pub(crate) async fn cards(&self, email: &str, behave: &str) {
        let answer = self
            .post("/_local/cards", &json!({"email": email, "behave": behave}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    /// The payment pages that were mailed to somebody, each once for each mail.
    pub(crate) fn mailed_pages(&self, email: &str) -> Vec<String> {
        let mails = self.cloud.mails(Some(email));
        let links = mails.iter().flat_map(|mail| &mail.links);
        let pages = links.filter_map(|link| link.split_once("/_local/checkout/"));
        pages
            .map(|(_, session)| format!("/_local/checkout/{session}"))
            .collect()
    }
}

/// A good registration.
pub(crate) fn registration(email: &str) -> Value {
    json!({
        "email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace",
        "companyName": "Analytical Engines", "locale": "en", "acceptTerms": true
    })
}

/// A good order of these plans.
pub(crate) fn order_of(items: &[(&str, u64)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(plan, quantity)| json!({"planId": plan, "quantity": quantity}))
        .collect();
    json!({"items": items, "billingAddress": address(), "returnUrl": "http://127.0.0.1:3000/_local/app", "acceptTerms": true})
}

/// A billing address in Paris.
pub(crate) fn address() -> Value {
    json!({"name": "Ada Lovelace", "company": "Analytical Engines", "line1": "1 rue de Rivoli", "postalCode": "75001", "city": "Paris", "country": "FR"})
}

/// A JSON string's text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
