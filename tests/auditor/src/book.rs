//! The payment provider's own book against the table.

mod banks;
mod details;

use crate::Invariant::{OneCapture, PaidIffCaptured, Pointers, RefundBound};
use crate::item::{Item, Node};
use crate::money::money;
use crate::notes::Notes;
use crate::refunds::given_back;
use crate::table::Table;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The provider's payments, by our payment's id.
pub(crate) struct Book<'a> {
    by_payment: BTreeMap<&'a str, Vec<Node<'a>>>,
    refunds: Vec<Node<'a>>,
    disputes: Vec<Node<'a>>,
    events: Vec<Node<'a>>,
    sessions: BTreeMap<&'a str, Node<'a>>,
    customers: BTreeMap<&'a str, &'a str>,
    /// Objects a person looks at: they are not what they claim to be.
    aside: BTreeSet<&'a str>,
}

fn captured(entry: Node<'_>) -> i128 {
    entry.at("amountCaptured").count()
}

fn refunded(entry: Node<'_>) -> i128 {
    entry.at("refundedAmount").count()
}

impl<'a> Book<'a> {
    /// Reads the book, and what of it the shop put aside.
    pub(crate) fn read(book: &'a Value, table: &'a Table) -> Self {
        let book = Node::of(book);
        let mut by_payment: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for entry in book.at("payments").list() {
            let payment = entry.at("metadata.payment").text();
            by_payment.entry(payment).or_default().push(entry);
        }
        let customers = book
            .at("customers")
            .list()
            .map(|it| (it.at("id").text(), it.at("metadata.account").text()))
            .collect();
        let mut aside: BTreeSet<&str> = table
            .partitions("PROVIDER#stripe#")
            .filter_map(|pk| table.get(pk, "EVENT"))
            .filter(|event| event.text("state.inbox") == "quarantined")
            .map(|event| event.text("object"))
            .collect();
        // Whoever puts aside what is just as it should be has lost money.
        for entry in by_payment.values().flatten() {
            if is_honest(*entry, table) {
                aside.remove(entry.at("id").text());
            }
        }
        Self {
            by_payment,
            refunds: book.at("refunds").list().collect(),
            disputes: book.at("disputes").list().collect(),
            events: book.at("events").list().collect(),
            sessions: book
                .at("sessions")
                .list()
                .map(|it| (it.at("id").text(), it))
                .collect(),
            customers,
            aside,
        }
    }

    /// Compares every payment with the book, both ways.
    pub(crate) fn at_rest(&self, table: &Table, notes: &mut Notes) {
        for (pk, sk, payment) in table.all() {
            if payment.text("type") == "payment" {
                self.payment(table, pk, payment, notes);
            }
            let customer = payment.text("provider_customer");
            if payment.text("type") == "account" && !customer.is_empty() {
                let owner = self.customers.get(customer).copied();
                notes.must(owner == Some(payment.text("id")), Pointers, || {
                    format!("{pk}/{sk}: its customer {customer} is {owner:?}'s")
                });
            }
        }
        for (id, entries) in &self.by_payment {
            for entry in entries {
                self.entry(table, id, *entry, notes);
            }
        }
        self.once(table, notes);
    }

    fn payment(&self, table: &Table, pk: &str, payment: &Item, notes: &mut Notes) {
        let id = payment.text("id");
        let entries = self.by_payment.get(id).map(Vec::as_slice);
        let entries = entries.unwrap_or_default();
        let find = |by: &str| entries.iter().find(|entry| entry.at("id").text() == by);
        let owner = table.get(pk, "PROFILE");
        let customer = owner.map_or("", |it| it.text("provider_customer"));
        let amount = money(payment.at("amount"));
        let mut accounted = BTreeSet::new();
        if payment.text("status.state") == "paid" {
            let by = payment.text("status.provider_payment");
            let right = find(by).is_some_and(|it| is_capture(*it, amount, customer));
            notes.must(right, PaidIffCaptured, || {
                format!("{id} is paid by {by}, which is no such capture in the book")
            });
            let untold = self.refunds(by, payment, notes);
            let back = find(by).map_or(0, |it| refunded(*it));
            let booked = given_back(payment);
            notes.must(back.saturating_sub(untold) == booked, RefundBound, || {
                format!("{id}: {back} of {by} was refunded, and {booked} is told")
            });
            self.disputes(by, payment, notes);
            accounted.insert(by);
        }
        self.surplus(entries, (table, pk), payment, notes);
        let surplus = payment.at("surplus").list();
        accounted.extend(surplus.map(|it| it.at("provider_payment").text()));
        for entry in entries.iter().filter(|entry| captured(**entry) > 0) {
            let by = entry.at("id").text();
            let known = accounted.contains(by) || self.aside.contains(by);
            notes.must(known, PaidIffCaptured, || {
                format!("{id}: {by} was captured and nobody knows")
            });
        }
    }

    /// Captures nobody owed: each is in the book, and refunded there when the
    /// shop says so.
    fn surplus(
        &self,
        entries: &[Node<'_>],
        (table, pk): (&Table, &str),
        payment: &Item,
        notes: &mut Notes,
    ) {
        let id = payment.text("id");
        let find = |by: &str| entries.iter().find(|entry| entry.at("id").text() == by);
        if payment.at("surplus").list().next().is_none() {
            return;
        }
        for surplus in crate::surplus::all(payment) {
            let by = surplus.at("provider_payment").text();
            if find(by).is_none_or(|it| captured(*it) == 0) {
                notes.broken(
                    PaidIffCaptured,
                    format!("{id}: the surplus {by} was not captured"),
                );
                continue;
            }
            self.surplus_refunds(by, surplus, notes);
        }
        let told = |name: &str| {
            let events = table.range(pk, "EVENT#");
            let of = events.filter(|(_, it)| it.text("payment") == id && it.text("event") == name);
            of.count()
        };
        let told = (told("surplus_refunded"), told("surplus_returned"));
        let (made, returned) = crate::surplus::counts(payment);
        notes.must(told == (made, returned), RefundBound, || {
            format!("{id}: {made} refunds, {returned} came back, {told:?} told")
        });
    }

    /// Judges an entry of the book by itself.
    fn entry(&self, table: &Table, id: &str, entry: Node<'_>, notes: &mut Notes) {
        let by = entry.at("id").text();
        let (taken, back) = (captured(entry), refunded(entry));
        notes.must((0..=taken).contains(&back), RefundBound, || {
            format!("{by}: {back} of {taken} refunded")
        });
        let refunds: i128 = self
            .refunds
            .iter()
            .filter(|it| it.at("payment_intent").text() == by)
            .filter(|it| it.at("status").text() != "failed")
            .map(|it| it.at("amount").count())
            .sum();
        notes.must(refunds == back, RefundBound, || {
            format!("{by}: refunds of {refunds}, {back} refunded")
        });
        let account = entry.at("metadata.account").text();
        // Money that somebody moved by hand, without our reference, is theirs.
        if taken > back && !account.is_empty() && !self.aside.contains(by) {
            let pk = format!("ACCOUNT#{account}");
            let ours = table.get(&pk, &format!("PAYMENT#{id}")).is_some();
            notes.must(ours, PaidIffCaptured, || {
                format!("{by} was captured for {account}, which has no payment {id}")
            });
        }
    }

    /// One capture for an order or a period, beside what nobody owes and cannot
    /// be given back; one object for a charge.
    fn once(&self, table: &Table, notes: &mut Notes) {
        let stuck: BTreeSet<&str> = table
            .all()
            .filter(|(_, _, item)| item.text("type") == "payment")
            .flat_map(|(_, _, payment)| crate::surplus::stuck(payment))
            .collect();
        let mut kept: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        let mut charges: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (id, entries) in &self.by_payment {
            for entry in entries {
                let of = |name: &str| entry.at("metadata").at(name).text();
                let by = entry.at("id").text();
                let ours = !id.is_empty() && !self.aside.contains(by);
                let is_kept = captured(*entry) > refunded(*entry) && !stuck.contains(by);
                if ours && is_kept {
                    let what = match of("order") {
                        "" => (of("subscription"), of("period")),
                        order => (order, ""),
                    };
                    kept.entry(what).or_default().push(by);
                }
                if ours && entry.at("session").is_nothing() {
                    charges.entry((id, of("attempt"))).or_default().push(by);
                }
            }
        }
        for ((what, period), by) in kept.iter().filter(|(_, by)| by.len() > 1) {
            notes.broken(
                OneCapture,
                format!("{what} {period} was captured by {by:?}"),
            );
        }
        for ((id, attempt), by) in charges.iter().filter(|(_, by)| by.len() > 1) {
            notes.broken(
                OneCapture,
                format!("attempt {attempt} of {id} was charged as {by:?}"),
            );
        }
    }

    /// What the provider holds for a payment by what the shop has booked: a
    /// refund counts once it was seen.
    pub(crate) fn held(&self, payment: &Item) -> i128 {
        let entries = self.by_payment.get(payment.text("id"));
        let mut held = 0_i128;
        for entry in entries.into_iter().flatten() {
            let by = entry.at("id").text();
            if self.aside.contains(by) {
                continue;
            }
            held = held.saturating_add(captured(*entry));
            if by == payment.text("status.provider_payment") {
                held = held.saturating_sub(given_back(payment));
                continue;
            }
            let mut surplus = crate::surplus::all(payment);
            let surplus = surplus.find(|it| it.at("provider_payment").text() == by);
            let (given, returned) = match surplus {
                Some(surplus) => crate::surplus::given_back(surplus),
                None => (refunded(*entry), 0),
            };
            held = held.saturating_sub(given).saturating_add(returned);
        }
        held
    }
}

/// True for an object that is what it claims to be: of a payment there is, by
/// an attempt it had, of its amount and its customer.
fn is_honest(entry: Node<'_>, table: &Table) -> bool {
    let claims = |name: &str| entry.at("metadata").at(name).text();
    let pk = format!("ACCOUNT#{}", claims("account"));
    let payment = table.get(&pk, &format!("PAYMENT#{}", claims("payment")));
    let owner = table.get(&pk, "PROFILE");
    let (Some(payment), Some(owner)) = (payment, owner) else {
        return false;
    };
    let attempted = payment.at("attempts").list().any(|attempt| {
        let number = attempt.at("number").number();
        number.is_some_and(|number| number.to_string() == claims("attempt"))
    });
    let amount = money(payment.at("amount"));
    attempted && is_capture(entry, amount, owner.text("provider_customer"))
}

fn is_capture(entry: Node<'_>, amount: Option<(i128, &str)>, customer: &str) -> bool {
    let Some((amount, currency)) = amount else {
        return false;
    };
    entry.at("status").text() == "succeeded"
        && captured(entry) == amount
        && entry.at("amount").number() == Some(amount)
        && entry.at("currency").text().eq_ignore_ascii_case(currency)
        && entry.at("customer").text() == customer
        && !customer.is_empty()
}
