//! What the provider's word changes, and what it leaves.

use crate::samples::{
    eur, later, made, now, open, page, payment, renewal, saved, second_try, seen,
};
use domain::id::{AccountId, Id as _, PaymentId};
use domain::payment::{
    Mismatch, Outcome, Payment, PaymentStatus, ProviderOutcome, ProviderPayment, Reference,
    Settlement, Surplus,
};

fn settle(payment: &Payment, seen: &ProviderPayment) -> Settlement {
    payment.clone().settle(seen, Some("cus_1"), true, later(5))
}

fn declined(code: &str) -> ProviderOutcome {
    ProviderOutcome::Declined {
        code: code.to_owned(),
    }
}

#[test]
fn a_page_closes_with_the_last_decline_it_showed() {
    let paged = open(payment(), page()).with_page(1, made(), now());
    let code = |payment: Payment| {
        let closed = payment.page_closed(1, later(60));
        assert_eq!(closed.status, PaymentStatus::Expired { at: later(60) });
        assert_eq!(closed.check_at, None);
        closed.attempts[0].decline_code().map(str::to_owned)
    };
    assert_eq!(code(paged.clone()).as_deref(), Some("session_expired"));
    let Settlement::Noted(noted) = settle(&paged, &seen(1, declined("expired_card"))) else {
        panic!("not noted");
    };
    assert_eq!(code(noted).as_deref(), Some("expired_card"));
}

#[test]
fn each_decline_a_page_showed_is_kept_with_its_time_and_no_more_than_twenty() {
    let mut paged = open(payment(), page()).with_page(1, made(), now());
    let mut shown = Vec::new();
    for (minute, code) in (0..30).map(|minute| (minute, format!("code_{minute}"))) {
        let seen = seen(1, declined(&code));
        let settle = |payment: &Payment| {
            let payment = payment.clone();
            payment.settle(&seen, Some("cus_1"), true, later(minute))
        };
        let Settlement::Noted(noted) = settle(&paged) else {
            panic!("not noted");
        };
        let again = settle(&noted);
        assert!(matches!(again, Settlement::Nothing), "{again:?}");
        shown.push((later(minute), code));
        paged = noted;
    }
    let kept = paged.attempts[0].declines.iter();
    let kept: Vec<_> = kept.map(|it| (it.at, it.code.clone())).collect();
    assert_eq!(kept, shown[10..]);
    assert_eq!(paged.attempts[0].decline_code(), Some("code_29"));
}

#[test]
fn a_page_that_closes_after_the_capture_takes_nothing_back() {
    let paged = open(payment(), page()).with_page(1, made(), now());
    let Settlement::Captured(paid, _) = settle(&paged, &seen(1, ProviderOutcome::Captured)) else {
        panic!("not captured");
    };
    assert_eq!(paid.clone().page_closed(1, later(60)), paid);
}

#[test]
fn what_names_another_payment_or_account_is_put_aside() {
    let ours = seen(1, ProviderOutcome::Captured);
    let account = Reference {
        account: AccountId::from_bits(99),
        ..ours.reference
    };
    let payment = Reference {
        payment: PaymentId::from_bits(99),
        ..ours.reference
    };
    for reference in [account, payment] {
        let theirs = ProviderPayment {
            reference,
            ..ours.clone()
        };
        let settled = settle(&open(self::payment(), page()), &theirs);
        let Settlement::Quarantine(reason) = settled else {
            panic!("{settled:?}");
        };
        assert_eq!(reason, Mismatch::Payment);
    }
}

#[test]
fn the_first_capture_may_come_before_we_know_the_customer() {
    let open = open(payment(), page());
    let captured = seen(1, ProviderOutcome::Captured);
    let settled = open.settle(&captured, None, true, later(5));
    assert!(matches!(settled, Settlement::Captured(..)), "{settled:?}");
}

#[test]
fn a_capture_names_its_payment_method_and_closes_its_attempt() {
    let settled = settle(&second_try(), &seen(2, ProviderOutcome::Captured));
    let Settlement::Captured(paid, proof) = settled else {
        panic!("{settled:?}");
    };
    assert_eq!((proof.at(), proof.payment()), (later(5), paid.id));
    assert_eq!(proof.payment_method(), Some("pm_1"));
    assert_eq!(paid.attempts[0], second_try().attempts[0]);
    assert_eq!(
        paid.attempts[1].outcome,
        Outcome::Succeeded { at: later(5) }
    );
    assert_eq!(paid.attempts[1].provider_payment.as_deref(), Some("pi_1"));
}

#[test]
fn an_attempt_without_the_customer_ends_as_the_provider_says() {
    let trying = second_try();
    for (outcome, code) in [
        (declined("expired_card"), "expired_card"),
        (ProviderOutcome::Canceled, "canceled"),
    ] {
        let settled = settle(&trying, &seen(2, outcome));
        let Settlement::Declined(failed, told) = settled else {
            panic!("{settled:?}");
        };
        assert_eq!(told, code);
        assert_eq!(failed.attempts[1].decline_code(), Some(code));
        assert_eq!(failed.attempts[1].provider_payment.as_deref(), Some("pi_1"));
        assert_eq!(failed.attempts[0], trying.attempts[0]);
        assert!(failed.is_pending(), "dunning goes on");
    }
    let settled = settle(&trying, &seen(2, ProviderOutcome::NeedsCustomer));
    let Settlement::NeedsCustomer(asked) = settled else {
        panic!("{settled:?}");
    };
    assert_eq!(
        asked.attempts[1].outcome,
        Outcome::NeedsCustomer { at: later(5) }
    );
    assert_eq!(asked.attempts[1].provider_payment.as_deref(), Some("pi_1"));
}

#[test]
fn an_open_page_is_left_to_the_customer() {
    let paged = open(payment(), page()).with_page(1, made(), now());
    for outcome in [
        ProviderOutcome::NeedsCustomer,
        ProviderOutcome::Canceled,
        ProviderOutcome::Processing,
    ] {
        let settled = settle(&paged, &seen(1, outcome));
        assert!(matches!(settled, Settlement::Nothing), "{settled:?}");
    }
}

#[test]
fn a_decline_on_a_page_is_noted_once_and_the_next_one_anew() {
    let paged = open(payment(), page()).with_page(1, made(), now());
    let Settlement::Noted(noted) = settle(&paged, &seen(1, declined("expired_card"))) else {
        panic!("not noted");
    };
    let again = settle(&noted, &seen(1, declined("expired_card")));
    assert!(matches!(again, Settlement::Nothing), "{again:?}");
    let Settlement::Noted(other) = settle(&noted, &seen(1, declined("lost_card"))) else {
        panic!("not noted");
    };
    assert_eq!(other.attempts[0].decline_code(), Some("lost_card"));
}

#[test]
fn an_attempt_that_ended_is_not_ended_again() {
    for outcome in [
        declined("lost_card"),
        ProviderOutcome::NeedsCustomer,
        ProviderOutcome::Canceled,
        ProviderOutcome::Processing,
    ] {
        let settled = settle(&second_try(), &seen(1, outcome));
        assert!(matches!(settled, Settlement::Nothing), "{settled:?}");
    }
}

/// Declines of an attempt for something that is paid, given up or gone: the
/// attempt ends, and dunning hears nothing of it.
#[test]
fn a_decline_nobody_waits_for_is_only_noted() {
    let given_up = (second_try().give_up(later(3)), true);
    let gone = (second_try(), false);
    for (payment, payable) in [given_up, gone] {
        for outcome in [
            declined("lost_card"),
            ProviderOutcome::NeedsCustomer,
            ProviderOutcome::Canceled,
        ] {
            let seen = seen(2, outcome);
            let settled = payment
                .clone()
                .settle(&seen, Some("cus_1"), payable, later(5));
            let Settlement::Noted(noted) = settled else {
                panic!("{settled:?}");
            };
            assert_eq!(noted.attempts[1].decline_code(), Some("superseded"));
            assert_eq!((noted.open_attempt(), noted.check_at), (None, None));
        }
    }
}

#[test]
fn money_for_what_is_over_is_kept_whole_to_be_refunded() {
    let at = later(2);
    for status in [PaymentStatus::Failed { at }, PaymentStatus::Expired { at }] {
        let over = Payment {
            status: status.clone(),
            ..second_try()
        };
        // The attempt that ended before stays as it ended.
        for (attempt, outcome) in [
            (1, second_try().attempts[0].outcome.clone()),
            (2, Outcome::Succeeded { at: later(5) }),
        ] {
            let settled = settle(&over, &seen(attempt, ProviderOutcome::Captured));
            let Settlement::Surplus(kept) = settled else {
                panic!("{settled:?}");
            };
            let surplus = Surplus::captured("pi_1".to_owned(), eur(5_988), later(5));
            assert_eq!(kept.surplus, [surplus]);
            assert_eq!((&kept.status, kept.check_at), (&status, Some(later(5))));
            let found = kept.attempts.iter().find(|a| a.number == attempt).unwrap();
            assert_eq!(found.outcome, outcome);
            assert_eq!(kept.attempts[1].is_open(), attempt == 1);
        }
    }
}

#[test]
fn a_capture_nothing_can_take_expires_an_order_but_not_a_renewal() {
    for (payment, expected) in [
        (payment(), PaymentStatus::Expired { at: later(5) }),
        (renewal(), PaymentStatus::Pending),
    ] {
        let open = open(payment, saved());
        let captured = seen(1, ProviderOutcome::Captured);
        let settled = open.settle(&captured, Some("cus_1"), false, later(5));
        let Settlement::Surplus(kept) = settled else {
            panic!("{settled:?}");
        };
        assert_eq!((kept.status, kept.surplus.len()), (expected, 1));
    }
}
