//! Receiving the payment provider's events.

use jiff::SignedDuration;
use platform::app::App;
use platform::http::operation::{Anybody, Media, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::payments::inbox::{Received, read, receive};
use platform::payments::signature::verify;
use platform::secrets::{Secret, SecretText};
use serde::Serialize;

/// How long a secret is still good after it was replaced: as long as the
/// provider signs with both.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

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
/// read from them. While a secret changes, the provider signs with both.
async fn authenticate(app: &App, request: &Request<Anybody>) -> Result<(), Failure> {
    let mut sent = request.headers.get_all("stripe-signature").iter();
    let header = match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().map_err(|_| Code::InvalidSignature)?,
        _ => return Err(Code::InvalidSignature.into()),
    };
    let fits = |secrets: &[SecretText]| {
        let secrets: Vec<&str> = secrets.iter().map(SecretText::expose).collect();
        verify(header, &request.body, &secrets, request.now.as_second()).is_ok()
    };
    let (secret, now) = (Secret::WebhookSecret, request.now);
    if fits(&[app.secret(secret).await?])
        || fits(&app.secrets().latest(secret, OVERLAP, now).await?)
    {
        return Ok(());
    }
    Err(Code::InvalidSignature.into())
}
