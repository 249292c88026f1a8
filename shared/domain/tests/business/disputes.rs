//! What banks do to captured money: disputes, and refunds they return; and
//! refunds that were made by hand.

use crate::refunds::{asked, paid, taxed};
use crate::samples::{dollar, eur, later, now};
use domain::dispute::{DisputeNews, DisputeStatus, Disputed, Disputing, ProviderDispute, Stake};
use domain::id::{Id as _, InvoiceId, RefundId, UserId};
use domain::money::Money;
use domain::payment::Payment;
use domain::refund::{HandMade, RefundReason, RefundRefusal, RefundRequest, RefundStatus};

fn told(status: DisputeStatus, withdrawn: i64) -> ProviderDispute {
    ProviderDispute {
        id: "du_1".to_owned(),
        amount: eur(12_000),
        reason: "fraudulent".to_owned(),
        status,
        opened_at: now(),
        evidence_due: Some(later(60)),
        withdrawn,
    }
}

fn changed(payment: &Payment, seen: &ProviderDispute) -> Disputed {
    match payment.clone().disputed(seen, later(5)) {
        Disputing::Changed(disputed) => *disputed,
        other @ (Disputing::Nothing | Disputing::Mismatch) => panic!("{other:?}"),
    }
}

fn bought() -> (domain::invoice::Invoice, Payment) {
    let invoice = taxed(&[10_000], 2_000);
    let payment = paid(&invoice);
    (invoice, payment)
}

fn by_hand(amount: i64) -> HandMade {
    HandMade {
        id: RefundId::from_bits(9),
        credit_note: InvoiceId::from_bits(109),
        amount: eur(amount),
        reason: RefundReason::at_provider(None),
        provider_refund: "re_9".to_owned(),
    }
}

#[test]
fn each_word_of_the_provider_says_what_is_new_and_where_the_money_is() {
    let (_, payment) = bought();
    let stake = |disputed, lost| Stake {
        disputed,
        lost,
        settled: 0,
    };
    let opened = changed(&payment, &told(DisputeStatus::NeedsResponse, 12_000));
    assert_eq!(opened.news, DisputeNews::Opened);
    assert_eq!(opened.stake, (stake(0, 0), stake(12_000, 0)));
    assert!(opened.payment.is_on_hold());
    let weighed = changed(&opened.payment, &told(DisputeStatus::UnderReview, 12_000));
    assert_eq!(weighed.news, DisputeNews::Changed);
    assert_eq!(weighed.stake, (stake(12_000, 0), stake(12_000, 0)));
    let lost = changed(&weighed.payment, &told(DisputeStatus::Lost, 12_000));
    assert_eq!(lost.news, DisputeNews::Closed);
    assert_eq!(lost.stake, (stake(12_000, 0), stake(0, 12_000)));
    assert_eq!(lost.payment.charged_back(), 12_000);
    assert_eq!(lost.payment.disputes[0].closed_at, Some(later(5)));
    let again = lost
        .payment
        .clone()
        .disputed(&told(DisputeStatus::Lost, 12_000), later(9));
    assert!(matches!(again, Disputing::Nothing));
    // Seen only when it was over: all at once.
    let late = changed(&payment, &told(DisputeStatus::Won, 0));
    assert_eq!(
        (late.news, late.stake),
        (DisputeNews::Closed, (stake(0, 0), stake(0, 0)))
    );
}

#[test]
fn what_cannot_be_a_dispute_of_it_is_none() {
    let (_, payment) = bought();
    let seen = told(DisputeStatus::NeedsResponse, 12_000);
    for wrong in [
        ProviderDispute {
            amount: eur(12_001),
            ..seen.clone()
        },
        ProviderDispute {
            amount: eur(0),
            withdrawn: 0,
            ..seen.clone()
        },
        ProviderDispute {
            amount: Money::new(12_000, dollar()),
            ..seen.clone()
        },
        ProviderDispute {
            withdrawn: -1,
            ..seen.clone()
        },
        ProviderDispute {
            withdrawn: 12_001,
            ..seen
        },
    ] {
        let disputed = payment.clone().disputed(&wrong, later(5));
        assert!(matches!(disputed, Disputing::Mismatch), "{wrong:?}");
    }
}

#[test]
fn only_an_open_chargeback_holds_the_payment() {
    let (invoice, payment) = bought();
    for (status, withdrawn, holds) in [
        (DisputeStatus::Inquiry, 0, false),
        (DisputeStatus::InquiryUnderReview, 0, false),
        (DisputeStatus::InquiryClosed, 0, false),
        (DisputeStatus::NeedsResponse, 12_000, true),
        (DisputeStatus::UnderReview, 12_000, true),
        (DisputeStatus::Won, 0, false),
        (DisputeStatus::Prevented, 0, false),
    ] {
        let payment = changed(&payment, &told(status, withdrawn)).payment;
        let refunded = payment
            .clone()
            .request_refund(asked(1, eur(100)), &invoice, now());
        let expected = holds.then_some(RefundRefusal::Disputed);
        assert_eq!(refunded.err(), expected, "{status:?}");
        let left = if holds { 0 } else { 12_000 };
        assert_eq!(payment.refundable(), eur(left), "{status:?}");
    }
}

#[test]
fn of_what_a_bank_left_no_more_is_given_back() {
    let (invoice, payment) = bought();
    let seen = ProviderDispute {
        amount: eur(5_000),
        ..told(DisputeStatus::Lost, 5_000)
    };
    let payment = changed(&payment, &seen).payment;
    assert_eq!(payment.refundable(), eur(7_000));
    let more = payment
        .clone()
        .request_refund(asked(1, eur(7_001)), &invoice, now());
    assert_eq!(more.err(), Some(RefundRefusal::Amount(7_000)));
    let rest = payment
        .request_refund(asked(1, eur(7_000)), &invoice, now())
        .unwrap();
    let none = rest.request_refund(asked(2, eur(1)), &invoice, now());
    assert_eq!(none.err(), Some(RefundRefusal::NothingLeft));
}

/// Two wait for a second person; the bank leaves enough for the first.
#[test]
fn a_lost_dispute_refuses_what_it_leaves_too_little_for() {
    let (invoice, payment) = bought();
    let large = |id, cents| RefundRequest {
        needs_approval: true,
        ..asked(id, eur(cents))
    };
    let payment = payment
        .request_refund(large(1, 4_000), &invoice, now())
        .unwrap();
    let payment = payment
        .request_refund(large(2, 4_000), &invoice, now())
        .unwrap();
    let seen = ProviderDispute {
        amount: eur(6_000),
        ..told(DisputeStatus::Lost, 6_000)
    };
    let disputed = changed(&payment, &seen);
    assert_eq!(disputed.refused, [RefundId::from_bits(2)]);
    let states: Vec<_> = disputed
        .payment
        .refunds
        .iter()
        .map(|it| it.status.name())
        .collect();
    assert_eq!(states, ["awaiting_approval", "refused"]);
}

#[test]
fn a_pending_refund_waits_for_the_bank_and_is_looked_at_after_it() {
    let (invoice, payment) = bought();
    let payment = payment
        .request_refund(asked(1, eur(12_000)), &invoice, now())
        .unwrap();
    let held = changed(&payment, &told(DisputeStatus::NeedsResponse, 12_000)).payment;
    assert!(held.open_refund().is_some() && held.check_at.is_some());
    assert!(!held.is_overdrawn());
    let lost = changed(&held, &told(DisputeStatus::Lost, 12_000)).payment;
    assert!(lost.is_overdrawn() && lost.check_at.is_some());
}

#[test]
fn nobody_agrees_while_a_bank_decides_but_anybody_may_say_no() {
    let (invoice, payment) = bought();
    let large = RefundRequest {
        needs_approval: true,
        ..asked(1, eur(4_000))
    };
    let payment = payment.request_refund(large, &invoice, now()).unwrap();
    let held = changed(&payment, &told(DisputeStatus::NeedsResponse, 12_000)).payment;
    let (id, other) = (RefundId::from_bits(1), UserId::from_bits(2));
    let agreed = held.clone().decide_refund(id, other, true, now());
    assert_eq!(agreed.err(), Some(RefundRefusal::Disputed));
    assert!(held.decide_refund(id, other, false, now()).is_ok());
}

#[test]
fn what_a_bank_returned_stays_given_back_and_only_once() {
    let (invoice, payment) = bought();
    let payment = payment
        .request_refund(asked(1, eur(12_000)), &invoice, now())
        .unwrap();
    let id = RefundId::from_bits(1);
    let too_early = payment
        .clone()
        .refund_failed(id, "lost".to_owned(), later(9));
    assert_eq!(too_early, None);
    let made = payment
        .refund_made(id, "re_1".to_owned(), later(3))
        .unwrap();
    let (failed, settled) = made.refund_failed(id, "lost".to_owned(), later(9)).unwrap();
    assert_eq!((settled, failed.owed()), (0, 12_000));
    assert_eq!(
        failed.refunds[0].status,
        RefundStatus::Failed {
            at: later(9),
            made_at: later(3),
            provider_refund: "re_1".to_owned(),
            code: "lost".to_owned(),
        }
    );
    assert!(failed.is_refunded() && failed.refund_at_provider("re_1").is_some());
    assert_eq!(failed.refundable(), eur(0));
    assert_eq!(failed.refund_failed(id, "lost".to_owned(), later(9)), None);
}

#[test]
fn a_refund_by_hand_is_adopted_once_nothing_of_ours_is_under_way() {
    let (invoice, payment) = bought();
    let (adopted, refused) = payment
        .clone()
        .adopt_refund(by_hand(6_000), &invoice, later(4))
        .unwrap();
    let refund = &adopted.refunds[0];
    assert_eq!(
        (refund.requested_by, refund.nets.as_slice(), refund.tax),
        (None, &[5_000][..], 1_000)
    );
    assert_eq!(
        (refund.status.name(), refund.reason),
        ("made", RefundReason::RequestedByCustomer)
    );
    assert_eq!((refused.len(), adopted.refundable()), (0, eur(6_000)));
    let more = adopted.adopt_refund(by_hand(6_001), &invoice, later(4));
    assert_eq!(more.err(), Some(RefundRefusal::Amount(6_000)));
    let asked = payment
        .request_refund(asked(1, eur(1)), &invoice, now())
        .unwrap();
    let early = asked.adopt_refund(by_hand(1), &invoice, later(4));
    assert_eq!(early.err(), Some(RefundRefusal::UnderWay));
}

#[test]
fn the_providers_reasons_are_ours() {
    for (told, reason) in [
        (Some("duplicate"), RefundReason::Duplicate),
        (Some("fraudulent"), RefundReason::Fraudulent),
        (
            Some("requested_by_customer"),
            RefundReason::RequestedByCustomer,
        ),
        (Some("a_new_one"), RefundReason::RequestedByCustomer),
        (None, RefundReason::RequestedByCustomer),
    ] {
        assert_eq!(RefundReason::at_provider(told), reason);
    }
}
