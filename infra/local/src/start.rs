//! How a cloud begins: new and seeded, or from what a data file kept.

use crate::backends::Backends;
use crate::clock::VirtualClock;
use crate::cloud::{Cloud, Inner};
use crate::conductor::Conductor;
use crate::engine::{Engine, EngineError, TABLE};
use crate::entropy::SeededEntropy;
use crate::functions::Functions;
use crate::log::LogSink;
use crate::options::Options;
use crate::saved::{SaveError, Saved};
use crate::seed::{SeedError, seller};
use crate::template::{Template, TemplateError};
use crate::vault::{PREFIX, Vault};
use platform::clock::{Clock as _, Entropy, NoEntropy, SystemEntropy};
use platform::config::Config;
use platform::payments::provider::API_VERSION;
use platform::secrets::Secret;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use stripe_simulator::Simulator;

/// Why a cloud cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The deployment files cannot be used.
    #[error("the template cannot be used")]
    Template(#[from] TemplateError),
    /// The table cannot be opened.
    #[error(transparent)]
    Table(#[from] EngineError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The seed does not take.
    #[error("the seed does not take")]
    Seed(#[from] SeedError),
    /// What was kept in a file cannot be used.
    #[error("the data file cannot be used")]
    Saved(#[from] SaveError),
}

impl Cloud {
    /// Builds a cloud and, if asked to, seeds it.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn new(options: Options) -> Result<Self, StartError> {
        let template = Template::of_repository()?;
        let saved = Saved::read(options.data.as_deref())?;
        let start = saved
            .as_ref()
            .map_or(options.now, |saved| saved.now.max(options.now));
        let clock = if options.flowing {
            VirtualClock::flowing(start)
        } else {
            VirtualClock::frozen(start)
        };
        let seeded = options.seed.map(SeededEntropy::new).map(Arc::new);
        let entropy: Arc<dyn Entropy> = match &seeded {
            Some(seeded) => Arc::<SeededEntropy>::clone(seeded),
            None => Arc::new(SystemEntropy::default()),
        };
        let vault = match &saved {
            Some(saved) => Vault::of(saved.secrets.clone()),
            None => Vault::generate(&*entropy)?,
        };
        let backends = Arc::new(backends(&options, &template, clock, vault)?);
        let log = Arc::new(if options.print_log {
            LogSink::Print
        } else {
            LogSink::Collect(Mutex::default())
        });
        let functions = Functions::new(
            Arc::clone(&backends),
            config(&options),
            entropy,
            Arc::clone(&log),
            &options,
        );
        let conductor = Conductor::new(&template, backends.clock.now());
        let cloud = Self(Arc::new(Inner {
            template,
            backends,
            functions,
            log,
            conductor: tokio::sync::Mutex::new(conductor),
            logins: Mutex::default(),
            requests: AtomicU64::new(0),
            seeded,
            options,
        }));
        match saved {
            Some(saved) => cloud.go_on_from(saved)?,
            None if cloud.options().seeded => cloud.seed().await?,
            None => {}
        }
        // A table without the secrets it was made with is of no use.
        cloud.save()?;
        Ok(cloud)
    }

    fn go_on_from(&self, saved: Saved) -> Result<(), SaveError> {
        let backends = self.backends();
        backends.simulator.restore(&saved.provider)?;
        backends.mailbox.restore(saved.mails);
        self.set_logins(saved.logins);
        Ok(())
    }

    /// Writes what is not in the table beside the data file, if there is one.
    ///
    /// # Errors
    /// [`SaveError`] when it cannot be written.
    pub fn save(&self) -> Result<(), SaveError> {
        let Some(file) = &self.options().data else {
            return Ok(());
        };
        let backends = self.backends();
        let saved = Saved {
            now: self.now(),
            secrets: backends.vault.dump(),
            provider: backends.simulator.dump()?,
            mails: backends.mailbox.mails(None),
            register: backends.register.entries(),
            logins: self.logins(),
        };
        saved.write(file)
    }
}

fn backends(
    options: &Options,
    template: &Template,
    clock: VirtualClock,
    vault: Vault,
) -> Result<Backends, EngineError> {
    let engine = Engine::open(
        &template.table,
        template.ttl_attribute.as_deref(),
        &clock,
        options.data.as_deref(),
        options.trace,
    )?;
    let simulator = Simulator::new(stripe_simulator::Config {
        api_key: vault.current(Secret::ProviderApiKey),
        webhook_secret: vault.current(Secret::WebhookSecret),
        checkout_base_url: format!("{}/_local/checkout", options.base_url),
        api_version: Some(API_VERSION.to_owned()),
        webhook_api_version: API_VERSION.to_owned(),
        livemode: false,
        // The provider's own least amount in euros and US dollars.
        minimum_amount: 50,
    });
    Ok(Backends::new(
        clock,
        engine,
        simulator,
        vault,
        options.trace,
    ))
}

/// The settings of every function.
fn config(options: &Options) -> Config {
    Config {
        table: TABLE.to_owned(),
        region: "eu-west-3".to_owned(),
        app_url: format!("{}/_local/app", options.base_url),
        allowed_origins: vec![options.base_url.clone()],
        issuer: "urn:cyna:local".to_owned(),
        secret_prefix: PREFIX.to_owned(),
        mail_from: "no-reply@cyna.example".to_owned(),
        provider_url: "https://api.stripe.com".to_owned(),
        register_url: "https://ec.europa.eu/taxation_customs/vies/rest-api".to_owned(),
        live_mode: false,
        one_stop_shop: options.one_stop_shop,
        refund_approval_above: options.refund_approval_above,
        seller: seller(),
        bootstrap_admin: options.bootstrap_admin.clone(),
        rate_limits: options.rate_limits,
        loopback: !options.base_url.starts_with("https://"),
    }
}
