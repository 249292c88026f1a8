//! The HTTP client below everything that leaves the process: the AWS SDK and
//! the payment provider. It is the single effect boundary: the local cloud
//! and every test put their own in its place.

use crate::app::ClientError;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use base64::Engine as _;
use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::{BodyExt as _, Limited};
use memchr::memmem::Finder;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

/// Servers close idle connections after 60 to 90 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a connection to the payment provider may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Names inside the root certificates that sign the endpoints of AWS.
const AMAZON: [&str; 2] = ["Amazon Root CA", "Starfield Services Root"];

/// A client that trusts the roots of AWS alone: fewer roots to read at start.
///
/// # Errors
/// When the roots cannot be read.
pub fn aws_client() -> Result<SharedHttpClient, ClientError> {
    // Some hundred kilobytes are searched at every start.
    let names = AMAZON.map(|name| Finder::new(name.as_bytes()));
    let context = trusting(|root| names.iter().any(|name| name.find(root).is_some()))?;
    Ok(Builder::new()
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// A connector that trusts the roots of the public web, for the payment
/// provider.
///
/// # Errors
/// When the roots cannot be read.
pub fn web_connector(sleep: SharedAsyncSleep) -> Result<SharedHttpConnector, ClientError> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let connector = Connector::builder()
        .sleep_impl(sleep)
        .connector_settings(settings)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(trusting(|_| true)?)
        .build();
    Ok(SharedHttpConnector::new(connector))
}

/// What a call is waited for, and what is taken of its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    /// How long, from the call to the last byte.
    pub time: Duration,
    /// How many bytes.
    pub bytes: usize,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// It was not taken, or broke off before the answer began.
    #[error(transparent)]
    Call(ConnectorError),
    /// The answer broke off, or is too long.
    #[error("the answer cannot be read")]
    Body(#[source] Box<dyn Error + Send + Sync>),
    /// The answer did not end in time.
    #[error("no answer in time")]
    TooLate,
}

/// Calls, and reads the whole answer: its status and its body.
///
/// # Errors
/// [`Unanswered`].
pub(crate) async fn exchange(
    connector: &SharedHttpConnector,
    sleep: &SharedAsyncSleep,
    request: HttpRequest,
    most: Measure,
) -> Result<(u16, Bytes), Unanswered> {
    let answer = async {
        let response = connector.call(request).await.map_err(Unanswered::Call)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), most.bytes).collect();
        let body = body.await.map_err(Unanswered::Body)?;
        Ok((status, body.to_bytes()))
    };
    match select(pin!(answer), sleep.sleep(most.time)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => Err(Unanswered::TooLate),
    }
}

fn trusting(wanted: impl Fn(&[u8]) -> bool) -> Result<TlsContext, ClientError> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter(|root| wanted(root))
        .fold(TrustStore::empty(), |store, root| {
            store.with_pem_certificate(pem(root).into_bytes())
        });
    TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| ClientError(error.into()))
}

fn pem(der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}
