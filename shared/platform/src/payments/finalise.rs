//! Giving invoices their numbers: a transaction of its own, so that the one
//! counter everybody shares never delays taking money.

use super::PaymentError;
use super::scene::Changed;
use crate::app::App;
use crate::store::events::event;
use crate::store::invoices::GivenNumber;
use crate::store::keys;
use crate::store::{CommitError, Store, Stored, Transaction};
use domain::event::{EventKind, Owner};
use domain::id::{AccountId, InvoiceId};
use domain::invoice::{Invoice, Series, SeriesCounter, issue_date};
use domain::ledger::LedgerHead;
use futures::lock::Mutex;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Most invoices numbered in one transaction: each takes four items and its
/// account's ledger head, and a transaction holds a hundred.
const BATCH: usize = 15;

/// Rounds against other writers of the counter.
const ROUNDS: u32 = 4;

/// An invoice that waits for its number.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The invoice.
    pub invoice: Stored<Invoice>,
    /// The end of its account's ledger.
    pub head: Option<Stored<LedgerHead>>,
}

impl Waiting {
    fn id(&self) -> InvoiceId {
        self.invoice.value.id
    }
}

/// Where the invoices of one process are numbered. Those that come while a
/// transaction is under way share the next one, so that a sweep does not
/// quarrel with itself over the counter.
#[derive(Debug, Default)]
pub struct Desk {
    queue: std::sync::Mutex<Vec<Waiting>>,
    /// Why those could not be numbered that another call took along.
    failed: std::sync::Mutex<BTreeMap<InvoiceId, PaymentError>>,
    turn: Mutex<()>,
}

impl Desk {
    /// Numbers an invoice, together with others that wait.
    ///
    /// # Errors
    /// [`PaymentError`] when this invoice could not be numbered. No number is
    /// lost by a failure; the invoice keeps its timer.
    pub async fn number(&self, app: &App, waiting: Waiting) -> Result<(), PaymentError> {
        let id = waiting.id();
        let _of_an_earlier_call = self.outcome(id);
        if let Ok(mut queue) = self.queue.lock()
            && queue.iter().all(|other| other.id() != id)
        {
            queue.push(waiting);
        }
        let _turn = self.turn.lock().await;
        // Empty when whoever had the turn before took it along.
        let failed = number_all(app, self.next()).await;
        if let Ok(mut known) = self.failed.lock() {
            known.extend(failed);
        }
        self.outcome(id)
    }

    fn outcome(&self, id: InvoiceId) -> Result<(), PaymentError> {
        let failed = self.failed.lock().ok().and_then(|mut it| it.remove(&id));
        failed.map_or(Ok(()), Err)
    }

    /// The first that wait, all of one series.
    fn next(&self) -> Vec<Waiting> {
        let Ok(mut queue) = self.queue.lock() else {
            return Vec::new();
        };
        let series = series_of(&queue);
        let mut taken: Vec<Waiting> = Vec::new();
        queue.retain(|one| {
            let takes = taken.len() < BATCH && one.invoice.value.series() == series;
            if takes {
                taken.push(one.clone());
            }
            !takes
        });
        taken
    }
}

/// The series of those that are numbered together.
fn series_of(waiting: &[Waiting]) -> Series {
    waiting
        .first()
        .map_or(Series::Invoice, |first| first.invoice.value.series())
}

/// Numbers invoices in one transaction, or each in its own when one of them
/// keeps the others from it; why some could not be numbered.
async fn number_all(app: &App, batch: Vec<Waiting>) -> BTreeMap<InvoiceId, PaymentError> {
    let mut failed = BTreeMap::new();
    let Err(error) = finalise(app, batch.clone()).await else {
        return failed;
    };
    match (batch.as_slice(), error) {
        ([one], error) => {
            failed.insert(one.id(), error);
        }
        (all, PaymentError::Contention) => {
            failed.extend(all.iter().map(|one| (one.id(), PaymentError::Contention)));
        }
        (all, _) => {
            for one in all {
                if let Err(error) = finalise(app, vec![one.clone()]).await {
                    failed.insert(one.id(), error);
                }
            }
        }
    }
    failed
}

/// Numbers invoices that were read already; when somebody else was faster,
/// they are read again.
async fn finalise(app: &App, mut waiting: Vec<Waiting>) -> Result<(), PaymentError> {
    for _ in 0..ROUNDS {
        if waiting.is_empty() {
            return Ok(());
        }
        let now = app.now();
        let date = issue_date(now);
        let series = series_of(&waiting);
        let counter = app.store().series(series, date.year()).await?;
        let transaction = write(app, counter, &waiting, now)?;
        match app.store().commit(transaction).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(Changed)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        let keys: Vec<_> = waiting
            .iter()
            .map(|item| (item.invoice.value.account, item.invoice.value.id))
            .collect();
        waiting = read(app.store(), &keys).await?;
    }
    Err(PaymentError::Contention)
}

/// Reads invoices that may wait for a number; those that do not are left out.
///
/// # Errors
/// [`PaymentError`] when any of them cannot be read.
pub async fn read(
    store: &Store,
    invoices: &[(AccountId, InvoiceId)],
) -> Result<Vec<Waiting>, PaymentError> {
    let mut wanted: Vec<_> = invoices
        .iter()
        .map(|(account, id)| keys::invoice(*account, *id))
        .collect();
    let mut accounts: Vec<AccountId> = invoices.iter().map(|(account, _)| *account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    wanted.extend(accounts.iter().map(|account| keys::ledger_head(*account)));
    let mut batch = store.batch(&wanted).await?;
    let mut heads: BTreeMap<AccountId, Stored<LedgerHead>> = BTreeMap::new();
    for account in accounts {
        if let Some(head) = batch.take::<LedgerHead>(&keys::ledger_head(account))? {
            heads.insert(account, head);
        }
    }
    let mut waiting = Vec::new();
    for (account, id) in invoices {
        let invoice = batch.take::<Invoice>(&keys::invoice(*account, *id))?;
        if let Some(invoice) = invoice.filter(|invoice| invoice.value.is_ready()) {
            waiting.push(Waiting {
                invoice,
                head: heads.get(account).cloned(),
            });
        }
    }
    Ok(waiting)
}

fn write(
    app: &App,
    counter: Option<Stored<SeriesCounter>>,
    waiting: &[Waiting],
    now: Timestamp,
) -> Result<Transaction<Changed>, PaymentError> {
    let date = issue_date(now);
    let mut transaction = Transaction::new(app.new_id()?);
    let version = counter.as_ref().map(|counter| counter.version);
    let mut counter = counter.map_or_else(
        || SeriesCounter::start(series_of(waiting), date),
        |counter| counter.value,
    );
    let mut heads: BTreeMap<AccountId, (LedgerHead, Option<u64>)> = BTreeMap::new();
    for Waiting { invoice, head } in waiting {
        let account = invoice.value.account;
        let (taken, number) = counter
            .take(date)
            .map_err(|error| PaymentError::Computation(error.to_string()))?;
        counter = taken.sold(invoice.value.cross_border());
        let paid = matches!(invoice.value.ready_paid_at(), Some(Some(_)));
        let posting = invoice.value.posting()?;
        let kind = EventKind::InvoiceFinalised {
            invoice: invoice.value.id,
            number,
            paid,
        };
        let event = event(app.new_id()?, Owner::Account { account }, kind, now);
        let (end, read) = heads.remove(&account).unwrap_or_else(|| match head {
            Some(head) => (head.value.clone(), Some(head.version)),
            None => (LedgerHead::empty(account), None),
        });
        let (end, entry) = end.append(posting, event.id, now);
        heads.insert(account, (end, read));
        let finalised = invoice
            .value
            .clone()
            .finalise(number, now)
            .map_err(|error| PaymentError::Computation(error.to_string()))?;
        transaction.insert(
            &GivenNumber {
                number,
                account,
                invoice: invoice.value.id,
            },
            Changed,
        );
        transaction.replace(invoice.version, &finalised, Changed);
        transaction.insert(&entry, Changed);
        transaction.insert(&event, Changed);
    }
    for (head, read) in heads.into_values() {
        transaction.upsert(read, &head, Changed);
    }
    transaction.upsert(version, &counter, Changed);
    Ok(transaction)
}
