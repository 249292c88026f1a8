//! Attempts: which is open, when it is looked up, and how it ends.

use crate::samples::{eur, later, made, now, open, page, payment, renewal, saved, second_try};
use domain::payment::{
    Attempt, AttemptRefusal, Decline, HostedPage, Outcome, Payment, PaymentStatus, Surplus,
};
use jiff::Timestamp;

fn outcomes() -> [(Outcome, &'static str, bool, Option<&'static str>); 6] {
    let at = now();
    let code = "expired_card".to_owned();
    let bank = Some("authentication_required");
    [
        (Outcome::InFlight, "in_flight", true, Some("noted")),
        (Outcome::Unknown, "unknown", true, Some("noted")),
        (Outcome::Succeeded { at }, "succeeded", false, None),
        (
            Outcome::Failed { at, code },
            "failed",
            false,
            Some("expired_card"),
        ),
        (Outcome::NeedsCustomer { at }, "needs_customer", false, bank),
        (Outcome::NotCreated { at }, "not_created", false, None),
    ]
}

fn statuses() -> [(PaymentStatus, &'static str); 4] {
    let at = now();
    let provider_payment = "pi_0".to_owned();
    [
        (PaymentStatus::Pending, "pending"),
        (
            PaymentStatus::Paid {
                at,
                provider_payment,
            },
            "paid",
        ),
        (PaymentStatus::Failed { at }, "failed"),
        (PaymentStatus::Expired { at }, "expired"),
    ]
}

#[test]
fn each_outcome_says_whether_money_may_still_move_and_why_it_did_not() {
    for (outcome, name, is_open, code) in outcomes() {
        let attempt = Attempt {
            outcome,
            declines: vec![Decline {
                at: now(),
                code: "noted".to_owned(),
            }],
            ..open(payment(), page()).attempts[0].clone()
        };
        assert_eq!(attempt.outcome_name(), name);
        assert_eq!(attempt.is_open(), is_open, "{name}");
        assert_eq!(attempt.decline_code(), code, "{name}");
    }
    let untouched = open(payment(), page());
    assert_eq!(untouched.attempts[0].decline_code(), None);
}

#[test]
fn only_what_is_owed_is_tried_and_in_numbered_order() {
    for (status, name) in statuses() {
        let payment = Payment {
            status,
            ..payment()
        };
        assert_eq!(payment.status.name(), name);
        let begun = payment.begin(page(), now());
        if name == "pending" {
            assert_eq!(begun.unwrap().check_at, Some(later(1)));
        } else {
            assert_eq!(begun, Err(AttemptRefusal::Closed(name)));
        }
    }
    let numbers = second_try()
        .attempts
        .iter()
        .map(|a| a.number)
        .collect::<Vec<_>>();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_page_belongs_to_the_open_attempt_it_was_made_for() {
    let asked = open(payment(), page());
    assert_eq!(asked.clone().with_page(2, made(), later(3)), asked);
    let paged = asked.with_page(1, made(), later(3));
    let opened = HostedPage {
        opened_at: Some(later(3)),
        ..made()
    };
    assert_eq!(paged.attempts[0].page(), Some(&opened));
    assert_eq!(
        paged.check_at,
        Some(later(13)),
        "it is read every ten minutes"
    );
    let closed = paged.page_closed(1, later(60));
    let other = HostedPage {
        session: "cs_2".to_owned(),
        ..made()
    };
    assert_eq!(closed.clone().with_page(1, other, later(61)), closed);
}

#[test]
fn an_outcome_ends_the_attempt_it_is_about_and_no_other() {
    let trying = second_try();
    let gone = |at: Timestamp| Outcome::NotCreated { at };
    let first_again = trying.clone().with_outcome(1, gone(later(9)));
    assert_eq!(first_again, trying, "what ended stays as it ended");
    assert_eq!(trying.clone().with_outcome(3, gone(later(9))), trying);
    let ended = trying.clone().with_outcome(2, gone(later(9)));
    assert_eq!(ended.attempts[0], trying.attempts[0]);
    assert_eq!(ended.attempts[1].outcome, gone(later(9)));
    assert_eq!((ended.open_attempt(), ended.check_at), (None, None));
}

#[test]
fn only_what_is_pending_is_given_up() {
    for (status, name) in statuses() {
        let before = Payment {
            status,
            check_at: Some(later(1)),
            ..payment()
        };
        let after = before.clone().give_up(later(9));
        if name == "pending" {
            assert_eq!(after.status, PaymentStatus::Failed { at: later(9) });
            assert_eq!(after.check_at, None);
        } else {
            assert_eq!(after, before, "{name}");
        }
    }
    let watched = second_try().give_up(later(9));
    assert_eq!(
        watched.check_at,
        second_try().check_at,
        "its attempt is open"
    );
}

#[test]
fn each_surplus_is_refunded_for_itself_and_the_timer_stays_until_the_last() {
    let surplus = |id: &str| Surplus::captured(id.to_owned(), eur(5_988), now());
    let owing = Payment {
        surplus: vec![surplus("pi_2"), surplus("pi_3")],
        check_at: Some(later(1)),
        ..payment()
    };
    assert_eq!(owing.open_surplus(), Some(&owing.surplus[0]));
    let half = owing
        .surplus_refunded("pi_3", "re_3".to_owned(), eur(5_988), later(4))
        .unwrap();
    assert_eq!(half.open_surplus(), Some(&surplus("pi_2")));
    assert_eq!(half.surplus[1].refund.as_deref(), Some("re_3"));
    assert_eq!(half.surplus[1].refunded_at, Some(later(4)));
    assert_eq!(half.check_at, Some(later(1)));
    let done = half
        .surplus_refunded("pi_2", "re_2".to_owned(), eur(5_988), later(5))
        .unwrap();
    assert_eq!((done.open_surplus(), done.check_at), (None, None));
}

#[test]
fn a_proof_that_is_due_now_is_not_asked_for_again_in_the_same_instant() {
    let day = 24 * 60;
    let absent = open(renewal(), saved()).absent(later(day));
    let looked = absent.clone().checked(later(day + 59));
    assert_eq!(looked.check_at, Some(later(day + 60)));
    let looked = absent.checked(later(day + 60));
    assert_eq!(looked.check_at, Some(later(day + 61)));
}

#[test]
fn after_the_sixth_look_an_outcome_is_looked_up_daily() {
    let mut payment = open(renewal(), saved());
    for _ in 0..5 {
        payment = payment.checked(now());
    }
    for _ in 0..3 {
        payment = payment.checked(later(720));
        assert_eq!(payment.check_at, Some(later(720 + 24 * 60)));
        assert_eq!(payment.attempts[0].outcome, Outcome::Unknown);
    }
}

#[test]
fn a_late_look_is_never_repeated_at_once() {
    let late = open(renewal(), saved()).checked(later(50));
    assert_eq!(
        late.check_at,
        Some(later(51)),
        "5 minutes after its start are over"
    );
}

#[test]
fn a_look_at_an_open_page_leaves_it_open() {
    let paged = open(payment(), page()).with_page(1, made(), now());
    let looked = paged.checked(later(10));
    assert_eq!(looked.attempts[0].outcome, Outcome::InFlight);
    assert_eq!(
        (looked.attempts[0].checks, looked.check_at),
        (1, Some(later(20)))
    );
}

#[test]
fn a_surplus_the_provider_refuses_to_give_back_waits_until_it_is_freed() {
    let owing = Payment {
        surplus: vec![Surplus::captured("pi_2".to_owned(), eur(5_988), now())],
        check_at: Some(later(1)),
        ..payment()
    };
    assert!(owing.clone().surplus_freed("pi_2", later(1)).is_none());
    let waits = owing.surplus_refused("pi_2", "charge_disputed".to_owned());
    assert_eq!((waits.open_surplus(), waits.check_at), (None, None));
    let free = waits.surplus_freed("pi_2", later(2)).unwrap();
    assert!(free.open_surplus().is_some());
    assert_eq!(free.check_at, Some(later(2)));
}
