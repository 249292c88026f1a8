//! What the book says beside money: how attempts ended, whose pages and cards
//! there are, which events were taken.

use super::{Book, captured};
use crate::Invariant::{Conservation, NoStuckWork, PaidIffCaptured, Pointers};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::Table;
use jiff::{SignedDuration, Timestamp};

/// Events something follows from.
const HANDLED: &[&str] = &[
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.requires_action",
    "checkout.session.completed",
    "checkout.session.expired",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
];

/// How long an event's id is kept.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(45 * 24);

impl Book<'_> {
    /// An attempt ended as the provider says: nobody guessed from silence.
    pub(crate) fn outcomes(&self, table: &Table, notes: &mut Notes) {
        for (pk, sk, payment) in table.all() {
            if payment.text("type") != "payment" {
                continue;
            }
            let entries = self.by_payment.get(payment.text("id"));
            for attempt in payment.at("attempts").list() {
                let number = attempt.at("number").count().to_string();
                let entry = entries
                    .into_iter()
                    .flatten()
                    .find(|it| it.at("metadata.attempt").text() == number);
                if let Err(what) = self.is_known_so(attempt, entry.copied()) {
                    notes.broken(
                        PaidIffCaptured,
                        format!("{pk}/{sk}: attempt {number} {what}"),
                    );
                }
            }
        }
    }

    fn is_known_so(&self, attempt: Node<'_>, entry: Option<Node<'_>>) -> Result<(), String> {
        let outcome = attempt.at("outcome").text();
        let code = attempt.at("code").text();
        let taken = entry.is_some_and(|entry| captured(entry) > 0);
        match (attempt.at("channel").text(), outcome) {
            (_, "not_created") if entry.is_some() => {
                Err("never reached the provider, which has it".to_owned())
            }
            ("off_session", "failed" | "needs_customer") if taken => {
                Err(format!("is {outcome}, and was captured"))
            }
            ("off_session", "failed" | "needs_customer") if entry.is_none() => {
                Err(format!("is {outcome}, and the provider never heard of it"))
            }
            ("off_session", "failed") if !matches!(code, "superseded" | "canceled") => {
                let told = entry.map_or("", |entry| entry.at("declineCode").text());
                match told == code {
                    true => Ok(()),
                    false => Err(format!("was declined for {told:?}, not {code:?}")),
                }
            }
            ("hosted", "failed") => {
                let page = attempt.at("page.session").text();
                let state = self.sessions.get(page).map(|it| it.at("status").text());
                match state {
                    Some(state) if state != "expired" => {
                        Err(format!("failed, and its page is {state}"))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A page is open for the attempt it is stored with, and a subscription
    /// charges the card that paid last.
    pub(crate) fn references(&self, table: &Table, notes: &mut Notes) {
        for (pk, sk, item) in table.all() {
            if item.text("type") == "payment" {
                for attempt in item.at("attempts").list() {
                    let session = attempt.at("page.session").text();
                    let found = self.sessions.get(session);
                    let fits = found.is_some_and(|it| {
                        it.at("metadata.payment").text() == item.text("id")
                            && it.at("metadata.attempt").text()
                                == attempt.at("number").count().to_string()
                    });
                    notes.must(session.is_empty() || fits, Pointers, || {
                        format!("{pk}/{sk}: the page {session:?} is not its own")
                    });
                }
            }
            if item.text("type") == "subscription" {
                let card = self.last_card(table, pk, item);
                let same = card.is_empty() || card == item.text("payment_method");
                notes.must(same, PaidIffCaptured, || {
                    format!("{pk}/{sk} charges another card than {card}, which paid")
                });
            }
        }
    }

    /// Nobody can pay any more on the page of an order that is settled.
    pub(crate) fn pages(&self, table: &Table, notes: &mut Notes) {
        for (pk, sk, payment) in table.all() {
            let order = table.get(pk, &format!("ORDER#{}", payment.text("purpose.order")));
            let state = order.map_or("pending", |order| order.text("status.state"));
            if payment.text("type") != "payment" || state == "pending" {
                continue;
            }
            for attempt in payment.at("attempts").list() {
                let page = attempt.at("page.session").text();
                let found = self.sessions.get(page);
                let is_open = found.is_some_and(|it| it.at("status").text() == "open");
                notes.must(!is_open, NoStuckWork, || {
                    format!("{pk}/{sk}: {page} is open, the order is {state}")
                });
            }
        }
    }

    /// The card that paid the last period of a subscription.
    fn last_card(&self, table: &Table, pk: &str, subscription: &Item) -> &str {
        let index = subscription.at("period.index").count();
        let period = format!("PERIOD#{}#{index:06}", subscription.text("id"));
        let payment = table
            .get(pk, &period)
            .and_then(|it| table.get(pk, &format!("PAYMENT#{}", it.text("payment"))));
        let by = payment.map_or("", |it| it.text("status.provider_payment"));
        payment
            .and_then(|it| self.by_payment.get(it.text("id")))
            .into_iter()
            .flatten()
            .find(|entry| entry.at("id").text() == by)
            .map_or("", |entry| entry.at("paymentMethod").text())
    }

    /// What was answered with success is durable: every event the provider
    /// need not send again is in the inbox.
    pub(crate) fn received(&self, table: &Table, now: Timestamp, notes: &mut Notes) {
        for event in &self.events {
            let id = event.at("id").text();
            let mut attempts = event
                .at("deliveries")
                .list()
                .flat_map(|delivery| delivery.at("attempts").list());
            let taken =
                attempts.any(|attempt| matches!(attempt.at("status").number(), Some(200..300)));
            let forgotten = event
                .at("createdAt")
                .time()
                .and_then(|at| at.checked_add(REMEMBERED).ok())
                .is_none_or(|end| end <= now);
            if taken && !forgotten && HANDLED.contains(&event.at("type").text()) {
                let known = table.get(&format!("PROVIDER#stripe#{id}"), "EVENT");
                let kind = event.at("type");
                notes.must(
                    known.is_some_and(|it| it.at("kind") == kind),
                    Conservation,
                    || format!("{id} was answered and is nowhere"),
                );
            }
        }
    }
}
