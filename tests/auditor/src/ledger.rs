//! The ledger: postings balance, the chain is whole, and what is booked is
//! what happened.

use crate::Invariant::{AppendOnly, InvoiceArithmetic, LedgerZero, OneCapture, Outbox, Pointers};
use crate::item::Item;
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Changed, Step};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Hash before the first entry.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Judges the entries a commit appended, and their head.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, entry) in step.put("ledger_entry") {
        balances(change, entry, notes);
        chains(step, change, entry, notes);
        if let Err(what) = is_booked_right(step, entry) {
            notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
        }
        belongs(step, change, entry, notes);
        notes.saw(format!("ledger: {}", entry.text("cause")));
    }
    for (change, old, head) in step.written("ledger_head") {
        counts(step, change, old, head, notes);
        let ledger = format!("LEDGER#{}", head.text("account"));
        let sequence = head.at("sequence").count();
        let entry = |sequence: i128| step.table.get(&ledger, &format!("{sequence:012}"));
        let agrees = entry(sequence).is_some_and(|last| last.at("hash") == head.at("hash"))
            && entry(sequence.saturating_add(1)).is_none();
        notes.must(agrees, AppendOnly, || {
            format!("{} is not the last entry", change.place())
        });
    }
}

/// The head counts captures, less those of which nothing is left, because they
/// were a surplus and given back.
fn counts(step: &Step<'_>, change: &Changed, old: Option<&Item>, head: &Item, notes: &mut Notes) {
    let before = old.map_or(Some(0), |old| old.at("captures").number());
    let (Some(before), Some(after)) = (before, head.at("captures").number()) else {
        return;
    };
    let causes = step.put("ledger_entry").map(|(_, it)| it.text("cause"));
    let gained = causes.filter(|cause| *cause == "capture").count();
    let over = |it: &Item| {
        let surplus = it.at("surplus").list();
        surplus.filter(|it| it.at("refund").is_set()).count()
    };
    let lost: usize = step
        .written("payment")
        .map(|(_, old, new)| over(new).saturating_sub(old.map_or(0, over)))
        .sum();
    let signed = |count| i128::try_from(count).unwrap_or(i128::MAX);
    let moved = signed(gained).saturating_sub(signed(lost));
    notes.must(after.saturating_sub(before) == moved, OneCapture, || {
        format!("{}: {moved} captures, counted otherwise", change.place())
    });
}

fn balances(change: &Changed, entry: &Item, notes: &mut Notes) {
    let amounts: Vec<_> = entry
        .at("lines")
        .list()
        .map(|line| line.at("amount").number())
        .collect();
    let sum: Option<i128> = amounts.iter().copied().sum();
    notes.must(amounts.len() >= 2 && sum == Some(0), LedgerZero, || {
        format!("{}: {} lines sum to {sum:?}", change.place(), amounts.len())
    });
    let known = crate::balances::ACCOUNTS;
    let mut accounts = entry
        .at("lines")
        .list()
        .map(|line| line.at("account").text());
    notes.must(
        accounts.all(|account| known.contains(&account)),
        LedgerZero,
        || format!("{} books to an unknown account", change.place()),
    );
}

fn chains(step: &Step<'_>, change: &Changed, entry: &Item, notes: &mut Notes) {
    let sequence = entry.at("sequence").count();
    let before = format!("{:012}", sequence.saturating_sub(1));
    let previous = step.beside(change, &before);
    let expected = match (sequence, previous) {
        (1, None) => Some(NO_HASH),
        (_, Some(previous)) => Some(previous.text("hash")),
        _ => None,
    };
    notes.must(expected == Some(entry.text("previous")), AppendOnly, || {
        format!("{} does not follow the entry before", change.place())
    });
    notes.must(digest(entry) == entry.text("hash"), AppendOnly, || {
        format!("{}: its hash is not that of its content", change.place())
    });
    let account = format!("ACCOUNT#{}", entry.text("account"));
    notes.must(
        step.change(&account, "LEDGERHEAD").is_some(),
        AppendOnly,
        || format!("{} was appended without its head", change.place()),
    );
}

/// SHA-256 over the fields in their order, each after its length in 8 bytes;
/// what is an enumeration is written as its JSON.
pub(crate) fn digest(entry: &Item) -> String {
    let mut hasher = Sha256::new();
    let mut field = |text: &str| {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_be_bytes());
        hasher.update(text.as_bytes());
    };
    let (cause, subject) = subject(entry);
    field(entry.text("account"));
    field(&entry.at("sequence").count().to_string());
    field(entry.text("at"));
    field(&format!(
        r#"{{"cause":"{cause}","{subject}":"{}"}}"#,
        entry.text(subject)
    ));
    field(entry.text("event"));
    field(entry.text("currency"));
    for line in entry.at("lines").list() {
        field(&format!("\"{}\"", line.at("account").text()));
        field(&line.at("amount").count().to_string());
    }
    field(entry.text("previous"));
    hex::encode(hasher.finalize())
}

/// The cause of an entry, and which attribute names what caused it.
fn subject(entry: &Item) -> (&str, &'static str) {
    let cause = entry.text("cause");
    let is_document = matches!(cause, "invoice" | "credit_note");
    (cause, if is_document { "invoice" } else { "payment" })
}

/// An entry's lines by account; several of one account are summed.
fn by_account(entry: &Item) -> BTreeMap<&str, i128> {
    let mut sums = BTreeMap::new();
    for line in entry.at("lines").list() {
        let sum: &mut i128 = sums.entry(line.at("account").text()).or_default();
        *sum = sum.saturating_add(line.at("amount").count());
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Compares an entry with what its cause says must be booked (ADR 4).
fn is_booked_right(step: &Step<'_>, entry: &Item) -> Result<(), String> {
    let (cause, subject) = subject(entry);
    let account = format!("ACCOUNT#{}", entry.text("account"));
    let find = |kind: &str, id: &str| {
        let sk = format!("{kind}#{id}");
        let found = step.table.get(&account, &sk);
        found.ok_or_else(|| format!("{sk} is not there"))
    };
    let (total, currency, mut expected) = match cause {
        "capture" => {
            let payment = find("PAYMENT", entry.text(subject))?;
            let (total, currency) = money(payment.at("amount")).ok_or("no amount")?;
            let is_owed = step.tells("period_paid", "payment", entry.text(subject))
                && has_number(find("INVOICE", payment.text("invoice"))?);
            let against = if is_owed { "receivable" } else { "clearing" };
            let lines = BTreeMap::from([("provider", total), (against, total.saturating_neg())]);
            (total, currency, lines)
        }
        "surplus_refund" => surplus_moved(step, &account, entry.text(subject))?,
        "refund_failed" if step.tells("surplus_returned", "payment", entry.text(subject)) => {
            surplus_moved(step, &account, entry.text(subject))?
        }
        "refund" => given_back(step, find("PAYMENT", entry.text(subject))?)?,
        "refund_failed" => returned(step, &account, entry.text(subject))?,
        "dispute" => disputed(step, &account, entry.text(subject))?,
        "credit_note" => credited(find("INVOICE", entry.text(subject))?)?,
        "invoice" => {
            let invoice = find("INVOICE", entry.text(subject))?;
            let (total, currency) = money(invoice.at("totals.total")).ok_or("no total")?;
            let net = money(invoice.at("totals.net")).ok_or("no net")?.0;
            // Its money waits in clearing, or is owed.
            let is_paid = invoice.text("status.state") == "paid";
            let debit = if is_paid { "clearing" } else { "receivable" };
            let vat = net.saturating_sub(total);
            let lines = BTreeMap::from([
                (debit, total),
                ("revenue", net.saturating_neg()),
                ("vat", vat),
            ]);
            (total, currency, lines)
        }
        other => return Err(format!("an unknown cause {other:?}")),
    };
    expected.retain(|_, amount| *amount != 0);
    if entry.text("currency") != currency || by_account(entry) != expected {
        let booked = by_account(entry);
        return Err(format!(
            "booked {booked:?} for {total} {currency}, not {expected:?}"
        ));
    }
    Ok(())
}

/// What is booked, and its total.
type Booked<'a> = (i128, &'a str, BTreeMap<&'a str, i128>);

/// The refund a commit says was made.
fn given_back<'a>(step: &Step<'_>, payment: &'a Item) -> Result<Booked<'a>, String> {
    let made = crate::refunds::made(payment)
        .find(|it| {
            let id = it.at("id").text();
            step.tells("refund_made", "refund", id) || step.tells("refund_adopted", "refund", id)
        })
        .ok_or("no refund was made with it")?;
    let (part, currency) = money(made.at("amount")).ok_or("no amount")?;
    let lines = BTreeMap::from([("clearing", part), ("provider", part.saturating_neg())]);
    Ok((part, currency, lines))
}

/// The refund a commit says the bank returned: the customer is owed it.
fn returned<'a>(step: &'a Step<'_>, pk: &str, payment: &str) -> Result<Booked<'a>, String> {
    let change = step.change(pk, &format!("PAYMENT#{payment}"));
    let change = change.ok_or("its payment did not change")?;
    let payment = change.new.as_deref().ok_or("its payment is gone")?;
    let before = change.old.as_deref().map_or(0, crate::disputes::settled);
    let settled = crate::disputes::settled(payment).saturating_sub(before);
    let failed = crate::refunds::failed(payment)
        .find(|it| step.tells("refund_failed", "refund", it.at("id").text()))
        .ok_or("no refund failed with it")?;
    let (part, currency) = money(failed.at("amount")).ok_or("no amount")?;
    let lines = BTreeMap::from([
        ("chargebacks", settled.saturating_neg()),
        ("payable", settled.saturating_sub(part)),
        ("provider", part),
    ]);
    Ok((part, currency, lines))
}

/// What was given back of a payment's surplus in a commit, less what came back.
fn surplus_moved<'a>(step: &'a Step<'_>, pk: &str, payment: &str) -> Result<Booked<'a>, String> {
    let change = step.change(pk, &format!("PAYMENT#{payment}"));
    let change = change.ok_or("its payment did not change")?;
    let new = change.new.as_deref().ok_or("its payment is gone")?;
    let before = change.old.as_deref().map(crate::surplus::sums);
    let (before, now) = (before.unwrap_or_default(), crate::surplus::sums(new));
    let given = now.0.saturating_sub(before.0);
    let returned = now.1.saturating_sub(before.1);
    let (_, currency) = money(new.at("amount")).ok_or("no amount")?;
    let lines = BTreeMap::from([
        ("clearing", given),
        ("payable", returned.saturating_neg()),
        ("provider", returned.saturating_sub(given)),
    ]);
    Ok((given, currency, lines))
}

/// Where the money of a payment's disputes is after a commit, against before.
fn disputed<'a>(step: &'a Step<'_>, pk: &str, payment: &str) -> Result<Booked<'a>, String> {
    let change = step.change(pk, &format!("PAYMENT#{payment}"));
    let change = change.ok_or("its payment did not change")?;
    let new = change.new.as_deref().ok_or("its payment is gone")?;
    let settled = |it: Option<&Item>| it.map_or(0, crate::disputes::settled);
    let paid = settled(Some(new)).saturating_sub(settled(change.old.as_deref()));
    let of = |it: Option<&Item>| it.map(crate::disputes::stakes).unwrap_or_default();
    let ((kept, lost), before) = (of(Some(new)), of(change.old.as_deref()));
    let (kept, lost) = (kept.saturating_sub(before.0), lost.saturating_sub(before.1));
    let moved = kept.saturating_add(lost).saturating_add(paid);
    let (_, currency) = money(new.at("amount")).ok_or("no amount")?;
    let lines = BTreeMap::from([
        ("chargebacks", lost),
        ("disputed", kept),
        ("payable", paid),
        ("provider", moved.saturating_neg()),
    ]);
    Ok((moved, currency, lines))
}

fn credited(note: &Item) -> Result<Booked<'_>, String> {
    let (total, currency) = money(note.at("totals.total")).ok_or("no total")?;
    let net = money(note.at("totals.net")).ok_or("no net")?.0;
    let lines = BTreeMap::from([
        ("clearing", total.saturating_neg()),
        ("revenue", net),
        ("vat", total.saturating_sub(net)),
    ]);
    Ok((total, currency, lines))
}

/// True for an invoice that was finalised.
pub(crate) fn has_number(invoice: &Item) -> bool {
    invoice.at("status.number").is_set()
}

/// Each entry has its event in the same commit, and its cause once.
fn belongs(step: &Step<'_>, change: &Changed, entry: &Item, notes: &mut Notes) {
    let owner = format!("ACCOUNT#{}", entry.text("account"));
    let sk = format!("EVENT#{}", entry.text("event"));
    let event = step.change(&owner, &sk).and_then(|it| it.new.as_deref());
    let Some(event) = event else {
        notes.broken(
            Pointers,
            format!("{}: its event is not with it", change.place()),
        );
        return;
    };
    let (cause, subject) = subject(entry);
    let names: &[&str] = match cause {
        "capture" => &["order_paid", "period_paid", "surplus_captured"],
        "invoice" | "credit_note" => &["invoice_finalised"],
        "refund" => &["refund_made", "refund_adopted"],
        "refund_failed" => &["refund_failed", "surplus_returned"],
        "dispute" => &["payment_disputed", "dispute_changed", "dispute_closed"],
        _ => &["surplus_refunded"],
    };
    let fits = names.contains(&event.text("event")) && event.text(subject) == entry.text(subject);
    notes.must(fits, Outbox, || {
        format!("{} goes with a {}", change.place(), event.text("event"))
    });
    let once = step
        .put("ledger_entry")
        .filter(|(_, other)| other.text("event") == entry.text("event"))
        .count();
    notes.must(once == 1, LedgerZero, || {
        format!("{}: its event is booked {once} times", change.place())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As the shop once wrote it.
    #[test]
    fn a_real_entry_has_the_hash_it_says() {
        let line = |account: &str, amount: &str| json!({"M": {"account": {"S": account}, "amount": {"N": amount}}});
        let raw = json!({
            "account": {"S": "acc_019c1347e3317e6da266fbb91a49bab2"},
            "sequence": {"N": "2"},
            "at": {"S": "2026-01-31T09:00:04.728609444Z"},
            "cause": {"S": "invoice"},
            "invoice": {"S": "inv_019c1347e453781db346eaad5292be9c"},
            "event": {"S": "evt_019c1347e4f97125a5adb2caa0cad514"},
            "currency": {"S": "EUR"},
            "lines": {"L": [
                line("receivable", "70020"), line("revenue", "-58350"), line("vat", "-11670"),
                line("clearing", "70020"), line("receivable", "-70020"),
            ]},
            "previous": {"S": "97d2b88774dee23960c77b6532631ec21a77569a280f843ef8db38156a9130bc"},
        });
        let entry = Item::read(&raw).unwrap();
        assert_eq!(
            digest(&entry),
            "808da556b464238fea4ad9484400471671aeb3a7397cf9a0b6aa570e4291dc33"
        );
    }
}
