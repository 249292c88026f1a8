//! Asking the register of the Union about VAT numbers: those that were given,
//! and now and then those that were good.

use domain::event::Owner;
use domain::vat_check::VatCheck;
use platform::app::App;
use platform::http::problem::chain;
use platform::job::{Job, Work};
use platform::store::events::event;
use platform::store::keys::{self, Key, Timed};
use platform::store::{CommitError, StoreError, Stored, Transaction};
use platform::sweep::{Swept, Tick, sweep};
use platform::vies::Patience;

/// Every five minutes.
pub struct CheckVatNumbers;

impl Job for CheckVatNumbers {
    const ID: &'static str = "check_vat_numbers";
    type Event = Tick;
    type Report = Swept;
    type Error = StoreError;

    async fn run(app: &App, tick: Tick, work: &mut Work) -> Result<Swept, StoreError> {
        sweep(
            app,
            keys::Job::CheckVatNumbers,
            &tick,
            work,
            |key| async move { serve(app, &key).await },
        )
        .await
    }
}

/// What was invoiced without VAT waits for a person.
#[derive(Debug, thiserror::Error)]
#[error("the register does not know its VAT number")]
struct NotRegistered;

async fn serve(app: &App, key: &Key) -> Result<(), String> {
    if !matches!(Timed::of(key), Some(Timed::VatNumber(_))) {
        return Err(format!("no such timer of {}", key.pk));
    }
    let found = app.store().get::<VatCheck>(key).await;
    match found.map_err(|error| chain(&error))? {
        Some(known) if known.value.check_at.is_some_and(|at| at <= app.now()) => {
            check(app, known).await
        }
        Some(_) | None => Ok(()),
    }
}

/// Asks about one number and writes down what came of it. A register that is
/// silent changes nothing but when it is asked next.
async fn check(app: &App, known: Stored<VatCheck>) -> Result<(), String> {
    let before = known.value.clone();
    let register = app.register().map_err(|error| chain(&error))?;
    let seller = &app.config().seller.vat_number;
    let asked = register.ask(&before.number, seller, Patience::Nobody).await;
    let now = app.now();
    let mut act = Transaction::new(app.new_id().map_err(|error| chain(&error))?);
    match asked {
        Ok(answer) => {
            let after = before.answered(answer, now);
            if after.casts_doubt() {
                app.count("VatNumberRefused");
                app.note(after.account, &NotRegistered);
            }
            act.replace(known.version, &after, ());
            if let Some(told) = after.told() {
                let account = after.account;
                let id = app.new_id().map_err(|error| chain(&error))?;
                let told = event(id, Owner::Account { account }, told, now);
                act.insert(&told, ());
            }
        }
        Err(error) => {
            app.note(before.account, &error);
            let after = before.unanswered(now);
            if after.is_overdue() {
                app.count("RegisterSilent");
            }
            act.replace(known.version, &after, ());
        }
    }
    match app.store().commit(act).await {
        // Somebody else asked as well: their answer stands.
        Ok(()) | Err(CommitError::Refused(())) => Ok(()),
        Err(CommitError::Store(error)) => Err(chain(&error)),
    }
}
