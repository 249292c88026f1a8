//! Publishing a catalogue to a deployed table: how products get into a shop
//! that has no back office yet.

use crate::seed::seller;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use domain::catalogue::Product;
use domain::id::ActId;
use platform::app::{App, Parts, WebClient};
use platform::clock::{SystemClock, SystemEntropy};
use platform::config::{Config, credentials, endpoint_override};
use platform::connector::aws_client;
use platform::identity::password::Cost;
use platform::telemetry::StandardOutput;
use std::path::Path;
use std::sync::Arc;

/// Any error that stops it.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Publishes the products of a file to a table, with the credentials of the
/// environment. The snapshot's new version; every function sees it within
/// fifteen seconds.
///
/// # Errors
/// When the file is no catalogue that can be sold, or the table refuses.
pub async fn publish(table: &str, region: &str, file: &Path) -> Result<u64, Failed> {
    let products: Vec<Product> = serde_json::from_slice(&std::fs::read(file)?)?;
    domain::publishing::check(&products)?;
    let app = App::new(Parts {
        config: config(table, region),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy::default()),
        log: Arc::new(StandardOutput),
        aws: aws_client()?,
        web: WebClient::Lazy,
        sleep: SharedAsyncSleep::new(TokioSleep::new()),
        time_source: SharedTimeSource::default(),
        credentials: credentials()?,
        endpoint: endpoint_override(),
        hashing: Cost::DEPLOYED,
    });
    let act: ActId = app.new_id()?;
    let version = app.store().publish_catalogue(act, &products).await?;
    Ok(version)
}

/// Only table and region matter for this.
fn config(table: &str, region: &str) -> Config {
    Config {
        table: table.to_owned(),
        region: region.to_owned(),
        app_url: String::new(),
        allowed_origins: Vec::new(),
        issuer: String::new(),
        secret_prefix: String::new(),
        mail_from: String::new(),
        provider_url: String::new(),
        register_url: String::new(),
        live_mode: false,
        one_stop_shop: false,
        refund_approval_above: 100_000,
        seller: seller(),
        bootstrap_admin: None,
        rate_limits: true,
        loopback: false,
    }
}
