//! Both books of a day, and of the days around it where they differ.

use domain::agreement::{Difference, Movement, differences};
use domain::ledger::LedgerEntry;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::app::App;
use platform::http::problem::Failure;
use platform::payments::PaymentError;
use platform::payments::balance::ProviderBook;
use platform::payments::gateway;
use platform::payments::objects::Locator;
use platform::payments::provider::Pace;
use std::collections::BTreeMap;

/// Most entries of a day that are read.
const MOST_ENTRIES: usize = 3_000;

/// Most movements of the provider that are read at a time, in hundreds.
const MOST_PAGES: usize = 15;

/// Most payments the provider is asked about by name.
const MOST_ASKED: usize = 20;

/// How many days later the other book may have it: the ledger hears of a
/// capture from an event, which the provider repeats for three days.
const LATER: i64 = 3;

/// How many days earlier: clocks differ, and a day ends somewhere.
const EARLIER: i64 = 1;

/// Both books of a day.
pub(super) struct Books {
    pub(super) day: Date,
    /// The ledger's entries.
    pub(super) entries: Vec<LedgerEntry>,
    /// What the provider moved.
    pub(super) provider: Vec<Movement>,
    /// What else it moved, by its name for it.
    pub(super) others: BTreeMap<String, u64>,
    ledger_complete: bool,
    provider_complete: bool,
}

impl Books {
    /// Reads both books of a day.
    ///
    /// # Errors
    /// [`Failure`] when one of them cannot be read.
    pub(super) async fn of(app: &App, day: Date) -> Result<Self, Failure> {
        let found = app.store().ledger_day(day, None, MOST_ENTRIES).await?;
        let (from, to) = (midnight(day, 0)?, midnight(day, 1)?);
        let book = read_provider(app, from, to).await?;
        let (others, provider_complete) = (book.others.clone(), book.complete);
        let provider = named(app, book).await?;
        Ok(Self {
            day,
            entries: found.entries,
            provider,
            others,
            ledger_complete: found.next.is_none(),
            provider_complete,
        })
    }

    /// True when all of the day was read, of both.
    pub(super) fn complete(&self) -> bool {
        self.ledger_complete && self.provider_complete
    }

    /// What they do not agree on; nothing where a part of them was not read.
    ///
    /// # Errors
    /// [`Failure`] when the days around cannot be read.
    pub(super) async fn differences(&self, app: &App) -> Result<Vec<Difference>, Failure> {
        if !self.complete() {
            return Ok(Vec::new());
        }
        let found = differences(self.day, &movements(&self.entries), &self.provider);
        if found.is_empty() {
            return Ok(found);
        }
        let entries = self.ledger_around(app).await?;
        let provider = self.provider_around(app).await?;
        Ok(differences(self.day, &movements(&entries), &provider))
    }

    async fn ledger_around(&self, app: &App) -> Result<Vec<LedgerEntry>, Failure> {
        let mut entries = self.entries.clone();
        for days in (-EARLIER..=LATER).filter(|days| *days != 0) {
            let Ok(day) = self.day.checked_add(hours(days)) else {
                continue;
            };
            let around = app.store().ledger_day(day, None, MOST_ENTRIES).await?;
            entries.extend(around.entries);
        }
        Ok(entries)
    }

    async fn provider_around(&self, app: &App) -> Result<Vec<Movement>, Failure> {
        let mut all = self.provider.clone();
        for (first, last) in [(-LATER, 0), (1, 1 + EARLIER)] {
            let (from, to) = (midnight(self.day, first)?, midnight(self.day, last)?);
            let book = read_provider(app, from, to).await?;
            all.extend(named(app, book).await?);
        }
        Ok(all)
    }
}

fn hours(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days.saturating_mul(24))
}

/// When the day begins that is so many days later.
fn midnight(day: Date, days: i64) -> Result<Timestamp, Failure> {
    let zoned = day.to_zoned(TimeZone::UTC);
    let begins = zoned.map_err(|error| Failure::fault(&error))?.timestamp();
    Ok(begins.saturating_add(hours(days)).unwrap_or(begins))
}

fn movements(entries: &[LedgerEntry]) -> Vec<Movement> {
    entries.iter().filter_map(Movement::of).collect()
}

async fn read_provider(app: &App, from: Timestamp, to: Timestamp) -> Result<ProviderBook, Failure> {
    let gateway = gateway(app, Pace::Interactive).await?;
    let book = gateway.book(from, to, MOST_PAGES).await;
    Ok(book.map_err(PaymentError::from)?)
}

/// The provider's movements, each with the payment it is for. A refund made by
/// hand does not say it, so the provider is asked what it is a refund of.
async fn named(app: &App, book: ProviderBook) -> Result<Vec<Movement>, Failure> {
    let mut intents = BTreeMap::new();
    let nameless: Vec<String> = book.nameless().into_iter().map(str::to_owned).collect();
    if !nameless.is_empty() {
        let gateway = gateway(app, Pace::Interactive).await?;
        for id in nameless.into_iter().take(MOST_ASKED) {
            let intent = gateway.intent(&id).await.map_err(PaymentError::from)?;
            if let Some(at) = Locator::read(&intent.metadata) {
                intents.insert(id, at.reference.payment);
            }
        }
    }
    Ok(book.named(&intents))
}
