//! Payment pages: asking the customer for the money at the provider.

use super::objects::{Locator, Session};
use super::provider::{CallError, Gateway, NewSession};
use domain::locale::Locale;
use domain::payment::{Attempt, Channel, HostedPage, Payment};
use jiff::{SignedDuration, Timestamp};

/// How long a checkout's page is open.
pub const PAGE_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How long the page of a renewal is open: the longest the provider allows,
/// and less than the shortest wait between two retries.
pub const RENEWAL_PAGE_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The provider refuses to open a page for less than 30 minutes.
const SHORTEST_PAGE: SignedDuration = SignedDuration::from_mins(31);

/// When a page opened now for this long closes, in whole seconds.
pub fn closing_time(now: Timestamp, life: SignedDuration) -> Timestamp {
    let second = now.as_second().saturating_add(life.as_secs());
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// What a page needs to know beside the payment.
#[derive(Debug, Clone)]
pub struct PageText {
    /// What is bought, on the page.
    pub description: String,
    /// Language of the page.
    pub locale: Locale,
}

/// The provider's idempotency key of an attempt's charge; other calls for the
/// same attempt add to it.
pub fn key_of(payment: &Payment, attempt: &Attempt) -> String {
    format!("{}:{}", payment.id, attempt.number)
}

/// Opens the page of a payment's hosted attempt. Called again with the same
/// attempt and customer it gives the same page. With another customer it gives
/// another page; nobody has the address of the first, which was never stored.
///
/// # Errors
/// [`CallError`].
pub async fn open_page(
    gateway: &Gateway<'_>,
    payment: &Payment,
    attempt: &Attempt,
    customer: &str,
    text: &PageText,
) -> Result<HostedPage, CallError> {
    let Channel::Hosted {
        return_url,
        closes_at,
        ..
    } = &attempt.channel
    else {
        return Err(CallError::Rejected {
            status: 0,
            code: "not_hosted".to_owned(),
        });
    };
    let metadata = Locator::of(payment, attempt.number).metadata();
    let new = NewSession {
        customer,
        description: &text.description,
        amount: payment.amount.amount(),
        currency: payment.amount.currency().as_str().to_ascii_lowercase(),
        return_url,
        expires_at: closes_at.as_second(),
        locale: text.locale.as_str(),
        metadata: &metadata,
    };
    let key = format!("{}:{customer}", key_of(payment, attempt));
    let session = gateway.create_session(&key, &new).await?;
    let url = session
        .url
        .ok_or_else(|| CallError::Unknown("a page without address".to_owned()))?;
    Ok(HostedPage {
        session: session.id,
        url,
        opened_at: None,
    })
}

/// Closes a page at the provider, so that nobody pays on it any more. The page
/// as it is then.
///
/// # Errors
/// [`CallError::Rejected`] when it is not open.
pub async fn expire_page(
    gateway: &Gateway<'_>,
    payment: &Payment,
    attempt: &Attempt,
    session: &str,
) -> Result<Session, CallError> {
    let key = format!("{}:expire", key_of(payment, attempt));
    gateway.expire_session(&key, session).await
}

/// True while the page of this attempt can still be opened.
pub fn can_open(attempt: &Attempt, now: Timestamp) -> bool {
    match &attempt.channel {
        Channel::Hosted {
            closes_at,
            page: None,
            ..
        } => closes_at.duration_since(now) >= SHORTEST_PAGE,
        Channel::Hosted { .. } | Channel::OffSession { .. } => false,
    }
}
