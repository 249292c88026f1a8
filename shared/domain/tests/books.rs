//! The ledger balances and shows every change; invoices are numbered in order.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use domain::dispute::Stake;
use domain::id::{AccountId, EventId, Id as _, InvoiceId, PaymentId};
use domain::invoice::{Series, SeriesCounter, issue_date};
use domain::ledger::{
    Cause, ChainError, LedgerAccount, LedgerEntry, LedgerHead, LedgerLine, Posting, PostingError,
    verify,
};
use domain::money::{Currency, Money};
use domain::rounding::ArithmeticError;
use domain::vat::tax_by_rate;
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at() -> Timestamp {
    "2026-05-04T03:02:01Z".parse().unwrap()
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn invoice_posting(net: i64, paid: bool) -> Posting {
    let taxes = tax_by_rate(&[(net, 2000)]).unwrap();
    let total = net + taxes.iter().map(|rate| rate.tax).sum::<i64>();
    Posting::invoice(InvoiceId::from_bits(1), eur(net), &taxes, eur(total), paid).unwrap()
}

fn balances(entries: &[LedgerEntry]) -> BTreeMap<LedgerAccount, i64> {
    let mut balances = BTreeMap::new();
    for line in entries.iter().flat_map(|entry| &entry.lines) {
        *balances.entry(line.account).or_insert(0) += line.amount;
    }
    balances
}

fn book(postings: Vec<Posting>) -> (LedgerHead, Vec<LedgerEntry>) {
    let mut head = LedgerHead::empty(AccountId::from_bits(5));
    let mut entries = Vec::new();
    for (id, posting) in postings.into_iter().enumerate() {
        let (next, entry) = head.append(posting, EventId::from_bits(id as u128), at());
        entries.push(entry);
        head = next;
    }
    (head, entries)
}

/// What banks do is in it too: money is kept back, comes back or is lost, from
/// wherever it was before; and a refund that was returned is owed.
#[test]
fn what_banks_do_is_booked() {
    use LedgerAccount::{Chargebacks, Disputed, Payable, Provider};
    let payment = PaymentId::from_bits(1);
    let stake = |disputed, lost| Stake {
        disputed,
        lost,
        settled: 0,
    };
    for (from, to, expected) in [
        (
            stake(0, 0),
            stake(120, 0),
            vec![(Disputed, 120), (Provider, -120)],
        ),
        (
            stake(120, 0),
            stake(0, 0),
            vec![(Disputed, -120), (Provider, 120)],
        ),
        (
            stake(120, 0),
            stake(0, 120),
            vec![(Disputed, -120), (Chargebacks, 120)],
        ),
        (
            stake(0, 0),
            stake(0, 120),
            vec![(Chargebacks, 120), (Provider, -120)],
        ),
        (
            stake(120, 0),
            stake(0, 20),
            vec![(Disputed, -120), (Chargebacks, 20), (Provider, 100)],
        ),
    ] {
        let posting = Posting::dispute(payment, Currency::EUR, (from, to)).unwrap();
        let lines = posting.unwrap().lines().to_vec();
        let lines: Vec<_> = lines.iter().map(|it| (it.account, it.amount)).collect();
        assert_eq!(lines, expected);
    }
    let still = Posting::dispute(payment, Currency::EUR, (stake(5, 0), stake(5, 0)));
    assert_eq!(still, Ok(None));
    let failed = Posting::refund_failed(payment, eur(120), 0).unwrap();
    let lines: Vec<_> = failed
        .lines()
        .iter()
        .map(|it| (it.account, it.amount))
        .collect();
    assert_eq!(lines, [(Provider, 120), (Payable, -120)]);
}

/// The table of the ledger's documentation, act by act.
#[test]
fn each_act_debits_and_credits_its_accounts() {
    use LedgerAccount::{Clearing, Provider, Receivable, Revenue, Vat};
    let payment = PaymentId::from_bits(1);
    let capture = |applied| Posting::capture(payment, eur(120), applied).unwrap();
    let refund = Posting::surplus_refund(payment, eur(120), true).unwrap();
    let sale = [(Receivable, 120), (Revenue, -100), (Vat, -20)];
    let waiting = [(Clearing, 120), (Receivable, -120)];
    for (posting, expected) in [
        (capture(false), vec![(Provider, 120), (Clearing, -120)]),
        (capture(true), vec![(Provider, 120), (Receivable, -120)]),
        (invoice_posting(100, false), sale.to_vec()),
        (invoice_posting(100, true), [&sale[..], &waiting].concat()),
        (refund, vec![(Clearing, 120), (Provider, -120)]),
        // 20 % of 2 cents are nothing, and nothing is not booked.
        (
            invoice_posting(2, false),
            vec![(Receivable, 2), (Revenue, -2)],
        ),
    ] {
        let expected: Vec<LedgerLine> = expected
            .into_iter()
            .map(|(account, amount)| LedgerLine { account, amount })
            .collect();
        assert_eq!(posting.lines(), expected);
    }
}

#[test]
fn an_amount_without_an_opposite_is_not_booked() {
    let overflow = Err(PostingError::Arithmetic(ArithmeticError::Overflow));
    let payment = PaymentId::from_bits(1);
    assert_eq!(Posting::capture(payment, eur(i64::MIN), false), overflow);
    assert_eq!(
        Posting::surplus_refund(payment, eur(i64::MIN), true),
        overflow
    );
}

#[test]
fn after_a_paid_invoice_nothing_is_left_in_clearing_or_receivable() {
    let capture = Posting::capture(PaymentId::from_bits(1), eur(12_000), false).unwrap();
    let (_, entries) = book(vec![capture, invoice_posting(10_000, true)]);
    let left: Vec<_> = balances(&entries)
        .into_iter()
        .filter(|(_, amount)| *amount != 0)
        .collect();
    assert_eq!(
        left,
        [
            (LedgerAccount::Revenue, -10_000),
            (LedgerAccount::Vat, -2_000),
            (LedgerAccount::Provider, 12_000)
        ]
    );
}

#[test]
fn a_late_capture_of_an_open_invoice_clears_the_receivable() {
    let capture = Posting::capture(PaymentId::from_bits(1), eur(12_000), true).unwrap();
    let (_, entries) = book(vec![invoice_posting(10_000, false), capture]);
    let balances = balances(&entries);
    assert_eq!(balances.get(&LedgerAccount::Receivable), Some(&0));
    assert_eq!(balances.get(&LedgerAccount::Clearing), None);
}

#[test]
fn a_refunded_surplus_leaves_no_trace_in_the_balances() {
    let payment = PaymentId::from_bits(1);
    let (_, entries) = book(vec![
        Posting::capture(payment, eur(500), false).unwrap(),
        Posting::surplus_refund(payment, eur(500), true).unwrap(),
    ]);
    assert!(balances(&entries).values().all(|amount| *amount == 0));
}

#[test]
fn any_change_of_an_entry_is_found() {
    let (head, entries) = book(vec![
        invoice_posting(100, false),
        invoice_posting(200, true),
        invoice_posting(300, false),
    ]);
    assert_eq!(verify(&entries, &head), Ok(()));
    let tamper: [fn(&mut LedgerEntry); 7] = [
        |entry| {
            entry.cause = Cause::Invoice {
                invoice: InvoiceId::from_bits(2),
            }
        },
        |entry| entry.lines[0].amount += 1,
        |entry| entry.lines[0].account = LedgerAccount::Provider,
        |entry| entry.at = "2026-05-04T03:02:02Z".parse().unwrap(),
        |entry| entry.event = EventId::from_bits(99),
        |entry| entry.currency = Currency::parse("USD").unwrap(),
        |entry| entry.account = AccountId::from_bits(6),
    ];
    for (change, tamper) in tamper.into_iter().enumerate() {
        let mut changed = entries.clone();
        tamper(&mut changed[1]);
        assert_eq!(
            verify(&changed, &head),
            Err(ChainError::Changed(2)),
            "change {change}"
        );
    }
    let mut missing = entries.clone();
    missing.remove(1);
    assert_eq!(verify(&missing, &head), Err(ChainError::Broken(3)));
    assert_eq!(verify(&entries[..2], &head), Err(ChainError::Broken(3)));
}

/// Who changes an entry and its hash as well does not escape: the entries
/// around it say otherwise.
#[test]
fn a_change_that_hides_itself_is_found_all_the_same() {
    let (head, entries) = book(vec![
        invoice_posting(100, false),
        invoice_posting(200, true),
        invoice_posting(300, false),
    ]);
    let forged = |place: usize, forge: fn(&mut LedgerEntry)| {
        let mut entries = entries.clone();
        forge(&mut entries[place]);
        entries[place].hash = entries[place].digest();
        verify(&entries, &head)
    };
    let other_hash = |entry: &mut LedgerEntry| entry.previous = "1".repeat(64);
    assert_eq!(
        forged(0, |entry| entry.sequence = 2),
        Err(ChainError::Broken(2))
    );
    assert_eq!(
        forged(1, |entry| entry.sequence = 7),
        Err(ChainError::Broken(7))
    );
    assert_eq!(forged(1, other_hash), Err(ChainError::Broken(2)));
    assert_eq!(
        forged(1, |entry| entry.lines.clear()),
        Err(ChainError::Broken(3))
    );
    assert_eq!(
        forged(2, |entry| entry.lines.clear()),
        Err(ChainError::Broken(3))
    );
    let unbalanced = forged(1, |entry| entry.lines[0].amount += 1);
    assert_eq!(unbalanced, Err(ChainError::Unbalanced(2)));
    let empty = LedgerHead::empty(head.account);
    assert_eq!(verify(&[], &empty), Ok(()));
    assert_eq!(verify(&[], &head), Err(ChainError::Broken(3)));
}

#[test]
fn a_number_is_never_dated_before_the_one_before_it() {
    let day = |text: &str| text.parse().unwrap();
    let (counter, first) = SeriesCounter::start(Series::Invoice, day("2026-01-01"))
        .take(day("2026-01-05"))
        .unwrap();
    assert_eq!(first.to_string(), "F2026-000001");
    assert!(counter.take(day("2026-01-04")).is_err());
    let (_, second) = counter.take(day("2026-01-05")).unwrap();
    assert_eq!(second.to_string(), "F2026-000002");
}

#[test]
fn the_year_of_a_number_is_the_year_in_paris() {
    assert_eq!(
        issue_date("2026-12-31T22:59:59Z".parse().unwrap()).year(),
        2026
    );
    assert_eq!(
        issue_date("2026-12-31T23:00:00Z".parse().unwrap()).year(),
        2027
    );
}

proptest! {
    /// Every posting sums to zero, for every amount there is.
    #[test]
    fn every_posting_balances(net in 0_i64..1_000_000_000_000, paid: bool, rate in 0_u32..=3_000) {
        let taxes = tax_by_rate(&[(net, rate)]).unwrap();
        let total = net + taxes.iter().map(|rate| rate.tax).sum::<i64>();
        let posting = Posting::invoice(InvoiceId::from_bits(1), eur(net), &taxes, eur(total), paid).unwrap();
        prop_assert_eq!(posting.lines().iter().map(|line| i128::from(line.amount)).sum::<i128>(), 0);
        let wrong = Posting::invoice(InvoiceId::from_bits(1), eur(net), &taxes, eur(total + 1), paid);
        prop_assert!(wrong.is_err());
    }
}

/// A surplus goes back in parts, and counts until the last of them: who paid
/// beside it has paid, who did not has not.
#[test]
fn a_surplus_given_back_in_parts_is_one_capture_less() {
    let payment = PaymentId::from_bits(1);
    let capture = || Posting::capture(payment, eur(120), false).unwrap();
    let back = |amount, is_last| Posting::surplus_refund(payment, eur(amount), is_last).unwrap();
    let end = |postings: Vec<Posting>| {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let first = LedgerHead::empty(AccountId::from_bits(1));
        let mut postings = postings.into_iter();
        postings.try_fold(first, |head, posting| {
            Some(head.append(posting, EventId::from_bits(1), at).0)
        })
    };
    let bought = vec![capture(), capture(), back(50, false), back(70, true)];
    assert!(end(bought).unwrap().has_paid());
    let nothing = vec![capture(), back(50, false), back(70, true)];
    assert!(!end(nothing).unwrap().has_paid());
    assert!(end(vec![capture(), back(50, false)]).unwrap().has_paid());
}
