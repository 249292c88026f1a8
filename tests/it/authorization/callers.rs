//! Everybody who calls: with good tokens, with tokens that were good, and with
//! tokens that are none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::json;
use tests::shop::{PASSWORD, Shop, text};
use tests::stage::{Stage, refresh_token, staff};

/// The password of every login that is there from the start.
const SEEDED: &str = "correct horse battery staple";

/// Everybody who calls.
pub(super) struct Callers {
    pub(super) stage: Stage,
    expired: String,
    forged: Vec<String>,
    pub(super) logged_out: String,
    /// Of an administrator, who may do all that staff may.
    pub(super) left: String,
}

impl Callers {
    pub(super) async fn gather() -> Self {
        let mut stage = Stage::set().await;
        let expired = stage.ada.token.clone();
        let life = SignedDuration::from_mins(15);
        stage.shop.cloud.skip_to(stage.shop.cloud.now() + life);
        stage.ada = stage.shop.log_in(&stage.ada.email, PASSWORD).await;
        stage.eve = stage.shop.log_in(&stage.eve.email, PASSWORD).await;
        stage.admin = staff(&stage.shop, "admin").await;
        stage.finance = staff(&stage.shop, "finance").await;
        stage.support = staff(&stage.shop, "support").await;
        let left = logged_out(&stage.shop, &stage.admin.email, SEEDED).await;
        let logged_out = logged_out(&stage.shop, &stage.ada.email, PASSWORD).await;
        stage.refresh_token = refresh_token(&stage.shop, &stage.ada.email).await;
        let forged = forgeries(&stage.ada.token, &stage.eve.token);
        Self {
            stage,
            expired,
            forged,
            logged_out,
            left,
        }
    }

    /// Tokens that are none.
    pub(super) fn bad_tokens(&self) -> Vec<&str> {
        let mut bad: Vec<&str> = self.forged.iter().map(String::as_str).collect();
        bad.push(&self.expired);
        bad
    }
}

/// An access token whose session was ended.
async fn logged_out(shop: &Shop, email: &str, password: &str) -> String {
    let login = json!({"email": email, "password": password, "tokenTransport": "body"});
    let tokens = shop.post("/v1/auth/login", &login).await.data(200);
    let logout = json!({"refreshToken": tokens["refreshToken"]});
    shop.post("/v1/auth/logout", &logout).await.data(200);
    text(&tokens["accessToken"])
}

/// Tokens somebody made who has two good ones and no key.
fn forgeries(mine: &str, other: &str) -> Vec<String> {
    let parts = |token: &str| -> Vec<String> { token.split('.').map(str::to_owned).collect() };
    let (mine, other) = (parts(mine), parts(other));
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    vec![
        format!("{}.{}.{}", mine[0], other[1], mine[2]),
        format!("{}.{}.", mine[0], mine[1]),
        format!("{unsigned}.{}.", mine[1]),
        format!("{}.{}.{}", mine[0], mine[1], other[2]),
        "ey.ey.ey".to_owned(),
        String::new(),
    ]
}
