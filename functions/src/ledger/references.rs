//! What ledger entries are about: the order, the invoice, the payment, and what
//! the payment provider calls it.

use domain::event::{Event, EventKind, Owner};
use domain::id::{EventId, InvoiceId, OrderId, PaymentId, RefundId, SubscriptionId};
use domain::invoice::{Invoice, InvoiceNumber};
use domain::ledger::{Cause, LedgerEntry};
use domain::money::Money;
use domain::payment::{Payment, PaymentStatus, Purpose, Surplus};
use domain::refund::RefundStatus;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::Failure;
use platform::store::{Batch, keys};
use std::collections::{BTreeMap, BTreeSet};

/// What one entry is about, as far as it has it.
#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) order: Option<OrderId>,
    pub(super) subscription: Option<SubscriptionId>,
    pub(super) period: Option<u32>,
    pub(super) payment: Option<PaymentId>,
    pub(super) invoice: Option<InvoiceId>,
    pub(super) number: Option<InvoiceNumber>,
    pub(super) refund: Option<RefundId>,
    /// The provider's payment or refund.
    pub(super) provider: Option<String>,
}

/// What the entries that were read refer to.
pub(super) struct References {
    payments: BTreeMap<PaymentId, Payment>,
    invoices: BTreeMap<InvoiceId, Invoice>,
    events: BTreeMap<EventId, EventKind>,
}

/// What has to be read to know what an entry is about.
enum Cited {
    Payment(PaymentId),
    Invoice(InvoiceId),
}

fn cited(entry: &LedgerEntry) -> Cited {
    match entry.cause {
        Cause::Capture { payment }
        | Cause::Refund { payment }
        | Cause::SurplusRefund { payment }
        | Cause::RefundFailed { payment }
        | Cause::Dispute { payment } => Cited::Payment(payment),
        Cause::Invoice { invoice } | Cause::CreditNote { invoice } => Cited::Invoice(invoice),
    }
}

impl References {
    /// Reads what these entries cite, each thing once.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be read.
    pub(super) async fn of(app: &App, entries: &[LedgerEntry]) -> Result<Self, Failure> {
        let mut wanted = BTreeSet::new();
        for entry in entries {
            match cited(entry) {
                Cited::Payment(payment) => {
                    wanted.insert(keys::payment(entry.account, payment));
                    wanted.insert(event_of(entry));
                }
                Cited::Invoice(invoice) => {
                    wanted.insert(keys::invoice(entry.account, invoice));
                }
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut found = Self {
            payments: BTreeMap::new(),
            invoices: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        let mut batch = app.store().batch(&wanted).await?;
        for entry in entries {
            found.take(&mut batch, entry)?;
        }
        found.number(app, entries).await?;
        Ok(found)
    }

    /// Reads the invoices that payments cite, for their numbers.
    async fn number(&mut self, app: &App, entries: &[LedgerEntry]) -> Result<(), Failure> {
        let cited = entries.iter().filter_map(|entry| {
            let invoice = self.reference(entry).invoice?;
            Some((entry.account, invoice))
        });
        let cited: BTreeSet<_> = cited
            .filter(|(_, invoice)| !self.invoices.contains_key(invoice))
            .collect();
        if cited.is_empty() {
            return Ok(());
        }
        let key = |(account, invoice): &(_, _)| keys::invoice(*account, *invoice);
        let wanted: Vec<_> = cited.iter().map(key).collect();
        let mut batch = app.store().batch(&wanted).await?;
        for (account, invoice) in cited {
            let read = batch.take::<Invoice>(&keys::invoice(account, invoice))?;
            // What was given back as a surplus has none.
            self.invoices.extend(read.map(|read| (invoice, read.value)));
        }
        Ok(())
    }

    fn take(&mut self, batch: &mut Batch, entry: &LedgerEntry) -> Result<(), Failure> {
        match cited(entry) {
            Cited::Payment(id) => {
                if let Some(read) = batch.take::<Payment>(&keys::payment(entry.account, id))? {
                    self.payments.insert(id, read.value);
                }
                if let Some(read) = batch.take::<Event>(&event_of(entry))? {
                    self.events.insert(entry.event, read.value.kind);
                }
            }
            Cited::Invoice(id) => {
                if let Some(read) = batch.take::<Invoice>(&keys::invoice(entry.account, id))? {
                    self.invoices.insert(id, read.value);
                }
            }
        }
        Ok(())
    }

    /// What an entry is about.
    pub(super) fn reference(&self, entry: &LedgerEntry) -> Reference {
        match cited(entry) {
            Cited::Payment(id) => {
                let known = self.payments.get(&id);
                let of_payment = known.map(|payment| self.of_payment(entry, payment));
                let of_payment = of_payment.unwrap_or_default();
                let invoice = of_payment.invoice.and_then(|id| self.invoices.get(&id));
                let issued = invoice.and_then(Invoice::issued);
                Reference {
                    payment: Some(id),
                    number: issued.map(|(number, _)| number),
                    ..of_payment
                }
            }
            Cited::Invoice(id) => {
                let of_invoice = self.invoices.get(&id).map(of_invoice);
                Reference {
                    invoice: Some(id),
                    ..of_invoice.unwrap_or_default()
                }
            }
        }
    }

    fn of_payment(&self, entry: &LedgerEntry, payment: &Payment) -> Reference {
        let kind = self.events.get(&entry.event);
        let reference = Reference {
            invoice: Some(payment.invoice),
            ..of_purpose(payment.purpose)
        };
        match entry.cause {
            Cause::Capture { .. } => Reference {
                provider: captured_by(entry, payment, kind),
                ..reference
            },
            Cause::RefundFailed { .. } if is_of_surplus(kind) => Reference {
                provider: surplus_refund(entry, payment),
                ..reference
            },
            Cause::Refund { .. } | Cause::RefundFailed { .. } => {
                given_back(payment, kind, reference)
            }
            Cause::Dispute { .. } => Reference {
                provider: disputed_by(kind),
                ..reference
            },
            Cause::SurplusRefund { .. } => Reference {
                provider: surplus_refund(entry, payment),
                ..reference
            },
            Cause::Invoice { .. } | Cause::CreditNote { .. } => reference,
        }
    }
}

fn event_of(entry: &LedgerEntry) -> keys::Key {
    let owner = Owner::Account {
        account: entry.account,
    };
    keys::event(owner, entry.event)
}

fn of_purpose(purpose: Purpose) -> Reference {
    match purpose {
        Purpose::Order { order } => Reference {
            order: Some(order),
            ..Reference::default()
        },
        Purpose::Renewal {
            subscription,
            index,
        } => Reference {
            subscription: Some(subscription),
            period: Some(index),
            ..Reference::default()
        },
    }
}

fn of_invoice(invoice: &Invoice) -> Reference {
    Reference {
        payment: Some(invoice.payment),
        number: invoice.issued().map(|(number, _)| number),
        ..of_purpose(invoice.purpose)
    }
}

/// The provider's payment behind a capture: that of a surplus has an event of
/// its own.
fn captured_by(entry: &LedgerEntry, payment: &Payment, kind: Option<&EventKind>) -> Option<String> {
    if let Some(EventKind::SurplusCaptured { .. }) = kind {
        let surplus = payment.surplus.iter();
        let known = surplus.map(|it| (it.provider_payment.as_str(), it.amount, it.captured_at));
        return nearest(entry, known);
    }
    match &payment.status {
        PaymentStatus::Paid {
            provider_payment, ..
        } => Some(provider_payment.clone()),
        PaymentStatus::Pending | PaymentStatus::Failed { .. } | PaymentStatus::Expired { .. } => {
            None
        }
    }
}

fn is_of_surplus(kind: Option<&EventKind>) -> bool {
    matches!(kind, Some(EventKind::SurplusReturned { .. }))
}

/// The provider's refund of a surplus.
fn surplus_refund(entry: &LedgerEntry, payment: &Payment) -> Option<String> {
    nearest(entry, payment.surplus.iter().flat_map(Surplus::refunds))
}

/// What of a surplus an entry is about: what has its amount and the nearest
/// time. The entry does not name it, and there is hardly ever a second one.
fn nearest<'a>(
    entry: &LedgerEntry,
    known: impl Iterator<Item = (&'a str, Money, Option<Timestamp>)>,
) -> Option<String> {
    let moved = entry.lines.first().and_then(|it| it.amount.checked_abs());
    known
        .filter(|(_, amount, _)| Some(amount.amount()) == moved)
        .min_by_key(|(_, _, at)| at.map(|at| at.duration_since(entry.at).abs()))
        .map(|(id, ..)| id.to_owned())
}

/// The refund is named by the event that was written with it.
fn given_back(payment: &Payment, kind: Option<&EventKind>, reference: Reference) -> Reference {
    let named = match kind {
        Some(
            EventKind::RefundMade { refund, .. }
            | EventKind::RefundAdopted { refund, .. }
            | EventKind::RefundFailed { refund, .. },
        ) => payment.refund(*refund),
        _ => None,
    };
    let Some(refund) = named else {
        return reference;
    };
    let provider = Some(refund).and_then(|refund| match &refund.status {
        RefundStatus::Made {
            provider_refund, ..
        }
        | RefundStatus::Failed {
            provider_refund, ..
        } => Some(provider_refund.clone()),
        RefundStatus::AwaitingApproval
        | RefundStatus::Pending { .. }
        | RefundStatus::Refused { .. }
        | RefundStatus::Rejected { .. } => None,
    });
    Reference {
        refund: Some(refund.id),
        invoice: Some(refund.credit_note),
        provider,
        ..reference
    }
}

/// The dispute is named by the event that was written with it.
fn disputed_by(kind: Option<&EventKind>) -> Option<String> {
    match kind {
        Some(
            EventKind::PaymentDisputed { dispute, .. }
            | EventKind::DisputeChanged { dispute, .. }
            | EventKind::DisputeClosed { dispute, .. },
        ) => Some(dispute.clone()),
        _ => None,
    }
}
