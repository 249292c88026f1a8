//! The page that links everything.

use super::{Answer, json, page, respond, wants_page};
use crate::cloud::Cloud;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use platform::secrets::Secret;
use serde_json::{Map, Value, json as object};

/// Every endpoint: name, method, path and what it does.
const ENDPOINTS: [(&str, &str, &str, &str); 15] = [
    (
        "clock",
        "GET, POST",
        "/_local/clock",
        "the virtual clock: {\"advance\": \"P1M\"} or {\"to\": \"…\"} moves it and runs what falls due",
    ),
    (
        "mailbox",
        "GET",
        "/_local/mailbox",
        "every mail that was sent; ?to= filters",
    ),
    (
        "stripe",
        "any",
        "/_local/stripe/v1",
        "the payment provider's API",
    ),
    (
        "checkout",
        "GET, POST",
        "/_local/checkout/{sessionId}",
        "the hosted payment page",
    ),
    (
        "payments",
        "GET",
        "/_local/payments",
        "the payment provider's own book",
    ),
    (
        "cards",
        "POST",
        "/_local/cards",
        "how a customer's saved cards behave from now on",
    ),
    (
        "disputes",
        "POST",
        "/_local/disputes",
        "a card holder disputes a payment: {\"payment\": \"pi_…\", \"inquiry\": false}; evidence at the provider's API decides it, \"winning_evidence\" or \"losing_evidence\"",
    ),
    (
        "vatNumbers",
        "GET, POST",
        "/_local/vat-numbers",
        "what the register of VAT numbers was asked; {\"number\": \"DE…\", \"answer\": \"registered\", \"unknown\" or \"unavailable\"}",
    ),
    (
        "redeliver",
        "POST",
        "/_local/events/{eventId}/redeliver",
        "sends a past webhook again",
    ),
    (
        "faults",
        "GET, POST",
        "/_local/faults",
        "faults of webhooks, table and provider; {} clears them",
    ),
    (
        "digest",
        "GET",
        "/_local/digest",
        "SHA-256 over all items of the table",
    ),
    (
        "items",
        "GET",
        "/_local/items?pk=",
        "the items of a partition",
    ),
    ("reset", "POST", "/_local/reset", "a fresh, seeded stack"),
    ("docs", "GET", "/docs", "the API reference"),
    ("openapi", "GET", "/v1/openapi.json", "the API description"),
];

impl Cloud {
    pub(super) fn home(&self, request: &Request<Bytes>) -> Answer {
        let base = &self.options().base_url;
        let facts = object!({
            "logins": self.logins(),
            "providerKey": self.secret(Secret::ProviderApiKey),
            "webhookSecret": self.secret(Secret::WebhookSecret),
            "stripeKey": self.secret(Secret::ProviderApiKey),
            "dynamodbUrl": self.options().dynamodb_url,
            "endpoints": ENDPOINTS
                .iter()
                .map(|(name, _, path, _)| ((*name).to_owned(), Value::String(format!("{base}{path}"))))
                .collect::<Map<_, _>>(),
        });
        if !wants_page(request) {
            return Ok(json(&facts));
        }
        let endpoints: Vec<_> = ENDPOINTS
            .iter()
            .map(|(_, method, path, does)| {
                let link = method.starts_with("GET") && !path.contains('{') && !path.ends_with('=');
                object!({"method": method, "path": path, "does": does, "link": link})
            })
            .collect();
        page(
            "home.html",
            object!({"facts": facts, "endpoints": endpoints, "now": self.now()}),
        )
    }
}

/// The style sheet of every page.
pub(super) fn style() -> Response<Bytes> {
    respond(
        StatusCode::OK,
        "text/css; charset=utf-8",
        crate::pages::STYLE,
    )
}
