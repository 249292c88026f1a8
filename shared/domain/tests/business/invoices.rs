//! Invoices: from the draft to the number, and what is still due.

use crate::samples::{captured, dollar, draft, eur, french_vat, invoice_line, later, line, order};
use domain::invoice::{
    DateGoesBack, Invoice, InvoiceNumber, InvoiceRefusal, InvoiceStatus, InvoiceTotals, Series,
    SeriesCounter, mentions,
};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::rounding::ArithmeticError;
use domain::vat::{TaxDecision, TaxReason};
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;

const NUMBER: InvoiceNumber = InvoiceNumber {
    series: Series::Invoice,
    year: 2026,
    sequence: 12,
};

fn with(status: InvoiceStatus) -> Invoice {
    Invoice { status, ..draft() }
}

fn ready(paid: bool) -> Invoice {
    let paid_at = paid.then(|| later(5));
    with(InvoiceStatus::Ready { paid_at })
}

fn open() -> Invoice {
    with(InvoiceStatus::Open {
        number: NUMBER,
        issued_at: later(6),
    })
}

fn paid() -> Invoice {
    with(InvoiceStatus::Paid {
        number: NUMBER,
        issued_at: later(6),
        paid_at: later(5),
    })
}

#[test]
fn a_draft_whose_payment_is_captured_is_numbered_as_paid() {
    let ready = draft().pay(&captured(later(5), None)).unwrap();
    let paid_at = Some(later(5));
    assert_eq!(ready.status, InvoiceStatus::Ready { paid_at });
    assert_eq!(ready.finalise_at, Some(later(6)), "a timer numbers it");
    let numbered = ready.finalise(NUMBER, later(6)).unwrap();
    assert_eq!(numbered.status, paid().status);
    assert_eq!(numbered.finalise_at, None, "nothing is left to do");
}

#[test]
fn a_draft_whose_payment_is_declined_is_numbered_first_and_paid_later() {
    let ready = draft().decline(later(5));
    assert_eq!(ready.status, InvoiceStatus::Ready { paid_at: None });
    assert_eq!(ready.finalise_at, Some(later(6)));
    let numbered = ready.finalise(NUMBER, later(6)).unwrap();
    assert_eq!(numbered.status, open().status);
    let proof = captured(later(9), None);
    let settled = numbered.pay(&proof).unwrap();
    let expected = InvoiceStatus::Paid {
        number: NUMBER,
        issued_at: later(6),
        paid_at: later(9),
    };
    assert_eq!(settled.status, expected, "number and date stay");
    assert_eq!(settled.finalise_at, None);
}

#[test]
fn a_capture_before_the_number_is_given_makes_the_invoice_paid() {
    let declined = draft().decline(later(1));
    let captured = declined.pay(&captured(later(5), None)).unwrap();
    assert_eq!(captured.status, ready(true).status);
    assert_eq!(captured.finalise_at, Some(later(6)));
}

#[test]
fn an_invoice_is_paid_once() {
    for (invoice, state) in [(ready(true), "draft"), (paid(), "paid")] {
        let refusal = invoice.pay(&captured(later(9), None)).unwrap_err();
        let action = "paid";
        assert_eq!(refusal, InvoiceRefusal { action, state });
    }
}

#[test]
fn only_the_first_decline_asks_for_a_number() {
    for invoice in [ready(false), ready(true), open(), paid()] {
        let declined = invoice.clone().decline(later(9));
        assert_eq!(declined.status, invoice.status);
        assert_eq!(declined.finalise_at, invoice.finalise_at);
    }
}

#[test]
fn a_number_is_given_once_and_only_when_the_outcome_is_known() {
    for (invoice, state) in [(draft(), "draft"), (open(), "open"), (paid(), "paid")] {
        let refusal = invoice.finalise(NUMBER, later(9)).unwrap_err();
        let action = "finalised";
        assert_eq!(refusal, InvoiceRefusal { action, state });
    }
}

#[test]
fn an_invoice_for_nothing_gets_no_number() {
    let empty = Invoice {
        lines: Vec::new(),
        ..ready(true)
    };
    let refusal = empty.finalise(NUMBER, later(9)).unwrap_err();
    let expected = InvoiceRefusal {
        action: "finalised without lines",
        state: "draft",
    };
    assert_eq!(refusal, expected);
}

/// What each state says: its name, whether it waits for a number and since
/// when it is paid, its number, and whether something is due.
#[test]
fn each_state_says_what_is_known_and_what_is_due() {
    let (due, issued) = (eur(5_988), Some((NUMBER, later(6))));
    for (invoice, name, waits, issued, amount_due) in [
        (draft(), "draft", None, None, due),
        (ready(false), "draft", Some(None), None, due),
        (ready(true), "draft", Some(Some(later(5))), None, eur(0)),
        (open(), "open", None, issued, due),
        (paid(), "paid", None, issued, eur(0)),
    ] {
        assert_eq!(invoice.status.name(), name);
        assert_eq!(invoice.ready_paid_at(), waits, "{:?}", invoice.status);
        assert_eq!(invoice.is_ready(), waits.is_some());
        assert_eq!(invoice.issued(), issued, "{:?}", invoice.status);
        assert_eq!(invoice.amount_due(), amount_due, "{:?}", invoice.status);
    }
}

#[test]
fn an_invoice_has_one_currency() {
    let mixed = InvoiceTotals::of(&[invoice_line(1, 0)], &french_vat(), dollar());
    assert_eq!(mixed, Err(ArithmeticError::CurrencyMismatch));
}

#[test]
fn an_invoice_shows_discount_net_and_vat() {
    let lines = [invoice_line(9_000, 1_000), invoice_line(3, 0)];
    let totals = InvoiceTotals::of(&lines, &french_vat(), Currency::EUR).unwrap();
    assert_eq!(
        (totals.subtotal, totals.discount, totals.net, totals.total),
        (eur(10_003), eur(1_000), eur(9_003), eur(10_804))
    );
    let [vat] = totals.taxes[..] else {
        panic!("{:?}", totals.taxes);
    };
    assert_eq!((vat.rate, vat.base, vat.tax), (2_000, 9_003, 1_801));
}

/// C. com. L441-10 and D441-5: the penalty and the indemnity of 40 € stand on
/// every invoice to a professional.
#[test]
fn the_mentions_of_the_law_are_there_in_both_languages() {
    let texts = |locale, paid| mentions(locale, paid).join("\n");
    for (locale, penalty, indemnity) in [
        (Locale::Fr, "Pénalités de retard", "40 €"),
        (Locale::En, "Late payment penalty", "EUR 40"),
    ] {
        for paid in [false, true] {
            let text = texts(locale, paid);
            assert!(text.contains(penalty) && text.contains(indemnity), "{text}");
        }
    }
    assert!(texts(Locale::Fr, true).ends_with("Facture acquittée."));
    assert!(texts(Locale::Fr, false).ends_with("Payable à réception."));
    assert!(texts(Locale::En, true).ends_with("Paid."));
    assert!(texts(Locale::En, false).ends_with("Payable on receipt."));
}

#[test]
fn a_new_year_begins_a_series_at_one() {
    let counter = SeriesCounter::start(Series::Invoice, date(2027, 1, 1));
    let expected = SeriesCounter {
        series: Series::Invoice,
        year: 2027,
        last: 0,
        last_date: date(2027, 1, 1),
        cross_border: 0,
    };
    assert_eq!(counter, expected);
}

#[test]
fn a_number_is_refused_for_a_day_before_the_last_one() {
    let counter = SeriesCounter {
        series: Series::Invoice,
        year: 2026,
        last: 41,
        last_date: date(2026, 3, 5),
        cross_border: 700,
    };
    let refused = counter.take(date(2026, 3, 4));
    assert_eq!(refused, Err(DateGoesBack(date(2026, 3, 5))));
    let (after, number) = counter.take(date(2026, 3, 6)).unwrap();
    assert_eq!(number.to_string(), "F2026-000042");
    assert_eq!((after.last, after.last_date), (42, date(2026, 3, 6)));
    assert_eq!(after.cross_border, 700);
    assert_eq!(after.sold(300).cross_border, 1_000);
}

#[test]
fn only_sales_to_consumers_elsewhere_in_the_union_count_towards_the_threshold() {
    let sold = |reason| {
        let invoice = draft();
        let tax = TaxDecision {
            reason,
            ..invoice.tax
        };
        Invoice { tax, ..invoice }.cross_border()
    };
    let net = draft().totals.net.amount();
    assert!(net > 0);
    assert_eq!(sold(TaxReason::ConsumerInUnion), net);
    assert_eq!(sold(TaxReason::BelowThreshold), net);
    for elsewhere in [
        TaxReason::FrenchVat,
        TaxReason::FrenchVatOverseas,
        TaxReason::OutsideUnion,
        TaxReason::BusinessInUnion,
    ] {
        assert_eq!(sold(elsewhere), 0, "{elsewhere:?}");
    }
}

proptest! {
    /// An order is invoiced at exactly what the customer paid for it.
    #[test]
    fn an_invoice_of_an_order_has_its_totals(lines in vec((0_i64..10_000_000, 0_i64..1_000), 0..20)) {
        let ordered = order(lines.iter().map(|(net, discount)| line(*net, *discount)).collect());
        let lines: Vec<_> = lines.iter().map(|(net, discount)| invoice_line(*net, *discount)).collect();
        let totals = InvoiceTotals::of(&lines, &ordered.tax, Currency::EUR).unwrap();
        prop_assert_eq!(totals.total, ordered.totals.total);
        prop_assert_eq!((totals.subtotal, totals.discount), (ordered.totals.subtotal, ordered.totals.discount));
        let vat: i64 = totals.taxes.iter().map(|rate| rate.tax).sum();
        prop_assert_eq!(Money::new(vat, Currency::EUR), ordered.totals.tax);
    }

    #[test]
    fn numbers_have_no_gap_and_dates_never_go_back(days in vec(0_u32..3, 1..50)) {
        let mut day = date(2026, 1, 1);
        let mut counter = SeriesCounter::start(Series::Invoice, day);
        for (sequence, ahead) in (1_u64..).zip(days) {
            day = day.checked_add(jiff::Span::new().days(ahead)).unwrap();
            let (next, number) = counter.take(day).unwrap();
            prop_assert_eq!(number, InvoiceNumber { series: Series::Invoice, year: 2026, sequence });
            prop_assert!(next.take(day.yesterday().unwrap()).is_err());
            counter = next;
        }
    }
}
