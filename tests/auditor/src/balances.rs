//! The ledger's balances, counted anew from what there is.

use crate::Invariant::{ClearingZero, InvoiceArithmetic, LedgerZero, RefundBound};
use crate::book::Book;
use crate::item::Item;
use crate::ledger::has_number;
use crate::money::money;
use crate::notes::Notes;
use crate::refunds::failed;
use crate::table::Table;
use std::collections::BTreeMap;

/// Amounts by currency and ledger account.
type Sums<'a> = BTreeMap<(&'a str, &'static str), i128>;

pub(crate) const ACCOUNTS: [&str; 8] = [
    "receivable",
    "revenue",
    "vat",
    "provider",
    "clearing",
    "payable",
    "disputed",
    "chargebacks",
];

fn add<'a>(sums: &mut Sums<'a>, currency: &'a str, account: &'static str, amount: i128) {
    let sum = sums.entry((currency, account)).or_default();
    *sum = sum.saturating_add(amount);
}

/// Compares every account's ledger with its invoices, its payments and the
/// book.
pub(crate) fn at_rest(table: &Table, book: &Book<'_>, notes: &mut Notes) {
    let mut all: BTreeMap<&str, i128> = BTreeMap::new();
    for pk in table.partitions("ACCOUNT#") {
        let id = pk.trim_start_matches("ACCOUNT#");
        let booked = booked(table, id);
        for ((currency, _), amount) in &booked {
            let sum = all.entry(currency).or_default();
            *sum = sum.saturating_add(*amount);
        }
        let expected = expected(table, pk, book);
        let mut keys: Vec<_> = booked.keys().chain(expected.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let of = |sums: &Sums<'_>| sums.get(key).copied().unwrap_or_default();
            let (is, should) = (of(&booked), of(&expected));
            let invariant = match key.1 {
                "clearing" => ClearingZero,
                "provider" => RefundBound,
                _ => InvoiceArithmetic,
            };
            notes.must(is == should, invariant, || {
                format!("{id}: {} is {is} {}, not {should}", key.1, key.0)
            });
        }
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for ((currency, _), amount) in &booked {
            let sum = sums.entry(currency).or_default();
            *sum = sum.saturating_add(*amount);
        }
        for (currency, sum) in sums.iter().filter(|(_, sum)| **sum != 0) {
            notes.broken(
                LedgerZero,
                format!("{id}: all entries sum to {sum} {currency}"),
            );
        }
    }
    for (currency, sum) in all.iter().filter(|(_, sum)| **sum != 0) {
        notes.broken(LedgerZero, format!("all ledgers sum to {sum} {currency}"));
    }
}

fn booked<'a>(table: &'a Table, id: &str) -> Sums<'a> {
    let mut sums = Sums::new();
    for (_, entry) in table.range(&format!("LEDGER#{id}"), "") {
        for line in entry.at("lines").list() {
            let account = line.at("account").text();
            let known = ACCOUNTS.iter().copied().find(|known| *known == account);
            let account = known.unwrap_or("unknown");
            add(
                &mut sums,
                entry.text("currency"),
                account,
                line.at("amount").count(),
            );
        }
    }
    sums
}

/// What the books must show: open invoices are owed, numbered ones earned,
/// the provider holds what its book says, and clearing holds what has neither
/// a number nor an owner yet and is waited for.
fn expected<'a>(table: &'a Table, pk: &str, book: &Book<'_>) -> Sums<'a> {
    let mut sums = Sums::new();
    for (_, invoice) in table.range(pk, "INVOICE#") {
        of_invoice(&mut sums, invoice);
    }
    for (_, payment) in table.range(pk, "PAYMENT#") {
        let Some((_, currency)) = money(payment.at("amount")) else {
            continue;
        };
        let (kept, lost) = crate::disputes::stakes(payment);
        let settled = crate::disputes::settled(payment);
        let held = book.held(payment).saturating_sub(kept);
        let held = held.saturating_sub(settled);
        add(&mut sums, currency, "payable", settled);
        add(&mut sums, currency, "provider", held.saturating_sub(lost));
        add(&mut sums, currency, "disputed", kept);
        add(&mut sums, currency, "chargebacks", lost);
        for refund in failed(payment) {
            let amount = refund.at("amount.amount").count();
            add(&mut sums, currency, "payable", amount.saturating_neg());
        }
        for surplus in crate::surplus::all(payment) {
            let (given, returned) = crate::surplus::given_back(surplus);
            let left = given.saturating_sub(surplus.at("amount.amount").count());
            add(&mut sums, currency, "clearing", left);
            add(&mut sums, currency, "payable", returned.saturating_neg());
        }
    }
    sums
}

fn of_invoice<'a>(sums: &mut Sums<'a>, invoice: &'a Item) {
    let totals = invoice.at("totals");
    let (Some((total, currency)), Some((net, _))) =
        (money(totals.at("total")), money(totals.at("net")))
    else {
        return;
    };
    let state = invoice.text("status.state");
    if invoice.at("correction").is_set() {
        if has_number(invoice) {
            add(sums, currency, "revenue", net);
            add(sums, currency, "vat", total.saturating_sub(net));
        } else {
            // The money is back, what it was for is not said yet.
            add(sums, currency, "clearing", total);
        }
        return;
    }
    if has_number(invoice) {
        add(sums, currency, "revenue", net.saturating_neg());
        add(sums, currency, "vat", net.saturating_sub(total));
    }
    if state == "open" {
        add(sums, currency, "receivable", total);
    }
    if state == "ready" && invoice.at("status.paid_at").is_set() {
        add(sums, currency, "clearing", total.saturating_neg());
    }
}
