//! What is written when a payment is settled: the payment with everything that
//! hangs on it, as one transaction.

use super::PaymentError;
use super::dunning::ask_customer;
use super::scene::{Changed, Scene, Subject};
use super::settle::{Change, Outcome};
use crate::app::App;
use crate::store::events::event;
use crate::store::{CommitError, Stored, Transaction};
use domain::dunning::DunningPolicy;
use domain::event::{EventKind, Owner};
use domain::id::EventId;
use domain::invoice::{Invoice, InvoiceLine, InvoiceStatus, InvoiceTotals};
use domain::ledger::{LedgerHead, Posting};
use domain::new_card::{CardSource, NewCard};
use domain::order::Order;
use domain::payment::{Captured, Payment, Purpose};
use domain::subscription::{BillingPeriod, PeriodStatus, Subscription};
use jiff::Timestamp;

/// A settling transaction being written.
pub(super) struct Writing<'a> {
    app: &'a App,
    now: Timestamp,
    pub(super) transaction: Transaction<Changed>,
}

impl<'a> Writing<'a> {
    pub(super) fn begin(app: &'a App, now: Timestamp) -> Result<Self, PaymentError> {
        Ok(Self {
            app,
            now,
            transaction: Transaction::new(app.new_id()?),
        })
    }

    /// The moment of the act.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn event(
        &mut self,
        scene: &Scene,
        kind: EventKind,
    ) -> Result<EventId, PaymentError> {
        let owner = Owner::Account {
            account: scene.payment.value.account,
        };
        let event = event(self.app.new_id()?, owner, kind, self.now);
        self.transaction.insert(&event, Changed);
        Ok(event.id)
    }

    pub(super) fn payment(&mut self, scene: &Scene, payment: Payment, change: Change) -> Outcome {
        let version = scene.payment.version;
        self.transaction.replace(version, &payment, Changed);
        let payment = Stored {
            value: payment,
            version: version.saturating_add(1),
        };
        Outcome {
            payment,
            change,
            to_number: None,
            subscription: None,
            card: None,
        }
    }

    /// Appends to the account's ledger; the new end, as it will be read.
    pub(super) fn book(
        &mut self,
        scene: &Scene,
        posting: Posting,
        event: EventId,
    ) -> Stored<LedgerHead> {
        let (head, version) = scene.ledger();
        let (head, entry) = head.append(posting, event, self.now);
        self.transaction.insert(&entry, Changed);
        self.transaction.upsert(version, &head, Changed);
        Stored {
            value: head,
            version: version.unwrap_or(0).saturating_add(1),
        }
    }

    pub(super) fn surplus(
        &mut self,
        scene: &Scene,
        payment: Payment,
    ) -> Result<Outcome, PaymentError> {
        let event = self.event(
            scene,
            EventKind::SurplusCaptured {
                payment: payment.id,
            },
        )?;
        if let Some(surplus) = payment.open_surplus() {
            let posting = Posting::capture(payment.id, surplus.amount, false)?;
            self.book(scene, posting, event);
        }
        Ok(self.payment(scene, payment, Change::Surplus))
    }

    pub(super) fn captured(
        &mut self,
        scene: &Scene,
        payment: Payment,
        proof: &Captured,
    ) -> Result<Outcome, PaymentError> {
        let card = self.new_card(scene, &payment, proof)?;
        let outcome = match &scene.subject {
            Subject::Order { order } => self.order_paid(scene, payment, proof, order),
            Subject::Renewal {
                subscription,
                period,
                invoice,
            } => self.period_paid(scene, payment, proof, (subscription, period, invoice)),
        }?;
        Ok(Outcome { card, ..outcome })
    }

    /// A card given on a payment page was saved there: it is written down that
    /// it is to be listed. How it looks is asked later, so that a provider that
    /// does not answer stops no capture.
    fn new_card(
        &mut self,
        scene: &Scene,
        payment: &Payment,
        proof: &Captured,
    ) -> Result<Option<NewCard>, PaymentError> {
        let Some(method) = proof
            .payment_method()
            .filter(|_| payment.was_paid_on_page())
        else {
            return Ok(None);
        };
        let source = CardSource::Payment {
            payment: payment.id,
            method: method.to_owned(),
            takes_over: matches!(scene.subject, Subject::Renewal { .. }),
        };
        let id = self.app.new_id()?;
        let card = NewCard::expected(id, payment.account, source, self.now);
        self.transaction.insert(&card, Changed);
        Ok(Some(card))
    }

    fn order_paid(
        &mut self,
        scene: &Scene,
        payment: Payment,
        proof: &Captured,
        order: &Stored<Order>,
    ) -> Result<Outcome, PaymentError> {
        let paid = order
            .value
            .clone()
            .pay(proof.at())
            .map_err(|_| PaymentError::Contention)?;
        let event = self.event(
            scene,
            EventKind::OrderPaid {
                order: paid.id,
                payment: payment.id,
            },
        )?;
        let posting = Posting::capture(payment.id, payment.amount, false)?;
        let head = self.book(scene, posting, event);
        let mut lines = Vec::with_capacity(paid.lines.len());
        let totals = paid.line_totals_with_tax()?;
        for (line, total) in paid.lines.iter().zip(totals) {
            let zone = scene.account.value.zone.clone();
            let subscription = Subscription::start(&paid, line, proof, zone)?;
            let period = BillingPeriod {
                account: paid.account,
                subscription: subscription.id,
                bounds: subscription.period,
                status: PeriodStatus::Paid,
                payment: payment.id,
                invoice: paid.invoice,
                total,
            };
            lines.push(InvoiceLine {
                subtotal: line.subtotal,
                discount: line.discount,
                total: line.total,
                ..subscription.invoice_line(&subscription.period)?
            });
            self.transaction.insert(&period, Changed);
            self.transaction.insert(&subscription, Changed);
        }
        let draft = order_invoice(&paid, lines, self.now)?;
        let invoice = draft.pay(proof).map_err(|_| PaymentError::Contention)?;
        self.transaction.insert(&invoice, Changed);
        self.transaction.replace(order.version, &paid, Changed);
        let outcome = self.payment(scene, payment, Change::Captured);
        Ok(Outcome {
            to_number: Some((
                Stored {
                    value: invoice,
                    version: 1,
                },
                Some(head),
            )),
            ..outcome
        })
    }

    fn period_paid(
        &mut self,
        scene: &Scene,
        payment: Payment,
        proof: &Captured,
        (subscription, period, invoice): (
            &Stored<Subscription>,
            &Stored<BillingPeriod>,
            &Stored<Invoice>,
        ),
    ) -> Result<Outcome, PaymentError> {
        let numbered = invoice.value.issued().is_some();
        let kind = EventKind::PeriodPaid {
            subscription: subscription.value.id,
            index: period.value.bounds.index,
            payment: payment.id,
            numbered,
        };
        let event = self.event(scene, kind)?;
        let posting = Posting::capture(payment.id, payment.amount, numbered)?;
        let head = self.book(scene, posting, event);
        let renewed = subscription.value.clone().renew(proof)?;
        let paid = BillingPeriod {
            status: PeriodStatus::Paid,
            ..period.value.clone()
        };
        let billed = invoice
            .value
            .clone()
            .pay(proof)
            .map_err(|_| PaymentError::Contention)?;
        self.transaction
            .replace(subscription.version, &renewed, Changed);
        self.transaction.replace(period.version, &paid, Changed);
        self.transaction.replace(invoice.version, &billed, Changed);
        let outcome = self.payment(scene, payment, Change::Captured);
        let billed = next(invoice, billed);
        let to_number = billed.value.is_ready().then_some((billed, Some(head)));
        Ok(Outcome {
            to_number,
            subscription: Some(next(subscription, renewed)),
            ..outcome
        })
    }

    /// A charge without the customer was declined. Only renewals are charged
    /// so; a decline of an order's payment never comes here.
    pub(super) fn declined(
        &mut self,
        scene: &Scene,
        payment: Payment,
        code: &str,
        needs_customer: bool,
    ) -> Result<Outcome, PaymentError> {
        let Subject::Renewal {
            subscription,
            period,
            invoice,
        } = &scene.subject
        else {
            return Ok(self.payment(scene, payment, Change::Noted));
        };
        let attempt = payment.last_attempt().map_or(0, |attempt| attempt.number);
        let policy = DunningPolicy::default();
        self.event(
            scene,
            EventKind::RenewalDeclined {
                subscription: subscription.value.id,
                payment: payment.id,
                attempt,
                code: code.to_owned(),
            },
        )?;
        if needs_customer {
            self.event(
                scene,
                EventKind::CustomerNeeded {
                    subscription: subscription.value.id,
                    payment: payment.id,
                },
            )?;
        }
        let dunned = subscription.value.clone().decline(self.now, code, &policy);
        let late = BillingPeriod {
            status: PeriodStatus::PastDue,
            ..period.value.clone()
        };
        self.transaction
            .replace(subscription.version, &dunned, Changed);
        self.transaction.replace(period.version, &late, Changed);
        let mut to_number = None;
        if invoice.value.status == InvoiceStatus::Draft {
            let billed = invoice.value.clone().decline(self.now);
            self.transaction.replace(invoice.version, &billed, Changed);
            to_number = Some((next(invoice, billed), scene.head.clone()));
        }
        let payment = match needs_customer {
            true => ask_customer(self.app, payment, &dunned, self.now),
            false => payment,
        };
        let outcome = self.payment(scene, payment, Change::Declined { needs_customer });
        Ok(Outcome {
            to_number,
            subscription: Some(next(subscription, dunned)),
            ..outcome
        })
    }
}

pub(super) fn next<T>(read: &Stored<T>, value: T) -> Stored<T> {
    Stored {
        value,
        version: read.version.saturating_add(1),
    }
}

fn order_invoice(
    order: &Order,
    lines: Vec<InvoiceLine>,
    now: Timestamp,
) -> Result<Invoice, PaymentError> {
    let totals = InvoiceTotals::of(&lines, &order.tax, order.totals.total.currency())?;
    Ok(Invoice {
        id: order.invoice,
        account: order.account,
        status: InvoiceStatus::Draft,
        payment: order.payment,
        purpose: Purpose::Order { order: order.id },
        buyer: order.buyer.clone(),
        lines,
        totals,
        tax: order.tax,
        correction: None,
        locale: order.locale,
        created_at: now,
        finalise_at: None,
    })
}

/// Writes a payment alone. Success also where somebody else changed it: who did
/// set its timer.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub(super) async fn store_payment(
    app: &App,
    scene: &Scene,
    payment: Payment,
) -> Result<(), PaymentError> {
    let mut writing = Writing::begin(app, app.now())?;
    writing.payment(scene, payment, Change::Noted);
    match app.store().commit(writing.transaction).await {
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
