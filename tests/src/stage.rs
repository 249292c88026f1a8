//! A shop in which everything exists that an operation may be asked for, and
//! for each operation a good request. Tests that walk over the registry stand
//! on it: an operation without a good request here fails them.

mod ask;

pub use ask::{Ask, fits};

use crate::shop::{
    EDR_MONTHLY, OTHER_CARD, PASSWORD, SPARE_CARD, Shop, User, order_of, registration, return_to,
    text,
};
use functions::registry::{Entry, operations};
use local::Options;
use platform::http::operation::{Access, Spec};
use serde_json::{Value, json};

/// A customer who bought and who is about to, another one, and an
/// administrator.
#[derive(Clone)]
pub struct Stage {
    /// Where.
    pub shop: Shop,
    /// The customer.
    pub ada: User,
    /// Another one.
    pub eve: User,
    /// The administrator.
    pub admin: User,
    /// Finance.
    pub finance: User,
    /// Support.
    pub support: User,
    /// Ada's, paid.
    pub order: String,
    /// Ada's, waiting for payment.
    pub pending: String,
    /// Ada's, waiting for payment as well.
    pub other_pending: String,
    /// Of Ada's paid order.
    pub payment: String,
    /// A refund of it that waits for a second person; the administrator asked
    /// for it.
    pub waiting_refund: String,
    /// Ada's.
    pub subscription: String,
    /// Ada's, paid.
    pub invoice: String,
    /// A saved card of Ada's beside the one she paid with.
    pub card: String,
    /// Another one, that nothing is said of.
    pub spare_card: String,
    /// A refresh token of a session of Ada's beside the one of her access token.
    pub refresh_token: String,
    /// The token of a guest's cart.
    pub guest: String,
    /// Confirms the address of somebody who just registered.
    pub verification: String,
}

/// Above how many cents a refund waits for a second person.
pub const LARGE: i64 = 1_000;

impl Stage {
    /// Sets it in a shop of its own.
    pub async fn set() -> Self {
        let options = Options {
            refund_approval_above: LARGE,
            ..Options::test()
        };
        Self::set_in(Shop::with(options).await).await
    }

    /// Sets it in this shop, where a refund above [`LARGE`] waits for approval.
    pub async fn set_in(shop: Shop) -> Self {
        let ada = shop.customer("ada@example.com").await;
        let eve = shop.customer("eve@example.com").await;
        let admin = staff(&shop, "admin").await;
        let finance = staff(&shop, "finance").await;
        let support = staff(&shop, "support").await;
        let bought = ada.buy(EDR_MONTHLY, 3).await;
        let payment = payment_of(&shop, &bought).await;
        let asked = Ask::new("POST", format!("/v1/admin/payments/{payment}/refunds"))
            .json(refund_of(1_500))
            .with("idempotency-key", "waiting")
            .by(&admin.token);
        let waiting_refund = text(&asked.send(&shop).await.data(201)["refund"]["id"]);
        let card = text(&shop.give_card(&ada, OTHER_CARD).await["id"]);
        let spare_card = text(&shop.give_card(&ada, SPARE_CARD).await["id"]);
        let coupon = Ask::new("POST", "/v1/admin/coupons").json(coupon_of(COUPON));
        coupon.by(&admin.token).send(&shop).await.data(201);
        let mut pending = Vec::new();
        for key in ["first", "second"] {
            let placed = ada.order(EDR_MONTHLY, 1, key).await.data(201);
            pending.push(text(&placed["order"]["id"]));
        }
        let put = ada
            .call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"))
            .json(&json!({"quantity": 7}));
        put.send().await.data(200);
        let put = shop
            .call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"))
            .json(&json!({"quantity": 1}));
        let guest = text(&put.send().await.data(200)["guestToken"]);
        shop.post("/v1/auth/register", &registration("newcomer@example.com"))
            .await
            .data(202);
        shop.carry_mail().await;
        Self {
            payment,
            card,
            spare_card,
            waiting_refund,
            order: text(&bought["id"]),
            subscription: text(&bought["subscriptionIds"][0]),
            invoice: text(&bought["invoiceId"]),
            other_pending: pending.remove(1),
            pending: pending.remove(0),
            refresh_token: refresh_token(&shop, &ada.email).await,
            guest,
            verification: shop.mailed_token("newcomer@example.com"),
            shop,
            ada,
            eve,
            admin,
            finance,
            support,
        }
    }

    /// The good request of an operation, by somebody who may make it: Ada, or
    /// finance.
    pub fn asked(&self, entry: &Entry) -> Ask {
        let good = self.good(&entry.spec);
        match entry.access {
            Access::Public => good,
            Access::User | Access::UserOrGuest => good.by(&self.ada.token),
            Access::Staff | Access::Finance => good.by(&self.finance.token),
            Access::Admin => good.by(&self.admin.token),
        }
    }

    /// A request that this operation answers with its success when Ada sends
    /// it (`no_route`: with its refusal).
    pub fn good(&self, spec: &Spec) -> Ask {
        if let Some(ask) = self.about_money(spec) {
            return ask;
        }
        let ask = |path: &str| Ask::new(spec.method, path);
        let item = || ask(&format!("/v1/cart/items/{EDR_MONTHLY}"));
        match spec.id {
            "register" => ask(spec.path).json(registration("zoe@example.com")),
            "verify_email" => ask(spec.path).json(json!({"token": self.verification})),
            "resend_verification" => ask(spec.path).json(json!({"email": "newcomer@example.com"})),
            "login" => ask(spec.path).json(json!({"email": self.ada.email, "password": PASSWORD})),
            "refresh_session" | "logout" => {
                ask(spec.path).json(json!({"refreshToken": self.refresh_token}))
            }
            "jwks"
            | "get_profile"
            | "list_products"
            | "get_cart"
            | "clear_cart"
            | "list_orders"
            | "list_payments"
            | "list_payment_methods"
            | "list_subscriptions"
            | "list_invoices"
            | "health"
            | "openapi"
            | "docs" => ask(spec.path),
            "get_product" => ask("/v1/products/edr-advanced"),
            "set_cart_item" => item().json(json!({"quantity": 2})),
            "remove_cart_item" => item(),
            "merge_cart" => ask(spec.path).json(json!({"guestToken": self.guest})),
            "quote_order" => ask(spec.path).json(json!({
                "items": [{"planId": EDR_MONTHLY, "quantity": 1}],
                "billingAddress": {"country": "FR", "postalCode": "75001"},
            })),
            "create_order" => ask(spec.path)
                .json(order_of(&[(EDR_MONTHLY, 1)]))
                .with("idempotency-key", "good"),
            "get_order" => ask(&format!("/v1/orders/{}", self.order)),
            "get_order_timeline" => ask(&format!("/v1/orders/{}/timeline", self.order)),
            "cancel_order" => {
                ask(&format!("/v1/orders/{}/cancellation", self.pending)).json(json!({}))
            }
            "payment_webhook" => self.event(json!({"id": "evt_1", "type": "customer.created"})),
            "get_subscription" => ask(&format!("/v1/subscriptions/{}", self.subscription)),
            "list_renewals" => ask(&format!("/v1/subscriptions/{}/renewals", self.subscription)),
            "get_invoice" => ask(&format!("/v1/invoices/{}", self.invoice)),
            "get_invoice_pdf" => ask(&format!("/v1/invoices/{}/pdf", self.invoice)),
            "verify_ledger" | "export_ledger" | "get_ledger_day" | "get_series" => {
                ask(&self.of_the_books(spec))
            }
            "get_payment" => ask(&format!("/v1/admin/payments/{}", self.payment)),
            "no_route" => ask("/v1/nowhere"),
            other => {
                panic!(
                    "{other} has no good request: write one in Stage::good in tests/src/stage.rs"
                )
            }
        }
    }

    /// The good request of an operation on payments, saved cards, refunds or
    /// coupons.
    fn about_money(&self, spec: &Spec) -> Option<Ask> {
        let ask = |path: &str| Ask::new(spec.method, path);
        let card = |id: &str, rest: &str| ask(&format!("/v1/payment-methods/{id}{rest}"));
        Some(match spec.id {
            "pay_order" => ask(&format!("/v1/orders/{}/payment", self.pending))
                .json(return_to())
                .with("idempotency-key", "good"),
            "list_payment_methods" => ask(spec.path),
            "create_payment_method" => ask(spec.path)
                .json(return_to())
                .with("idempotency-key", "good"),
            "set_default_payment_method" => card(&self.card, "/default").json(json!({})),
            "remove_payment_method" => card(&self.spare_card, ""),
            "refund" => ask(&format!("/v1/admin/payments/{}/refunds", self.payment))
                .json(refund_of(100))
                .with("idempotency-key", "good"),
            "approve_refund" => ask(&format!(
                "/v1/admin/payments/{}/refunds/{}/approval",
                self.payment, self.waiting_refund
            ))
            .json(json!({"decision": "approve"})),
            "create_coupon" => ask(spec.path)
                .json(json!({
                    "code": "GOOD-10", "kind": "amount",
                    "amount": {"amount": 1_000, "currency": "EUR"}, "duration": "once",
                }))
                .with("idempotency-key", "good"),
            "list_coupons" => ask(spec.path),
            "find_orders" | "find_payments" => {
                ask(&format!("{}?account={}", spec.path, self.ada.account))
            }
            "get_coupon" | "end_coupon" => ask(&format!("/v1/admin/coupons/{COUPON}")),
            _ => return None,
        })
    }

    /// Where finance read the books of today.
    fn of_the_books(&self, spec: &Spec) -> String {
        let today = self.shop.cloud.now().strftime("%Y-%m-%d").to_string();
        match spec.id {
            "verify_ledger" => format!("{}?account={}", spec.path, self.ada.account),
            "export_ledger" => format!("{}?from={today}&to={today}", spec.path),
            _ => {
                let year = today.get(..4).unwrap_or_default();
                let path = spec.path.replace("{date}", &today);
                path.replace("{year}", year)
            }
        }
    }

    /// A signed event of the provider.
    pub fn event(&self, body: Value) -> Ask {
        let signature = self
            .shop
            .cloud
            .simulator()
            .sign(self.shop.cloud.now(), body.to_string().as_bytes());
        Ask::new("POST", "/v1/webhooks/stripe")
            .json(body)
            .with("stripe-signature", signature)
    }

    /// Everything that names something of Ada's.
    pub fn of_ada(&self) -> Vec<String> {
        vec![
            self.ada.account.to_string(),
            self.ada.email.clone(),
            self.order.clone(),
            self.pending.clone(),
            self.other_pending.clone(),
            self.payment.clone(),
            self.subscription.clone(),
            self.invoice.clone(),
            self.card.clone(),
            self.spare_card.clone(),
        ]
    }
}

/// Logs in as one of the staff.
pub async fn staff(shop: &Shop, role: &str) -> User {
    let logins = shop.cloud.logins();
    let login = logins.into_iter().find(|login| login.role == role).unwrap();
    shop.log_in(&login.email, &login.password).await
}

/// The payment of an order, as finance find it: by the provider's book.
pub async fn payment_of(shop: &Shop, order: &Value) -> String {
    let book = shop.cloud.simulator().book();
    let payments = book["payments"].as_array().unwrap().clone();
    let mut its = payments.iter().map(|payment| &payment["metadata"]);
    let found = its.find(|metadata| metadata["order"] == order["id"]);
    text(&found.unwrap()["payment"])
}

/// The coupon of the stage.
pub const COUPON: &str = "STAGE-10";

/// A coupon for a tenth, once for each customer.
pub fn coupon_of(code: &str) -> Value {
    json!({"code": code, "kind": "percent", "basisPoints": 1_000, "duration": "once"})
}

/// The body of a refund, in cents.
pub fn refund_of(amount: i64) -> Value {
    json!({"amount": {"amount": amount, "currency": "EUR"}, "reason": "billing_error"})
}

/// Logs in as a client that keeps its refresh token itself.
pub async fn refresh_token(shop: &Shop, email: &str) -> String {
    let login = json!({"email": email, "password": PASSWORD, "tokenTransport": "body"});
    text(&shop.post("/v1/auth/login", &login).await.data(200)["refreshToken"])
}

/// An operation of the registry.
pub fn operation(id: &str) -> Entry {
    operations()
        .into_iter()
        .find(|entry| entry.spec.id == id)
        .unwrap_or_else(|| panic!("there is no operation {id}"))
}
