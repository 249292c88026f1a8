//! Bringing further whatever was left open: attempts without outcome, open
//! payment pages, surplus captures, invoices without number, saved cards, events of the
//! provider and of our own that were not handled.

use platform::app::App;
use platform::http::problem::chain;
use platform::job::{Job, Work};
use platform::payments::cards::{check_new_card, check_wallet};
use platform::payments::inbox::apply_kept;
use platform::payments::provider::Pace;
use platform::payments::reconcile::{check_invoice, check_payment};
use platform::store::StoreError;
use platform::store::keys::{self, Key, Timed};
use platform::sweep::{Swept, Tick, sweep};

/// Every minute.
pub struct ReconcilePayments;

impl Job for ReconcilePayments {
    const ID: &'static str = "reconcile_payments";
    type Event = Tick;
    type Report = Swept;
    type Error = StoreError;

    async fn run(app: &App, tick: Tick, work: &mut Work) -> Result<Swept, StoreError> {
        sweep(app, keys::Job::Reconcile, &tick, work, |key| async move {
            serve(app, &key).await
        })
        .await
    }
}

async fn serve(app: &App, key: &Key) -> Result<(), String> {
    match Timed::of(key) {
        Some(Timed::Payment(account, payment)) => check_payment(app, account, payment)
            .await
            .map_err(|error| chain(&error)),
        Some(Timed::Invoice(account, invoice)) => check_invoice(app, account, invoice)
            .await
            .map_err(|error| chain(&error)),
        Some(Timed::Wallet(account)) => check_wallet(app, account, Pace::OffSession)
            .await
            .map_err(|error| chain(&error)),
        Some(Timed::NewCard(account, card)) => check_new_card(app, account, card)
            .await
            .map_err(|error| chain(&error)),
        Some(Timed::ProviderEvent(id)) => apply_kept(app, &id)
            .await
            .map(|_| ())
            .map_err(|error| chain(&error)),
        Some(Timed::Event(key)) => app
            .store()
            .hand_on_again(&key, app.now())
            .await
            .map_err(|error| chain(&error)),
        Some(Timed::Subscription(..) | Timed::VatNumber(_)) | None => {
            Err(format!("no such timer of {}", key.pk))
        }
    }
}
