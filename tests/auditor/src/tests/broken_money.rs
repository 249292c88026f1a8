//! Money that is not as it should be.

use super::good::history;
use super::history::{History, eur};
use super::makers::{entry, rehash};
use crate::Invariant::{
    AppendOnly, ClearingZero, InvoiceArithmetic, LedgerZero, Numbers, OneCapture, PaidIffCaptured,
    RefundBound,
};
use serde_json::{Value, json};

/// A history whose entry of the ledger says something else, under a hash that
/// fits.
fn booked(act: &str, pointer: &str, value: Value) -> History {
    let mut history = history().with(act, "ledger_entry", pointer, value);
    rehash(history.item(act, "ledger_entry"));
    let hash = history.item(act, "ledger_entry")["hash"].clone();
    history.with(act, "ledger_head", "/hash", hash)
}

#[test]
fn a_posting_that_does_not_balance() {
    booked("refunded", "/lines/0/amount", json!(5881)).breaks(LedgerZero, "2 lines sum to Some(1)");
}

#[test]
fn a_posting_of_one_line() {
    let line = json!([{"account": "provider", "amount": 0}]);
    booked("refunded", "/lines", line).breaks(LedgerZero, "1 lines");
}

#[test]
fn an_account_nobody_knows() {
    booked("refunded", "/lines/0/account", json!("pocket")).breaks(LedgerZero, "unknown account");
}

#[test]
fn a_flipped_byte_of_the_ledger() {
    for (pointer, value) in [
        ("/at", json!("2026-01-31T09:02:00.6Z")),
        ("/event", json!("evt_05")),
        ("/payment", json!("pay_2")),
        ("/currency", json!("USD")),
        ("/lines/0/amount", json!(5879)),
        ("/lines/1/account", json!("receivable")),
    ] {
        history()
            .with("paid", "ledger_entry", pointer, value)
            .breaks(AppendOnly, "its hash is not that of its content");
    }
}

#[test]
fn an_entry_that_changes_vanishes_or_follows_nothing() {
    let mut changed = history().next("LEDGER#acc_1 000000000002", 99);
    changed["lines"][0]["amount"] = json!(1);
    history()
        .then("changed", "2026-03-02T11:00:00Z", vec![changed])
        .breaks(AppendOnly, "lines changed");
    history()
        .deleting("LEDGER#acc_1", "000000000006")
        .breaks(AppendOnly, "000000000006 vanished");
    booked("refunded", "/previous", json!("00")).breaks(AppendOnly, "does not follow");
}

#[test]
fn a_ledger_head_that_is_not_the_end() {
    history()
        .with("refunded", "ledger_head", "/sequence", json!(5))
        .breaks(AppendOnly, "is not the last entry");
    history()
        .without("refunded", "ledger_head")
        .breaks(AppendOnly, "without its head");
}

#[test]
fn two_captures_of_one_order_or_period() {
    for (place, id) in [(0, "ord_1"), (2, "sub_1 1")] {
        let mut history = history();
        let mut second = history.book["payments"][place].clone();
        second["id"] = json!("pi_9");
        history.book["payments"]
            .as_array_mut()
            .unwrap()
            .push(second);
        history.breaks(OneCapture, id);
        history.breaks(PaidIffCaptured, "pi_9 was captured and nobody knows");
    }
}

#[test]
fn a_charge_made_twice_under_one_attempt() {
    let mut history = history();
    let mut second = history.book["payments"][1].clone();
    second["id"] = json!("pi_9");
    history.book["payments"]
        .as_array_mut()
        .unwrap()
        .push(second);
    history.breaks(OneCapture, "attempt 1 of pay_2 was charged as");
}

#[test]
fn a_capture_that_is_not_booked_or_booked_twice() {
    history()
        .without("paid", "ledger_entry")
        .breaks(OneCapture, "1 captures, 0 booked");
}

#[test]
fn two_open_attempts() {
    history()
        .with(
            "retried",
            "payment",
            "/attempts/0/outcome",
            json!("unknown"),
        )
        .breaks(OneCapture, "2 open attempts");
}

#[test]
fn paid_without_such_a_capture() {
    for (pointer, value) in [
        ("/payments/0/amountCaptured", json!(0)),
        ("/payments/0/amountCaptured", json!(5879)),
        ("/payments/0/amount", json!(5879)),
        ("/payments/0/currency", json!("usd")),
        ("/payments/0/customer", json!("cus_2")),
        ("/payments/0/status", json!("processing")),
        ("/payments/0/id", json!("pi_9")),
    ] {
        history()
            .with_book(pointer, value)
            .breaks(PaidIffCaptured, "pay_1 is paid by pi_1");
    }
}

#[test]
fn captured_and_not_paid() {
    history()
        .with_book("/payments/1/amountCaptured", json!(5880))
        .breaks(PaidIffCaptured, "pi_2 was captured and nobody knows");
    history()
        .with_book("/payments/1/metadata/payment", json!("pay_9"))
        .with_book("/payments/1/amountCaptured", json!(5880))
        .breaks(PaidIffCaptured, "which has no payment pay_9");
}

#[test]
fn paid_by_an_attempt_that_captured_nothing() {
    history()
        .with("paid", "payment", "/attempts/0/outcome", json!("failed"))
        .breaks(PaidIffCaptured, "which no attempt captured");
}

#[test]
fn outcomes_guessed_from_silence() {
    for (pointer, value, words) in [
        (
            "/payments/1/amountCaptured",
            json!(5880),
            "is failed, and was captured",
        ),
        (
            "/payments/1/declineCode",
            json!("lost_card"),
            "was declined for \"lost_card\"",
        ),
        (
            "/payments/1/metadata/payment",
            json!("pay_9"),
            "the provider never heard of it",
        ),
    ] {
        history()
            .with_book(pointer, value)
            .breaks(PaidIffCaptured, words);
    }
    let ended = |history: History, outcome: &str| {
        ["declined", "retried", "recovered"]
            .iter()
            .fold(history, |it, act| {
                it.with(act, "PAYMENT#pay_2", "/attempts/0/outcome", json!(outcome))
            })
    };
    ended(history(), "not_created")
        .breaks(PaidIffCaptured, "never reached the provider, which has it");
    ended(history(), "not_created").breaks(PaidIffCaptured, "was given up before that was proved");
}

#[test]
fn two_attempts_that_are_one_charge() {
    history()
        .with(
            "recovered",
            "payment",
            "/attempts/1/provider_payment",
            json!("pi_2"),
        )
        .breaks(OneCapture, "two attempts are one object");
}

#[test]
fn order_invoice_and_payment_that_disagree() {
    history()
        .with("paid", "order", "/status/state", json!("expired"))
        .breaks(PaidIffCaptured, "order and payment are");
    history()
        .with("numbered", "invoice", "/status/state", json!("open"))
        .breaks(PaidIffCaptured, "its invoice is open");
    history()
        .with(
            "recovered",
            "invoice",
            "/status/paid_at",
            json!("2026-03-02T09:10:00Z"),
        )
        .breaks(PaidIffCaptured, "at another moment");
}

#[test]
fn refunds_beyond_what_was_captured_or_without_their_proof() {
    history()
        .with_book("/payments/3/refundedAmount", json!(5881))
        .breaks(RefundBound, "5881 of 5880 refunded");
    history()
        .with_book("/refunds/0/id", json!("re_9"))
        .breaks(RefundBound, "pi_4 is not refunded by [(\"re_1\", 5880)]");
    history()
        .with_book("/refunds/0/amount", json!(10))
        .breaks(RefundBound, "refunds of 10");
    history()
        .with_book("/payments/0/refundedAmount", json!(5880))
        .breaks(RefundBound, "5880 of pi_1 was refunded, and 0 is told");
    history()
        .without("refunded", "event")
        .breaks(RefundBound, "the refund of pi_4 is not told");
    history()
        .with("refunded", "payment", "/surplus/0/amount", eur(5))
        .breaks(RefundBound, "a surplus of another amount");
}

#[test]
fn a_ledger_that_holds_something_else_than_the_provider() {
    history()
        .until("surplus", "2026-03-02T10:02:01Z")
        .with_book("/payments/2/amountCaptured", json!(5800))
        .breaks(RefundBound, "provider is 17640 EUR, not 17560");
}

#[test]
fn a_surplus_waits_in_clearing_until_it_is_refunded() {
    let waiting = history()
        .until("surplus", "2026-03-02T10:02:01Z")
        .with_book("/payments/3/refundedAmount", json!(0))
        .with_book("/refunds", json!([]));
    waiting.holds();
    // The refund was made and its answer lost: still waiting.
    history().until("surplus", "2026-03-02T10:02:01Z").holds();
}

#[test]
fn money_left_in_clearing() {
    let mut ledger = history().last("LEDGER#acc_1 000000000006");
    let cause = json!({"cause": "capture", "payment": "pay_1"});
    let lines = [("provider", 1), ("clearing", -1)];
    let more = entry(
        7,
        99,
        ("2026-03-02T11:00:00Z", "evt_99"),
        cause,
        &lines,
        &ledger,
    );
    ledger = history().next("LEDGERHEAD", 99);
    ledger["sequence"] = json!(7);
    ledger["hash"] = more["hash"].clone();
    history()
        .then("more", "2026-03-02T11:00:00Z", vec![more, ledger])
        .breaks(ClearingZero, "clearing is -1 EUR, not 0");
}

#[test]
fn numbers_with_gaps_or_twice_or_of_nobody() {
    history()
        .with("billed", "invoice_number", "/sk", json!("NUMBER#000000003"))
        .with("billed", "invoice_number", "/number/sequence", json!(3))
        .breaks(Numbers, "has none before it");
    history()
        .with("billed", "series_counter", "/last", json!(3))
        .breaks(Numbers, "3 is not the last number");
    history()
        .with("billed", "invoice_number", "/invoice", json!("inv_1"))
        .breaks(Numbers, "was not given to");
    history()
        .without("billed", "invoice_number")
        .breaks(Numbers, "was not put with it");
    history()
        .with("recovered", "invoice", "/status/number/sequence", json!(7))
        .breaks(Numbers, "got another number");
}

#[test]
fn issue_dates_that_go_back_or_lie_in_another_year() {
    history()
        .with(
            "billed",
            "series_counter",
            "/last_date",
            json!("2026-01-30"),
        )
        .breaks(Numbers, "the date goes back");
    history()
        .with(
            "billed",
            "invoice",
            "/status/issued_at",
            json!("2026-01-30T09:00:00Z"),
        )
        .breaks(Numbers, "it is dated 2026-01-30");
    // Half past eleven on New Year's eve is the next year in Paris.
    history()
        .with(
            "billed",
            "invoice",
            "/status/issued_at",
            json!("2025-12-31T22:30:00Z"),
        )
        .breaks(Numbers, "it is dated 2025-12-31 in SERIES#F2026");
}

#[test]
fn invoices_that_do_not_add_up() {
    for (pointer, value, words) in [
        ("/totals/taxes/0/tax", json!(981), "tax at 2000"),
        ("/totals/taxes/0/base", json!(4901), "tax at 2000"),
        (
            "/totals/taxes/0/rate",
            json!(850),
            "a rate that no line has",
        ),
        ("/totals/taxes", json!([]), "a rate without its tax"),
        ("/totals/total", eur(5881), "total is"),
        ("/totals/net", eur(4899), "net is"),
        ("/lines/0/total", eur(4899), "a line's total"),
        ("/lines/0/discount", eur(4901), "a discount of 4901"),
        ("/lines/0/unit_price", eur(491), "10 at 491 are not 4900"),
        ("/lines/0/subtotal/currency", json!("USD"), "no amount in"),
        ("/lines", json!([]), "no lines"),
    ] {
        history()
            .with("paid", "invoice", pointer, value)
            .breaks(InvoiceArithmetic, words);
    }
}

#[test]
fn an_order_that_does_not_add_up() {
    for (pointer, value, words) in [
        (
            "/lines/0/scheme/unitAmount",
            json!(489),
            "10 cost Some(4890)",
        ),
        ("/totals/tax", eur(979), "tax is"),
        ("/postal_code", json!("97400"), "its buyer pays 850"),
        ("/totals/total", eur(5879), "its order costs another amount"),
    ] {
        history()
            .with("placed", "order", pointer, value)
            .breaks(InvoiceArithmetic, words);
    }
}

#[test]
fn booked_otherwise_than_issued() {
    booked("billed", "/lines/1/amount", json!(-4901)).breaks(InvoiceArithmetic, "booked");
    booked("recovered", "/lines/1/account", json!("clearing")).breaks(InvoiceArithmetic, "booked");
    let totals = history()
        .with("billed", "invoice", "/totals/total", eur(5881))
        .at_once();
    assert!(totals.iter().any(|it| it.invariant == AppendOnly));
}
