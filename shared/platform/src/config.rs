//! Settings, read once per cold start. Secrets are not among them: those come
//! from Secrets Manager.

use domain::email::EmailAddress;
use domain::invoice::Seller;
use domain::vat_number::VatNumber;

/// Everything a function is told by its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The DynamoDB table.
    pub table: String,
    /// AWS region.
    pub region: String,
    /// Base URL of the React app; links in mails begin with it.
    pub app_url: String,
    /// Origins whose pages may call with cookies and be returned to.
    pub allowed_origins: Vec<String>,
    /// Issuer of access tokens: a URN of the stack, which no change of address
    /// invalidates.
    pub issuer: String,
    /// First part of every secret's name.
    pub secret_prefix: String,
    /// Sender of mails.
    pub mail_from: String,
    /// Base URL of the payment provider's API.
    pub provider_url: String,
    /// Base URL of the register of VAT numbers.
    pub register_url: String,
    /// True when real money moves: events of the other mode are quarantined.
    pub live_mode: bool,
    /// True when VAT of consumers elsewhere in the Union is declared in the
    /// one-stop shop (OSS): then they pay that of their country from the first
    /// sale on.
    pub one_stop_shop: bool,
    /// A refund of more than this, in minor units of its currency, waits for a
    /// second person.
    pub refund_approval_above: i64,
    /// The seller on invoices; its VAT number is normalised, for the register is
    /// asked in its name.
    pub seller: Seller,
    /// The address whose verified user is the first administrator.
    pub bootstrap_admin: Option<EmailAddress>,
    /// False only on the local stack, for load tests.
    pub rate_limits: bool,
    /// True only on the local stack: cookies go over plain loopback HTTP, and
    /// any loopback origin is allowed.
    pub loopback: bool,
}

/// A setting that is missing or unreadable. Shown to operators at start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Set to something else than what is needed.
    #[error("the environment variable {name} is not {expected}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn variable(name: &'static str) -> Result<String, ConfigError> {
    std::env::var(name).map_err(|_| ConfigError::Missing(name))
}

fn flag(name: &'static str) -> Result<bool, ConfigError> {
    match variable(name)?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ConfigError::Malformed {
            name,
            expected: "true or false",
        }),
    }
}

/// The seller's identity. Its VAT number must have a format of the Union: under
/// another the register answers no question, and every sale without VAT would
/// stay provisional. Whether its digits are good is left to the register.
fn seller(text: &str) -> Result<Seller, ConfigError> {
    let malformed = |expected| ConfigError::Malformed {
        name: "SELLER",
        expected,
    };
    let seller: Seller =
        serde_json::from_str(text).map_err(|_| malformed("the seller's legal identity as JSON"))?;
    let vat_number = VatNumber::parse(&seller.vat_number)
        .map_err(|_| malformed("an identity whose vatNumber has the format of its country"))?;
    Ok(Seller {
        vat_number: vat_number.into(),
        ..seller
    })
}

impl Config {
    /// Reads the environment of a Lambda function.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first setting that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        let malformed = |name, expected| ConfigError::Malformed { name, expected };
        let bootstrap_admin = match variable("BOOTSTRAP_ADMIN_EMAIL") {
            Ok(text) if !text.is_empty() => Some(
                EmailAddress::parse(&text)
                    .map_err(|_| malformed("BOOTSTRAP_ADMIN_EMAIL", "an e-mail address"))?,
            ),
            Ok(_) | Err(_) => None,
        };
        Ok(Self {
            table: variable("TABLE_NAME")?,
            region: variable("AWS_REGION")?,
            app_url: variable("APP_URL")?.trim_end_matches('/').to_owned(),
            allowed_origins: variable("ALLOWED_ORIGINS")?
                .split(',')
                .map(|origin| origin.trim().to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            issuer: variable("TOKEN_ISSUER")?,
            secret_prefix: variable("SECRET_PREFIX")?,
            mail_from: variable("MAIL_FROM")?,
            provider_url: variable("STRIPE_API_URL")?.trim_end_matches('/').to_owned(),
            register_url: variable("VIES_API_URL")?.trim_end_matches('/').to_owned(),
            live_mode: flag("LIVE_MODE")?,
            one_stop_shop: flag("ONE_STOP_SHOP")?,
            refund_approval_above: variable("REFUND_APPROVAL_ABOVE")?
                .parse()
                .ok()
                .filter(|limit| *limit >= 0)
                .ok_or_else(|| malformed("REFUND_APPROVAL_ABOVE", "an amount in minor units"))?,
            seller: seller(&variable("SELLER")?)?,
            bootstrap_admin,
            rate_limits: true,
            loopback: false,
        })
    }

    /// True when pages of this origin may use cookies and be returned to.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
            || (self.loopback && is_loopback(origin))
    }

    /// True when the customer may be sent back to this URL.
    pub fn allows_return_url(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<http::Uri>() else {
            return false;
        };
        match (uri.scheme_str(), uri.authority()) {
            (Some(scheme @ ("https" | "http")), Some(authority))
                // The parser takes ports there are not.
                if !authority.as_str().contains('@')
                    && (authority.host() == authority.as_str()
                        || authority.port_u16().is_some()) =>
            {
                self.allows_origin(&format!("{scheme}://{authority}"))
            }
            _ => false,
        }
    }
}

fn is_loopback(origin: &str) -> bool {
    let rest = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let host = rest.map(|rest| match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    });
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Credentials of the function's role, from the Lambda environment.
///
/// # Errors
/// [`ConfigError::Missing`] outside Lambda.
pub fn credentials() -> Result<aws_sdk_dynamodb::config::Credentials, ConfigError> {
    Ok(aws_sdk_dynamodb::config::Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    ))
}

/// An endpoint for the AWS services other than AWS itself, if one is set
/// (`AWS_ENDPOINT_URL`): how a function runs against the local stack.
pub fn endpoint_override() -> Option<String> {
    variable("AWS_ENDPOINT_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// From which level on libraries are listened to (`RUST_LOG`): `info` unless
/// another is set. The line of each invocation is written at any level.
pub fn log_level() -> tracing::level_filters::LevelFilter {
    let level = variable("RUST_LOG").ok().and_then(|text| text.parse().ok());
    level.unwrap_or(tracing::level_filters::LevelFilter::INFO)
}

#[cfg(test)]
#[path = "config_tests.rs"]
pub(crate) mod tests;
