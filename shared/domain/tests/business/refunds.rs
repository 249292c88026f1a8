//! Refunds: what they take back of an invoice, who decides, and that together
//! they never exceed the capture.

use crate::samples::{
    captured, dollar, eur, french_vat, invoice_line, later, now, open, page, payment, seen,
};
use domain::id::{Id as _, InvoiceId, RefundId, UserId};
use domain::invoice::{Invoice, InvoiceNumber, InvoiceStatus, InvoiceTotals, Series};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::payment::{Payment, PaymentStatus, ProviderOutcome, ProviderPayment, Settlement};
use domain::refund::{RefundReason, RefundRefusal, RefundRequest, RefundStatus};
use domain::text::Line;
use domain::vat::{TaxDecision, vat_on};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn taxed(nets: &[i64], rate: u32) -> Invoice {
    let lines: Vec<_> = nets.iter().map(|net| invoice_line(*net, 0)).collect();
    let tax = TaxDecision {
        rate_basis_points: rate,
        ..french_vat()
    };
    let totals = InvoiceTotals::of(&lines, &tax, Currency::EUR).unwrap();
    let draft = Invoice {
        lines,
        tax,
        totals,
        ..crate::samples::draft()
    };
    let number = InvoiceNumber {
        series: Series::Invoice,
        year: 2026,
        sequence: 1,
    };
    let paid = draft.pay(&captured(later(1), None)).unwrap();
    paid.finalise(number, later(2)).unwrap()
}

pub(crate) fn paid(invoice: &Invoice) -> Payment {
    Payment {
        amount: invoice.totals.total,
        status: PaymentStatus::Paid {
            at: later(1),
            provider_payment: "pi_1".to_owned(),
        },
        ..payment()
    }
}

pub(crate) fn asked(id: u128, amount: Money) -> RefundRequest {
    RefundRequest {
        id: RefundId::from_bits(id),
        credit_note: InvoiceId::from_bits(100 + id),
        amount,
        reason: RefundReason::BillingError,
        comment: Some(Line::parse("Ten seats too many").unwrap()),
        by: UserId::from_bits(1),
        needs_approval: false,
    }
}

fn made(payment: Payment, id: u128) -> Payment {
    let id = RefundId::from_bits(id);
    payment
        .refund_made(id, format!("re_{id}"), later(9))
        .unwrap()
}

#[test]
fn a_part_is_split_over_the_lines_and_its_credit_note_says_so() {
    let invoice = taxed(&[9_980, 4_990], 2_000);
    let asked = asked(1, eur(6_000));
    let payment = paid(&invoice)
        .request_refund(asked, &invoice, now())
        .unwrap();
    assert_eq!(payment.check_at, Some(later(1)));
    let refund = payment.refunds[0].clone();
    assert_eq!(
        (refund.nets.as_slice(), refund.tax),
        (&[3_333, 1_667][..], 1_000)
    );
    let note = invoice.credit_note(&refund, later(3)).unwrap();
    assert_eq!(
        (note.series(), note.id),
        (Series::CreditNote, InvoiceId::from_bits(101))
    );
    assert_eq!(note.totals.total, eur(6_000));
    assert_eq!(
        (note.totals.net, note.totals.taxes[0].tax),
        (eur(5_000), 1_000)
    );
    assert_eq!(note.created_at, later(3));
    assert_eq!(note.ready_paid_at(), Some(Some(later(3))));
    for (line, (of, net)) in note
        .lines
        .iter()
        .zip(invoice.lines.iter().zip([3_333, 1_667]))
    {
        assert_eq!((line.subtotal, line.discount), (eur(net), eur(0)));
        assert_eq!((line.total, line.unit_price), (eur(net), None));
        assert_eq!((&line.name, line.period_start), (&of.name, of.period_start));
    }
    let correction = note.correction.clone().unwrap();
    assert_eq!(
        Some((correction.number, correction.issued_at)),
        invoice.issued()
    );
    assert_eq!(note.cross_border(), 0);
    let posting = note.posting().unwrap();
    let amounts: Vec<i64> = posting.lines().iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [5_000, 1_000, -6_000]);
    let number = InvoiceNumber {
        series: Series::CreditNote,
        year: 2026,
        sequence: 1,
    };
    let note = note.finalise(number, later(4)).unwrap();
    assert_eq!(note.issued().unwrap().0.to_string(), "A2026-000001");
    assert_eq!(note.amount_due(), eur(0));
    let InvoiceStatus::Paid { .. } = note.status else {
        panic!("{:?}", note.status);
    };
    let payment = made(payment, 1);
    assert_eq!((payment.check_at, payment.state_name()), (None, "paid"));
    assert_eq!(payment.refundable(), eur(11_964));
}

#[test]
fn the_last_part_takes_what_is_left_of_every_line_and_of_the_vat() {
    let invoice = taxed(&[9_980, 4_990], 2_000);
    let first = asked(1, eur(6_001));
    let payment = paid(&invoice)
        .request_refund(first, &invoice, now())
        .unwrap();
    let rest = asked(2, eur(17_964 - 6_001));
    let payment = payment.request_refund(rest, &invoice, now()).unwrap();
    let sum = |line: usize| payment.refunds.iter().map(|it| it.nets[line]).sum::<i64>();
    assert_eq!((sum(0), sum(1)), (9_980, 4_990));
    assert_eq!(payment.refunds.iter().map(|it| it.tax).sum::<i64>(), 2_994);
    let payment = made(made(payment, 1), 2);
    assert_eq!(
        (payment.state_name(), payment.refundable()),
        ("refunded", eur(0))
    );
    let more = payment.request_refund(asked(3, eur(1)), &invoice, now());
    assert_eq!(more, Err(RefundRefusal::NothingLeft));
}

#[test]
fn what_cost_nothing_was_not_given_back() {
    let free = Payment {
        amount: eur(0),
        ..paid(&taxed(&[10_000], 2_000))
    };
    assert_eq!((free.is_refunded(), free.state_name()), (false, "paid"));
}

#[test]
fn each_reason_has_a_name_and_a_text_of_its_own() {
    let all = RefundReason::ALL;
    for (place, reason) in all.iter().enumerate() {
        assert_eq!(serde_json::json!(reason), reason.name());
        for other in &all[place + 1..] {
            assert_ne!(reason.name(), other.name());
            for locale in [Locale::Fr, Locale::En] {
                assert_ne!(reason.text(locale), other.text(locale));
            }
        }
        assert_ne!(reason.text(Locale::Fr), reason.text(Locale::En));
    }
}

#[test]
fn what_no_base_gives_is_within_a_cent_of_the_rate() {
    let invoice = taxed(&[10_000], 2_000);
    let asked = asked(1, eur(3));
    let payment = paid(&invoice)
        .request_refund(asked, &invoice, now())
        .unwrap();
    assert_eq!((payment.refunds[0].nets[0], payment.refunds[0].tax), (3, 0));
}

#[test]
fn only_what_was_captured_and_has_a_number_is_given_back() {
    let invoice = taxed(&[10_000], 2_000);
    let refuse = |payment: Payment, invoice: &Invoice, amount: Money| {
        payment
            .request_refund(asked(1, amount), invoice, now())
            .unwrap_err()
    };
    let pending = Payment {
        amount: invoice.totals.total,
        ..payment()
    };
    assert_eq!(
        refuse(pending, &invoice, eur(1)),
        RefundRefusal::NotPaid("pending")
    );
    let ready = crate::samples::draft()
        .pay(&captured(later(1), None))
        .unwrap();
    assert_eq!(
        refuse(paid(&ready), &ready, eur(1)),
        RefundRefusal::NotNumbered
    );
    assert_eq!(
        refuse(paid(&invoice), &invoice, Money::new(1, dollar())),
        RefundRefusal::Currency
    );
    for amount in [i64::MIN, -1, 0, 12_001, i64::MAX] {
        let refused = refuse(paid(&invoice), &invoice, eur(amount));
        assert_eq!(refused, RefundRefusal::Amount(12_000), "{amount}");
    }
}

#[test]
fn a_large_one_waits_for_a_second_person() {
    let invoice = taxed(&[10_000], 2_000);
    let (id, asker) = (RefundId::from_bits(1), UserId::from_bits(1));
    let waiting = RefundRequest {
        needs_approval: true,
        ..asked(1, eur(12_000))
    };
    let payment = paid(&invoice)
        .request_refund(waiting, &invoice, now())
        .unwrap();
    assert_eq!((payment.open_refund(), payment.check_at), (None, None));
    // Its money is spoken for meanwhile.
    let other = payment
        .clone()
        .request_refund(asked(2, eur(1)), &invoice, now());
    assert_eq!(other, Err(RefundRefusal::NothingLeft));
    let himself = payment.clone().decide_refund(id, asker, true, later(1));
    assert_eq!(himself, Err(RefundRefusal::SamePerson));
    let unknown = payment
        .clone()
        .decide_refund(RefundId::from_bits(9), asker, true, later(1));
    assert_eq!(unknown, Err(RefundRefusal::Unknown));
    let (second, third) = (UserId::from_bits(2), UserId::from_bits(3));
    let is_decided = |payment: &Payment, by, agrees| {
        let refund = payment.refund(id).unwrap();
        refund.is_decided(by, agrees)
    };
    assert!(!is_decided(&payment, second, true));
    let agreed = payment
        .clone()
        .decide_refund(id, second, true, later(1))
        .unwrap();
    let (refund, since) = agreed.open_refund().unwrap();
    assert_eq!((refund.approved_by, since), (Some(second), later(1)));
    assert_eq!(agreed.check_at, Some(later(2)));
    assert!(is_decided(&agreed, second, true) && !is_decided(&agreed, third, true));
    assert!(!is_decided(&agreed, second, false));
    let again = agreed.decide_refund(id, second, true, later(2));
    assert_eq!(again, Err(RefundRefusal::Decided("pending")));
    // Whoever asked may take it back.
    let rejected = payment.decide_refund(id, asker, false, later(1)).unwrap();
    assert_eq!(rejected.refundable(), eur(12_000));
    assert_eq!(rejected.refund(id).unwrap().status.name(), "rejected");
    assert!(is_decided(&rejected, asker, false) && !is_decided(&rejected, third, false));
    assert!(!is_decided(&rejected, asker, true));
}

#[test]
fn what_the_provider_refused_can_be_asked_for_again() {
    let invoice = taxed(&[10_000], 2_000);
    let id = RefundId::from_bits(1);
    let payment = paid(&invoice)
        .request_refund(asked(1, eur(12_000)), &invoice, now())
        .unwrap();
    let code = "charge_disputed".to_owned();
    let refused = payment.refund_refused(id, code.clone(), later(2)).unwrap();
    assert_eq!(
        (refused.check_at, refused.refundable()),
        (None, eur(12_000))
    );
    let status = &refused.refund(id).unwrap().status;
    assert_eq!(*status, RefundStatus::Refused { at: later(2), code });
    assert!(
        refused
            .clone()
            .refund_made(id, "re_1".to_owned(), later(3))
            .is_none()
    );
    let again = refused.request_refund(asked(2, eur(12_000)), &invoice, later(3));
    assert!(made(again.unwrap(), 2).is_refunded());
}

#[test]
fn money_that_comes_a_second_time_after_a_refund_is_a_surplus() {
    let invoice = taxed(&[4_990], 2_000);
    let attempted = open(payment(), page());
    let paid = Payment {
        attempts: attempted.attempts,
        ..paid(&invoice)
    };
    let payment = paid
        .request_refund(asked(1, eur(5_988)), &invoice, now())
        .unwrap();
    let payment = made(payment, 1);
    let again = ProviderPayment {
        id: "pi_2".to_owned(),
        ..seen(1, ProviderOutcome::Captured)
    };
    let settled = payment.settle(&again, Some("cus_1"), false, later(9));
    let Settlement::Surplus(payment) = settled else {
        panic!("{settled:?}");
    };
    assert_eq!(payment.surplus.len(), 1);
}

proptest! {
    #[test]
    fn parts_never_exceed_the_capture_and_empty_it_to_the_cent(
        nets in vec(0_i64..200_000, 1..20),
        rate in prop::sample::select(vec![0_u32, 850, 1_700, 2_000, 2_550, 2_700]),
        parts in vec(1_i64..150_000, 0..12),
    ) {
        let invoice = taxed(&nets, rate);
        let total = invoice.totals.total.amount();
        prop_assume!(total > 0);
        let mut payment = paid(&invoice);
        for (id, part) in (1..).zip(parts) {
            let left = payment.refundable().amount();
            let asked = payment.clone().request_refund(asked(id, eur(part)), &invoice, now());
            if part > left {
                let refusal = match left {
                    0 => RefundRefusal::NothingLeft,
                    left => RefundRefusal::Amount(left),
                };
                prop_assert_eq!(asked, Err(refusal));
                continue;
            }
            payment = asked.unwrap();
            let refund = payment.refunds.last().unwrap();
            let net: i64 = refund.nets.iter().sum();
            prop_assert_eq!(net + refund.tax, part);
            let by_rate = vat_on(net, rate).unwrap();
            if part < left {
                prop_assert!((by_rate - refund.tax).abs() <= 1, "{by_rate} {}", refund.tax);
            }
            let note = invoice.credit_note(refund, now()).unwrap();
            prop_assert_eq!(note.totals.total, eur(part));
            prop_assert!(note.posting().is_ok());
        }
        let left = payment.refundable().amount();
        if left > 0 {
            payment = payment.request_refund(asked(99, eur(left)), &invoice, now()).unwrap();
        }
        for (line, net) in nets.iter().enumerate() {
            let back: i64 = payment.refunds.iter().map(|it| it.nets[line]).sum();
            prop_assert_eq!(back, *net);
        }
        prop_assert!(payment.refunds.iter().flat_map(|it| &it.nets).all(|net| *net >= 0));
        prop_assert!(payment.refunds.iter().all(|it| it.tax >= 0));
    }
}
