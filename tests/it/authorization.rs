//! Who may do what: every operation of the registry, called by everybody.
//! An operation without a row fails the test.

mod callers;
mod staff;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callers::Callers;
use functions::registry::{Entry, operations};
use local::Effect;
use platform::http::operation::Access;
use serde_json::Value;
use staff::{only_admins, only_staff};
use std::collections::BTreeSet;
use tests::shop::Answer;
use tests::stage::{Ask, Stage};

/// Who may call an operation, and what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Anybody: a token is not looked at.
    Anybody,
    /// Whoever signs as the payment provider.
    Provider,
    /// A guest, or a user: each has a cart of its own.
    Cart,
    /// A user: what belongs to its account.
    Own(Session),
    /// A user: one thing of its account. To all others it is not there.
    Thing(Session),
    /// Any of the staff, but no customer.
    Staff(Session),
    /// Finance and administrators: the books of any account.
    Books,
    /// Finance and administrators, nobody else.
    Finance(Session),
    /// Administrators alone.
    Admin(Session),
}

/// How a session is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    /// By the access token alone, for its 15 minutes.
    Token,
    /// By the session itself, so that logging out counts at once: what moves
    /// money.
    Strict,
}

fn rule(operation: &str) -> Option<Rule> {
    Some(match operation {
        "register"
        | "verify_email"
        | "resend_verification"
        | "login"
        | "refresh_session"
        | "logout"
        | "jwks"
        | "list_products"
        | "get_product"
        | "health"
        | "openapi"
        | "docs"
        | "no_route" => Rule::Anybody,
        "payment_webhook" => Rule::Provider,
        "get_cart" | "set_cart_item" | "remove_cart_item" | "clear_cart" | "quote_order" => {
            Rule::Cart
        }
        "get_profile"
        | "merge_cart"
        | "list_orders"
        | "list_payments"
        | "list_payment_methods"
        | "list_subscriptions"
        | "list_invoices" => Rule::Own(Session::Token),
        "create_order" | "create_payment_method" => Rule::Own(Session::Strict),
        "get_order" | "get_order_timeline" | "get_subscription" | "list_renewals"
        | "get_invoice" | "get_invoice_pdf" => Rule::Thing(Session::Token),
        "pay_order" | "cancel_order" | "set_default_payment_method" | "remove_payment_method" => {
            Rule::Thing(Session::Strict)
        }
        "get_payment" | "find_orders" | "find_payments" => Rule::Staff(Session::Token),
        "verify_ledger" | "export_ledger" | "get_ledger_day" | "get_series" => Rule::Books,
        "refund" | "approve_refund" => Rule::Finance(Session::Strict),
        "get_coupon" | "list_coupons" => Rule::Admin(Session::Token),
        "create_coupon" | "end_coupon" => Rule::Admin(Session::Strict),
        _ => return None,
    })
}

#[test]
fn every_operation_has_a_row_in_the_matrix() {
    for entry in operations() {
        let id = entry.spec.id;
        let rule = rule(id).unwrap_or_else(|| {
            panic!("{id} has no row: say who may call it in `rule` in tests/it/authorization.rs")
        });
        let access = match rule {
            Rule::Anybody | Rule::Provider => Access::Public,
            Rule::Cart => Access::UserOrGuest,
            Rule::Own(_) | Rule::Thing(_) => Access::User,
            Rule::Staff(_) => Access::Staff,
            Rule::Books | Rule::Finance(_) => Access::Finance,
            Rule::Admin(_) => Access::Admin,
        };
        assert_eq!(
            entry.access, access,
            "{id}: its `Caller` is not what its row says, {rule:?}"
        );
        let names_one = entry.spec.path.contains("{id}");
        let of_staff = matches!(rule, Rule::Staff(_) | Rule::Books | Rule::Finance(_));
        assert_eq!(
            matches!(rule, Rule::Thing(_)),
            names_one && !of_staff,
            "{id}: {rule:?} does not go with {}",
            entry.spec.path
        );
    }
}

/// What an answer says beside its own id.
fn said(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut json = answer.json.clone();
    json["requestId"] = Value::Null;
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (answer.status, json, headers)
}

/// What an answer cost, without naming what was asked for.
fn cost(trace: &[Effect]) -> Vec<(String, usize)> {
    trace
        .iter()
        .map(|effect| (effect.action.clone(), effect.items.len()))
        .collect()
}

/// Nothing of Ada's is in an answer to somebody else.
#[track_caller]
fn holds_nothing_of_ada(stage: &Stage, operation: &str, answer: &Answer) {
    let body = String::from_utf8_lossy(&answer.bytes);
    for hers in stage.of_ada() {
        assert!(
            !body.contains(&hers),
            "{operation} told somebody else of {hers}: {body}"
        );
    }
}

/// All of these are refused alike, and nothing changes.
async fn refuses(stage: &Stage, operation: &str, asks: Vec<Ask>, status: u16, code: &str) {
    let digest = stage.shop.digest().await;
    for ask in asks {
        let answer = ask.send(&stage.shop).await;
        let told = (answer.status, answer.json["code"].as_str());
        assert_eq!(told, (status, Some(code)), "{operation} {ask:?}");
        answer.refused(status, code);
    }
    let after = stage.shop.digest().await;
    assert_eq!(after, digest, "{operation} refused, and changed something");
}

/// The good request, with a key that nobody used yet.
fn fresh(stage: &Stage, entry: &Entry) -> Ask {
    let mut ask = stage.good(&entry.spec);
    for (name, value) in &mut ask.headers {
        if *name == "idempotency-key" {
            *value = format!("fresh-{}", stage.shop.cloud.effects());
        }
    }
    ask
}

async fn anybody(callers: &Callers, entry: &Entry) {
    let (id, shop) = (entry.spec.id, &callers.stage.shop);
    let good = callers.stage.good(&entry.spec);
    let answer = good.send(shop).await;
    let success = if id == "no_route" {
        404
    } else {
        entry.spec.success
    };
    assert_eq!(
        answer.status, success,
        "{id} without a token: {}",
        answer.json
    );
    for token in callers.bad_tokens() {
        let answer = good.clone().by(token).send(shop).await;
        assert_ne!(
            answer.json["code"], "unauthenticated",
            "{id} is for anybody, and looked at a token"
        );
    }
}

async fn provider(callers: &Callers, entry: &Entry) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = stage.good(&entry.spec);
    assert_eq!(good.send(&stage.shop).await.status, entry.spec.success);
    let unsigned = good.bare();
    let forgeries = vec![
        unsigned.clone(),
        unsigned.clone().by(&stage.admin.token),
        unsigned.with("stripe-signature", "t=1,v1=00"),
    ];
    refuses(stage, id, forgeries, 400, "invalid_signature").await;
}

async fn cart(callers: &Callers, entry: &Entry) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = stage.good(&entry.spec);
    let bad = callers.bad_tokens();
    let bad = bad.into_iter().map(|token| good.clone().by(token));
    refuses(stage, id, bad.collect(), 401, "unauthenticated").await;
    let no_token = good.clone().with("x-cart-token", "not one of ours");
    refuses(stage, id, vec![no_token], 400, "malformed_header").await;
    let before = stage.ada.get("/v1/cart").await.data(200);
    let mut others = vec![good.clone()];
    others.extend([&stage.eve, &stage.admin].map(|user| good.clone().by(&user.token)));
    for ask in others {
        let answer = ask.send(&stage.shop).await;
        assert_eq!(answer.status, entry.spec.success, "{id}: {}", answer.json);
        holds_nothing_of_ada(stage, id, &answer);
    }
    let after = stage.ada.get("/v1/cart").await.data(200);
    assert_eq!(
        after, before,
        "{id}: somebody else's cart changed with theirs"
    );
    let answer = good.by(&stage.ada.token).send(&stage.shop).await;
    assert_eq!(answer.status, entry.spec.success, "{id}: {}", answer.json);
}

/// What every operation for users has in common.
async fn only_users(callers: &Callers, entry: &Entry, session: Session) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = fresh(stage, entry);
    let cart_token = URL_SAFE_NO_PAD.encode([7; 32]);
    let mut nobody = vec![good.clone(), good.clone().with("x-cart-token", cart_token)];
    let bad = callers.bad_tokens();
    nobody.extend(bad.into_iter().map(|token| good.clone().by(token)));
    let ended = good.by(match entry.access {
        Access::Staff | Access::Finance | Access::Admin => &callers.left,
        Access::Public | Access::User | Access::UserOrGuest => &callers.logged_out,
    });
    match session {
        Session::Strict => nobody.push(ended),
        Session::Token => {
            let answer = ended.send(&stage.shop).await;
            assert_eq!(answer.status, entry.spec.success, "{id}: {}", answer.json);
        }
    }
    refuses(stage, id, nobody, 401, "unauthenticated").await;
}

async fn own(callers: &Callers, entry: &Entry) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    for user in [&stage.ada, &stage.eve, &stage.admin] {
        let answer = fresh(stage, entry).by(&user.token).send(&stage.shop).await;
        assert_eq!(
            answer.status, entry.spec.success,
            "{id} by {}: {}",
            user.email, answer.json
        );
        if user.account != stage.ada.account {
            holds_nothing_of_ada(stage, id, &answer);
        }
    }
}

async fn thing(callers: &Callers, entry: &Entry) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = fresh(stage, entry);
    let mut nothing = Vec::new();
    for stranger in [&stage.eve, &stage.admin] {
        let foreign = good.clone().by(&stranger.token);
        let absent = foreign.clone().at(absent_path(&good.path));
        // The environment is warm before costs are compared.
        foreign.send(&stage.shop).await;
        stage.shop.cloud.take_trace();
        let told = foreign.send(&stage.shop).await;
        let cost_of_foreign = cost(&stage.shop.cloud.take_trace());
        let told_of_absent = absent.send(&stage.shop).await;
        let cost_of_absent = cost(&stage.shop.cloud.take_trace());
        assert_eq!(
            (said(&told), cost_of_foreign),
            (said(&told_of_absent), cost_of_absent),
            "{id}: {} sees that there is something",
            stranger.email
        );
        holds_nothing_of_ada(stage, id, &told);
        nothing.push(foreign);
    }
    for unreadable in ["x", "%2F", "ord_", "00000000000000000000000000000000"] {
        let path = good.path.replace(named(&good.path), unreadable);
        nothing.push(good.clone().at(path).by(&stage.ada.token));
    }
    refuses(stage, id, nothing, 404, "not_found").await;
    let answer = good.by(&stage.ada.token).send(&stage.shop).await;
    assert_eq!(answer.status, entry.spec.success, "{id}: {}", answer.json);
}

/// The id in a path.
fn named(path: &str) -> &str {
    path.split(['/', '='])
        .find(|segment| segment.contains('_'))
        .unwrap()
}

/// The same path, for an id nobody has.
fn absent_path(path: &str) -> String {
    let id = named(path);
    let (prefix, _) = id.split_once('_').unwrap();
    path.replace(id, &format!("{prefix}_00000000000070008000000000000000"))
}

#[tokio::test]
async fn every_operation_admits_whom_its_row_says_and_nobody_else() {
    let callers = Callers::gather().await;
    let mut rows = BTreeSet::new();
    for entry in operations() {
        let id = entry.spec.id;
        match rule(id).unwrap_or_else(|| panic!("{id} has no row in tests/it/authorization.rs")) {
            Rule::Anybody => anybody(&callers, &entry).await,
            Rule::Provider => provider(&callers, &entry).await,
            Rule::Cart => cart(&callers, &entry).await,
            Rule::Own(session) => {
                only_users(&callers, &entry, session).await;
                own(&callers, &entry).await;
            }
            Rule::Thing(session) => {
                only_users(&callers, &entry, session).await;
                thing(&callers, &entry).await;
            }
            Rule::Staff(session) => {
                only_users(&callers, &entry, session).await;
                only_staff(&callers, &entry, true).await;
            }
            Rule::Books => {
                only_users(&callers, &entry, Session::Token).await;
                only_staff(&callers, &entry, false).await;
            }
            Rule::Finance(session) => {
                only_users(&callers, &entry, session).await;
                only_staff(&callers, &entry, false).await;
            }
            Rule::Admin(session) => {
                only_users(&callers, &entry, session).await;
                only_admins(&callers, &entry).await;
            }
        }
        rows.insert(id);
    }
    assert_eq!(rows.len(), operations().len());
}
