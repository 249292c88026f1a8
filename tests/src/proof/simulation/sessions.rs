//! How a customer comes in, stays, and leaves.

use super::play::Stand;
use crate::answer::Answer;
use crate::shop::{PASSWORD, registration};
use jiff::SignedDuration;
use serde_json::json;

/// How long a refresh token is good after its use, with the time a request
/// may take.
const TOKEN_GRACE: SignedDuration = SignedDuration::from_secs(30 + 10);

impl Stand {
    /// Registers, and opens the last mailed link if there is one.
    pub(super) async fn register(&self, who: usize) {
        let email = self.with(who, |person| person.email.clone());
        self.call(None, "POST", "/v1/auth/register", |call| {
            call.json(&registration(&email))
        })
        .await;
        self.open_link(&email).await;
        self.log_in(who).await;
    }

    async fn open_link(&self, email: &str) {
        self.shop.cloud.settle().await;
        let mails = self.shop.cloud.mails(Some(email));
        let links = mails.iter().flat_map(|mail| &mail.links);
        let last = links
            .filter_map(|link| link.split_once("verify-email?token="))
            .next_back();
        if let Some((_, token)) = last {
            let body = json!({ "token": token });
            self.call(None, "POST", "/v1/auth/verify-email", |call| {
                call.json(&body)
            })
            .await;
        }
    }

    pub(super) async fn resend(&self, who: usize) {
        let body = json!({"email": self.with(who, |person| person.email.clone())});
        self.call(None, "POST", "/v1/auth/resend-verification", |call| {
            call.json(&body)
        })
        .await;
    }

    /// Logs in; true when that gave a token.
    pub(super) async fn log_in(&self, who: usize) -> bool {
        let email = self.with(who, |person| person.email.clone());
        let body = json!({"email": email, "password": PASSWORD, "tokenTransport": "body"});
        let answer = self
            .call(None, "POST", "/v1/auth/login", |call| call.json(&body))
            .await;
        if !self.take_tokens(who, &answer) {
            return false;
        }
        if self.with(who, |person| person.account.is_none()) {
            let me = self.ask_once(who, "GET", "/v1/me", &|call| call).await;
            if me.status == 401 {
                self.complain(format!("customer {who} is refused with a token just given"));
            }
            if let Some(account) = me.json["data"]["account"]["id"].as_str() {
                self.with(who, |person| person.account = Some(account.to_owned()));
            }
        }
        true
    }

    fn take_tokens(&self, who: usize, answer: &Answer) -> bool {
        let data = &answer.json["data"];
        match (data["accessToken"].as_str(), data["refreshToken"].as_str()) {
            (Some(access), Some(refresh)) => {
                self.with(who, |person| {
                    person.access = Some(access.to_owned());
                    person.refresh.push(refresh.to_owned());
                });
                true
            }
            _ => false,
        }
    }

    pub(super) async fn refresh(&self, who: usize, back: usize) {
        let token = self.with(who, |person| person.refresh.iter().rev().nth(back).cloned());
        let Some(token) = token else { return };
        let body = json!({ "refreshToken": token });
        let answer = self
            .call(None, "POST", "/v1/auth/refresh", |call| call.json(&body))
            .await;
        if !self.take_tokens(who, &answer) {
            return;
        }
        let now = self.shop.cloud.now();
        let used = self.with(who, |person| {
            *person.used.entry(token.clone()).or_insert(now)
        });
        if now.duration_since(used) > TOKEN_GRACE {
            self.complain(format!(
                "a refresh token of customer {who} that was used at {used} is good at {now}"
            ));
        }
    }

    pub(super) async fn log_out(&self, who: usize) {
        let token = self.with(who, |person| {
            person.access = None;
            person.refresh.last().cloned()
        });
        if let Some(token) = token {
            let body = json!({ "refreshToken": token });
            self.call(None, "POST", "/v1/auth/logout", |call| call.json(&body))
                .await;
        }
    }
}
