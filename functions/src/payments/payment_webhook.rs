//! Receiving the payment provider's events.

use platform::app::App;
use platform::http::operation::{Anybody, Media, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::payments::inbox::{Received, read, receive};
use platform::payments::signature::verify;
use platform::secrets::Secret;
use serde::Serialize;

/// `POST /v1/webhooks/stripe`.
pub struct PaymentWebhook;

/// What became of the event.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct WebhookView {
    /// `applied`, `repeated`, `ignored`, `kept` or `quarantined`.
    pub status: &'static str,
}

impl Operation for PaymentWebhook {
    const SPEC: Spec = Spec::post("payment_webhook", "/v1/webhooks/stripe")
        .summary("Receive an event of the payment provider.")
        .media(Media::Webhook)
        .codes(&[Code::InvalidSignature, Code::MalformedBody]);
    type Caller = Anybody;
    type Input = ();
    type Output = WebhookView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        (): (),
    ) -> Result<Reply<WebhookView>, Failure> {
        authenticate(app, &request).await?;
        let envelope = read(&request.body).ok_or(Code::MalformedBody)?;
        let status = match receive(app, &envelope, &request.body).await? {
            Received::Applied => "applied",
            Received::Repeated => "repeated",
            Received::Ignored => "ignored",
            Received::Kept => "kept",
            Received::Quarantined => "quarantined",
        };
        Ok(Reply::data(WebhookView { status }))
    }
}

/// The signature is checked on the bytes as they came, before anything is
/// read from them. The secret before the last rotation is good until Secrets
/// Manager forgets it: the provider signs with both while it changes.
async fn authenticate(app: &App, request: &Request<Anybody>) -> Result<(), Failure> {
    let header = match request
        .headers
        .get_all("stripe-signature")
        .iter()
        .collect::<Vec<_>>()
        .as_slice()
    {
        [one] => one.to_str().map_err(|_| Code::InvalidSignature)?,
        _ => return Err(Code::InvalidSignature.into()),
    };
    let current = app.secret(Secret::WebhookSecret).await?;
    let seconds = request.now.as_second();
    if verify(header, &request.body, &[current.expose()], seconds).is_ok() {
        return Ok(());
    }
    if let Some(previous) = app
        .secrets()
        .previous(Secret::WebhookSecret, request.now)
        .await
        && verify(header, &request.body, &[previous.expose()], seconds).is_ok()
    {
        return Ok(());
    }
    Err(Code::InvalidSignature.into())
}
