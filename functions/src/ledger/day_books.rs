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

/// How long is read before what was found is answered: a third of the time the
/// function has is left for the reads that have begun.
const READING: SignedDuration = SignedDuration::from_secs(19);

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
    complete: bool,
    stop_at: Timestamp,
}

/// What the books differ in.
pub(super) struct Compared {
    pub(super) differences: Vec<Difference>,
    /// False when not all was read that it takes to say so.
    pub(super) complete: bool,
}

impl Books {
    /// Reads both books of a day.
    ///
    /// # Errors
    /// [`Failure`] when one of them cannot be read.
    pub(super) async fn of(app: &App, day: Date) -> Result<Self, Failure> {
        let stop_at = app.now().saturating_add(READING).unwrap_or(Timestamp::MAX);
        let found = app.store().ledger_day(day, None, MOST_ENTRIES).await?;
        let span = (midnight(day, 0)?, midnight(day, 1)?);
        let (others, provider) = read_provider(app, span, stop_at).await?;
        Ok(Self {
            day,
            entries: found.entries,
            provider: provider.movements,
            others,
            complete: found.next.is_none() && provider.complete,
            stop_at,
        })
    }

    /// What they do not agree on; nothing where a part of them was not read,
    /// of the day or, where it matters, of those around it.
    ///
    /// # Errors
    /// [`Failure`] when the days around cannot be read.
    pub(super) async fn compare(&self, app: &App) -> Result<Compared, Failure> {
        let partly = Compared {
            differences: Vec::new(),
            complete: false,
        };
        if !self.complete {
            return Ok(partly);
        }
        let found = differences(self.day, &movements(&self.entries), &self.provider);
        if found.is_empty() {
            return Ok(Compared {
                differences: found,
                complete: true,
            });
        }
        let (Some(entries), Some(provider)) = (
            self.ledger_around(app).await?,
            self.provider_around(app).await?,
        ) else {
            return Ok(partly);
        };
        Ok(Compared {
            differences: differences(self.day, &movements(&entries), &provider),
            complete: true,
        })
    }

    /// None where there is more of these days than is read.
    async fn ledger_around(&self, app: &App) -> Result<Option<Vec<LedgerEntry>>, Failure> {
        let mut entries = self.entries.clone();
        for days in (-EARLIER..=LATER).filter(|days| *days != 0) {
            let Ok(day) = self.day.checked_add(hours(days)) else {
                continue;
            };
            if app.now() >= self.stop_at {
                return Ok(None);
            }
            let around = app.store().ledger_day(day, None, MOST_ENTRIES).await?;
            if around.next.is_some() {
                return Ok(None);
            }
            entries.extend(around.entries);
        }
        Ok(Some(entries))
    }

    /// None where there is more of these days than is read.
    async fn provider_around(&self, app: &App) -> Result<Option<Vec<Movement>>, Failure> {
        let mut all = self.provider.clone();
        for (first, last) in [(-LATER, 0), (1, 1 + EARLIER)] {
            let span = (midnight(self.day, first)?, midnight(self.day, last)?);
            let (_, around) = read_provider(app, span, self.stop_at).await?;
            if !around.complete {
                return Ok(None);
            }
            all.extend(around.movements);
        }
        Ok(Some(all))
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

/// A part of the provider's book.
struct Moved {
    movements: Vec<Movement>,
    /// False when there was more than was read, or than is told of it.
    complete: bool,
}

/// What the provider moved, each movement with the payment it is for, and what
/// else moved its balance.
async fn read_provider(
    app: &App,
    (from, to): (Timestamp, Timestamp),
    stop_at: Timestamp,
) -> Result<(BTreeMap<String, u64>, Moved), Failure> {
    let gateway = gateway(app, Pace::Interactive).await?;
    let in_time = || app.now() < stop_at;
    let book = gateway.book(from, to, (MOST_PAGES, in_time)).await;
    let book = book.map_err(PaymentError::from)?;
    Ok((book.others.clone(), named(app, book, stop_at).await?))
}

/// The movements with their payments. A refund made by hand does not say what
/// it is of, so the provider is asked.
async fn named(app: &App, book: ProviderBook, stop_at: Timestamp) -> Result<Moved, Failure> {
    let mut intents = BTreeMap::new();
    let nameless: Vec<String> = book.nameless().into_iter().map(str::to_owned).collect();
    let mut complete = book.complete && nameless.len() <= MOST_ASKED;
    if !nameless.is_empty() {
        let gateway = gateway(app, Pace::Interactive).await?;
        for id in nameless.into_iter().take(MOST_ASKED) {
            if app.now() >= stop_at {
                complete = false;
                break;
            }
            let intent = gateway.intent(&id).await.map_err(PaymentError::from)?;
            if let Some(at) = Locator::read(&intent.metadata) {
                intents.insert(id, at.reference.payment);
            }
        }
    }
    Ok(Moved {
        movements: book.named(&intents),
        complete,
    })
}
