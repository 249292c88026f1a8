//! What an observation of the provider may and may not do to a payment.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use domain::id::{AccountId, Id as _, InvoiceId, OrderId, PaymentId};
use domain::money::{Currency, Money};
use domain::payment::{
    AttemptRefusal, Channel, HostedPage, Mismatch, Outcome, Payment, PaymentStatus,
    ProviderOutcome, ProviderPayment, Purpose, Reference, Settlement,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::from_bits(7),
        account: AccountId::from_bits(1),
        purpose: Purpose::Order {
            order: OrderId::from_bits(2),
        },
        amount: eur(12_900),
        invoice: InvoiceId::from_bits(3),
        status: PaymentStatus::Pending,
        attempts: Vec::new(),
        surplus: Vec::new(),
        another_page: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        created_at: now(),
        check_at: None,
    }
}

fn page() -> Channel {
    Channel::Hosted {
        return_url: "https://app.example/back".to_owned(),
        closes_at: later(60),
        page: None,
    }
}

fn saved() -> Channel {
    Channel::OffSession {
        customer: "cus_1".to_owned(),
        payment_method: Some("pm_1".to_owned()),
    }
}

fn seen(id: &str, attempt: u32, outcome: ProviderOutcome) -> ProviderPayment {
    ProviderPayment {
        id: id.to_owned(),
        customer: Some("cus_1".to_owned()),
        payment_method: Some("pm_1".to_owned()),
        amount: eur(12_900),
        received: if outcome == ProviderOutcome::Captured {
            12_900
        } else {
            0
        },
        reference: Reference {
            account: AccountId::from_bits(1),
            payment: PaymentId::from_bits(7),
            attempt,
        },
        outcome,
    }
}

fn settle(payment: &Payment, seen: &ProviderPayment) -> Settlement {
    payment.clone().settle(seen, Some("cus_1"), true, later(5))
}

#[test]
fn a_capture_pays_and_the_same_capture_again_changes_nothing() {
    let open = payment().begin(page(), now()).unwrap();
    let Settlement::Captured(paid, proof) =
        settle(&open, &seen("pi_1", 1, ProviderOutcome::Captured))
    else {
        panic!("not captured");
    };
    assert_eq!(proof.payment(), paid.id);
    assert_eq!(proof.payment_method(), Some("pm_1"));
    assert_eq!(paid.check_at, None, "nothing is left to look up");
    assert!(matches!(
        settle(&paid, &seen("pi_1", 1, ProviderOutcome::Captured)),
        Settlement::Nothing
    ));
}

#[test]
fn what_is_paid_never_goes_back() {
    let open = payment().begin(page(), now()).unwrap();
    let Settlement::Captured(paid, _) = settle(&open, &seen("pi_1", 1, ProviderOutcome::Captured))
    else {
        panic!("not captured");
    };
    for outcome in [
        ProviderOutcome::Declined {
            code: "insufficient_funds".to_owned(),
        },
        ProviderOutcome::NeedsCustomer,
        ProviderOutcome::Canceled,
        ProviderOutcome::Processing,
    ] {
        assert!(matches!(
            settle(&paid, &seen("pi_1", 1, outcome)),
            Settlement::Nothing
        ));
    }
}

#[test]
fn a_second_capture_is_kept_to_be_refunded() {
    let open = payment().begin(page(), now()).unwrap();
    let Settlement::Captured(paid, _) = settle(&open, &seen("pi_1", 1, ProviderOutcome::Captured))
    else {
        panic!("not captured");
    };
    let Settlement::Surplus(twice) = settle(&paid, &seen("pi_2", 1, ProviderOutcome::Captured))
    else {
        panic!("not a surplus");
    };
    assert_eq!(
        twice.open_surplus().map(|surplus| surplus.amount),
        Some(eur(12_900))
    );
    assert!(twice.check_at.is_some(), "a timer refunds it");
    assert!(matches!(
        settle(&twice, &seen("pi_2", 1, ProviderOutcome::Captured)),
        Settlement::Nothing
    ));
    let back = |payment: &Payment, refund: &str, amount| {
        let payment = payment.clone();
        payment.surplus_refunded("pi_2", refund.to_owned(), eur(amount), now())
    };
    let done = back(&twice, "re_1", 12_900).unwrap();
    assert_eq!((done.open_surplus(), done.check_at), (None, None));
    assert!(back(&twice, "re_1", 12_901).is_none(), "more than there is");
    let part = back(&twice, "re_1", 900).unwrap();
    assert_eq!(part.open_surplus().unwrap().left(), eur(12_000));
    assert!(back(&part, "re_1", 900).is_none(), "once");
    let done = back(&part, "re_2", 12_000).unwrap();
    assert_eq!((done.open_surplus(), done.check_at), (None, None));
    let (returned, amount) = done.surplus_returned("pi_2", "re_2").unwrap();
    assert_eq!(amount, eur(12_000));
    assert!(returned.surplus_returned("pi_2", "re_2").is_none());
}

#[test]
fn a_capture_for_something_canceled_is_a_surplus() {
    let open = payment().begin(page(), now()).unwrap();
    let captured = seen("pi_1", 1, ProviderOutcome::Captured);
    assert!(matches!(
        open.settle(&captured, Some("cus_1"), false, later(5)),
        Settlement::Surplus(_)
    ));
}

#[test]
fn what_does_not_match_is_put_aside() {
    let open = payment().begin(page(), now()).unwrap();
    let captured = seen("pi_1", 1, ProviderOutcome::Captured);
    let cases = [
        (
            ProviderPayment {
                amount: eur(12_901),
                ..captured.clone()
            },
            Mismatch::Amount,
        ),
        (
            ProviderPayment {
                received: 12_899,
                ..captured.clone()
            },
            Mismatch::Amount,
        ),
        (
            ProviderPayment {
                amount: Money::new(12_900, Currency::parse("USD").unwrap()),
                ..captured.clone()
            },
            Mismatch::Currency,
        ),
        (
            ProviderPayment {
                customer: Some("cus_2".to_owned()),
                ..captured.clone()
            },
            Mismatch::Customer,
        ),
        (
            ProviderPayment {
                customer: None,
                ..captured.clone()
            },
            Mismatch::Customer,
        ),
        (
            ProviderPayment {
                reference: Reference {
                    attempt: 2,
                    ..captured.reference
                },
                ..captured
            },
            Mismatch::Attempt,
        ),
    ];
    for (wrong, expected) in cases {
        let Settlement::Quarantine(reason) = settle(&open, &wrong) else {
            panic!("{expected}");
        };
        assert_eq!(reason, expected);
    }
}

#[test]
fn a_decline_on_an_open_page_ends_nothing() {
    let open = payment().begin(page(), now()).unwrap();
    let declined = seen(
        "pi_1",
        1,
        ProviderOutcome::Declined {
            code: "insufficient_funds".to_owned(),
        },
    );
    let Settlement::Noted(noted) = settle(&open, &declined) else {
        panic!("not noted")
    };
    assert!(noted.open_attempt().is_some());
    assert_eq!(
        noted.last_attempt().and_then(|a| a.decline_code()),
        Some("insufficient_funds")
    );
    assert!(matches!(
        settle(&noted, &seen("pi_1", 1, ProviderOutcome::Captured)),
        Settlement::Captured(..)
    ));
}

#[test]
fn a_decline_of_a_saved_method_ends_the_attempt_and_frees_the_next() {
    let open = payment().begin(saved(), now()).unwrap();
    assert_eq!(
        open.clone().begin(saved(), later(1)),
        Err(AttemptRefusal::Open(1))
    );
    let declined = seen(
        "pi_1",
        1,
        ProviderOutcome::Declined {
            code: "expired_card".to_owned(),
        },
    );
    let Settlement::Declined(failed, code) = settle(&open, &declined) else {
        panic!("not declined")
    };
    assert_eq!(code, "expired_card");
    let second = failed.begin(saved(), later(10)).unwrap();
    assert_eq!(second.last_attempt().map(|a| a.number), Some(2));
}

#[test]
fn an_order_expires_with_its_page_and_a_renewal_does_not() {
    let made = HostedPage {
        session: "cs_1".to_owned(),
        url: "https://pay.example".to_owned(),
        opened_at: None,
    };
    let open = payment()
        .begin(page(), now())
        .unwrap()
        .with_page(1, made, now());
    let closed = open.clone().page_closed(1, later(61));
    assert!(matches!(closed.status, PaymentStatus::Expired { .. }));
    let renewal = Payment {
        purpose: Purpose::Renewal {
            subscription: domain::id::Id::from_bits(9),
            index: 4,
        },
        ..open
    };
    let closed = renewal.page_closed(1, later(61));
    assert!(closed.is_pending() && closed.open_attempt().is_none());
}

#[test]
fn an_open_attempt_always_has_a_timer_and_a_closed_one_has_none() {
    let open = payment().begin(saved(), now()).unwrap();
    assert_eq!(open.check_at, Some(later(1)));
    let mut checked = open.clone();
    for wait in [5, 15, 60, 240, 720] {
        let due = checked.check_at.unwrap();
        checked = checked.checked(due);
        assert_eq!(checked.check_at, Some(later(wait)), "after {wait} minutes");
    }
    let ended = checked.with_outcome(1, Outcome::NotCreated { at: later(2_000) });
    assert_eq!(ended.check_at, None);
}

#[test]
fn two_looks_an_hour_apart_a_day_later_prove_that_nothing_was_made() {
    let open = payment().begin(saved(), now()).unwrap();
    let day = 24 * 60;
    let early = open.absent(later(day - 1));
    assert_eq!(early.attempts[0].absent_since, None);
    let first = early.absent(later(day)).checked(later(day));
    let attempt = &first.attempts[0];
    assert_eq!(first.check_at, Some(later(day + 60)));
    assert!(!attempt.is_disproved(later(day + 59)) && attempt.is_disproved(later(day + 60)));
    let second = first.absent(later(day + 60));
    assert_eq!(second.attempts[0].absent_since, Some(later(day)));
}

#[derive(Debug, Clone)]
enum Step {
    Begin(bool),
    See(u8, u32, u8),
    Close(u32),
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(Step::Begin),
        (0_u8..3, 1_u32..4, 0_u8..4)
            .prop_map(|(id, attempt, outcome)| Step::See(id, attempt, outcome)),
        (1_u32..4).prop_map(Step::Close),
        Just(Step::GiveUp),
    ]
}

proptest! {
    /// Whatever happens in whatever order: one capture pays at most once,
    /// every other capture is a surplus exactly once, and none is lost.
    #[test]
    fn every_capture_is_accounted_for_exactly_once(steps in proptest::collection::vec(step(), 1..40)) {
        let mut payment = payment();
        let mut captures = std::collections::BTreeSet::new();
        let mut paid = Vec::new();
        for (minute, step) in (0_i64..).zip(steps) {
            let at = later(minute);
            match step {
                Step::Begin(hosted) => {
                    if let Ok(begun) = payment.clone().begin(if hosted { page() } else { saved() }, at) {
                        payment = begun;
                    }
                }
                Step::Close(attempt) => payment = payment.page_closed(attempt, at),
                Step::GiveUp => payment = payment.give_up(at),
                Step::See(id, attempt, outcome) => {
                    let id = format!("pi_{id}");
                    let outcome = match outcome {
                        0 => ProviderOutcome::Captured,
                        1 => ProviderOutcome::Declined { code: "card_declined".to_owned() },
                        2 => ProviderOutcome::NeedsCustomer,
                        _ => ProviderOutcome::Processing,
                    };
                    let captured = outcome == ProviderOutcome::Captured;
                    match payment.clone().settle(&seen(&id, attempt, outcome), Some("cus_1"), true, at) {
                        Settlement::Captured(next, _) => { paid.push(id.clone()); payment = next; }
                        Settlement::Declined(next, _) | Settlement::NeedsCustomer(next)
                        | Settlement::Noted(next) | Settlement::Surplus(next) => payment = next,
                        Settlement::Nothing => {}
                        Settlement::Quarantine(_) => continue,
                    }
                    if captured {
                        captures.insert(id);
                    }
                }
            }
            prop_assert!(payment.attempts.iter().filter(|a| a.is_open()).count() <= 1);
            prop_assert_eq!(payment.open_attempt().is_some() || payment.open_surplus().is_some(), payment.check_at.is_some());
        }
        prop_assert!(paid.len() <= 1);
        let mut known: Vec<String> = payment.surplus.iter().map(|s| s.provider_payment.clone()).collect();
        known.extend(paid);
        known.sort();
        prop_assert_eq!(known, captures.into_iter().collect::<Vec<_>>());
    }
}
