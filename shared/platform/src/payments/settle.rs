//! The one place that writes what came of a payment (T2).

use super::PaymentError;
use super::scene::{Changed, Scene};
use super::writing::Writing;
use crate::app::App;
use crate::store::payments::ProviderEvent;
use crate::store::{CommitError, Stored};
use domain::invoice::Invoice;
use domain::ledger::LedgerHead;
use domain::new_card::NewCard;
use domain::payment::{Mismatch, Payment, ProviderPayment, Settlement};
use domain::subscription::Subscription;

/// How often an act is tried again after somebody else changed what it read.
pub(super) const ROUNDS: u32 = 5;

/// What settling came to.
#[derive(Debug)]
pub enum Settled {
    /// Written; the invoice that now waits for its number, if any.
    Applied(Box<Outcome>),
    /// It was settled alike before, or there is nothing to say.
    Unchanged,
    /// Not what it claims to be. Nothing was written.
    Mismatched(Mismatch),
}

/// What was written.
#[derive(Debug)]
pub struct Outcome {
    /// The payment as it is now.
    pub payment: Stored<Payment>,
    /// What changed.
    pub change: Change,
    /// The invoice that waits for its number, with the end of the ledger.
    pub to_number: Option<(Stored<Invoice>, Option<Stored<LedgerHead>>)>,
    /// The subscription as it is now, for a renewal.
    pub subscription: Option<Stored<Subscription>>,
    /// The card that is to be listed, where one was given.
    pub card: Option<NewCard>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The money is taken.
    Captured,
    /// Declined, or the customer is needed.
    Declined {
        /// True when the bank wants the customer present.
        needs_customer: bool,
    },
    /// A decline on an open page was written down.
    Noted,
    /// Money was taken that nobody owes; it will be refunded.
    Surplus,
}

/// Settles a payment with what was seen at the provider.
///
/// `scene` is what the caller read already; when somebody changed it since,
/// it is read again. `inbox` is the provider's event that brought the news:
/// it is marked as applied in the same transaction.
///
/// # Errors
/// [`PaymentError`] when it could not be written; nothing of it was.
pub async fn settle(
    app: &App,
    seen: &ProviderPayment,
    scene: Scene,
    inbox: Option<(ProviderEvent, Option<u64>)>,
) -> Result<Settled, PaymentError> {
    let mut scene = scene;
    for _ in 0..ROUNDS {
        let now = app.now();
        let customer = scene.account.value.provider_customer.as_deref();
        let settlement =
            scene
                .payment
                .value
                .clone()
                .settle(seen, customer, scene.is_payable(), now);
        let mut writing = Writing::begin(app, now)?;
        let outcome = match settlement {
            Settlement::Nothing => return Ok(Settled::Unchanged),
            Settlement::Quarantine(mismatch) => return Ok(Settled::Mismatched(mismatch)),
            Settlement::Noted(payment) => writing.payment(&scene, payment, Change::Noted),
            Settlement::Surplus(payment) => writing.surplus(&scene, payment)?,
            Settlement::Declined(payment, code) => {
                writing.declined(&scene, payment, &code, false)?
            }
            Settlement::NeedsCustomer(payment) => {
                writing.declined(&scene, payment, "authentication_required", true)?
            }
            Settlement::Captured(payment, proof) => writing.captured(&scene, payment, &proof)?,
        };
        if let Some((event, version)) = &inbox {
            writing.transaction.upsert(*version, event, Changed);
        }
        match app.store().commit(writing.transaction).await {
            Ok(()) => return Ok(Settled::Applied(Box::new(outcome))),
            // Somebody was faster: read again, decide again.
            Err(CommitError::Refused(Changed)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        scene = app.store().scene_of(&scene.payment.value).await?;
    }
    Err(PaymentError::Contention)
}
