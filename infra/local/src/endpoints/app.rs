//! Stand-ins for the pages of the React app that mails and payments lead to.

use super::{Answer, Refused, page, posted, query};
use crate::cloud::Cloud;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

impl Cloud {
    /// The page behind a link: the one that confirms an address, or one that
    /// only says where the app would be.
    pub(super) fn app_page(&self, request: &Request<Bytes>, path: &[&str]) -> Answer {
        match (path, query(request, "token")) {
            (["verify-email"], Some(token)) => page("verify_email.html", json!({"token": token})),
            _ => page(
                "app.html",
                json!({"path": path.join("/"), "query": request.uri().query().unwrap_or_default()}),
            ),
        }
    }

    /// What the button of that page does: it calls the API as the app would.
    pub(super) async fn verify_email(&self, request: &Request<Bytes>) -> Answer {
        let token = posted(request, "token")
            .ok_or_else(|| Refused::unprocessable("the token is missing"))?;
        let call = Request::post("/v1/auth/verify-email")
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(json!({"token": token}).to_string()))
            .map_err(Refused::fault)?;
        let answer = self.api(call).await;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        page(
            "verified.html",
            json!({
                "good": answer.status().is_success(),
                "detail": body.get("detail").and_then(Value::as_str),
            }),
        )
    }
}
