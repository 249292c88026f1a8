//! What an order's own items tell of its life.

use crate::samples::{
    self, eur, later, line, now, open, order, page, payment, saved, second_try, seen,
};
use domain::dispute::{Dispute, DisputeStatus};
use domain::id::{Id as _, InvoiceId, RefundId, SubscriptionId, UserId};
use domain::order::Order;
use domain::payment::{Outcome, Payment, ProviderOutcome, Settlement};
use domain::refund::{Refund, RefundReason, RefundStatus};
use domain::timeline::{Happening, of_order};

fn names(order: &Order, payment: &Payment) -> Vec<&'static str> {
    let told = of_order(order, payment, None);
    told.iter().map(|moment| moment.what.name()).collect()
}

fn placed() -> Order {
    order(vec![line(4_990, 0)])
}

#[test]
fn of_one_moment_the_cause_comes_before_what_it_led_to() {
    let paged = open(payment(), page()).with_page(1, samples::made(), now());
    let closed = paged.clone().page_closed(1, later(60));
    let expired = placed().expire(later(60)).unwrap();
    assert_eq!(
        names(&expired, &closed),
        [
            "order_placed",
            "payment_page_opened",
            "payment_page_closed",
            "order_expired"
        ]
    );
    let canceled = placed().cancel(later(60)).unwrap();
    assert_eq!(
        names(&canceled, &closed)[2..],
        ["order_canceled", "payment_page_closed"]
    );
}

#[test]
fn a_page_that_never_opened_is_told_as_a_payment_that_was_not_requested() {
    let asked = open(payment(), page());
    assert_eq!(names(&placed(), &asked), ["order_placed"]);
    let closed = asked.page_closed(1, later(1));
    assert_eq!(
        names(&placed(), &closed),
        ["order_placed", "payment_not_requested"]
    );
}

#[test]
fn a_charge_of_a_saved_card_tells_how_it_ended() {
    let at = later(1);
    let code = "expired_card".to_owned();
    for (outcome, name) in [
        (Outcome::Failed { at, code }, "payment_declined"),
        (Outcome::NeedsCustomer { at }, "authentication_required"),
        (Outcome::NotCreated { at }, "payment_not_requested"),
    ] {
        let ended = open(payment(), saved()).with_outcome(1, outcome);
        assert_eq!(names(&placed(), &ended), ["order_placed", name]);
    }
    let failed = second_try().give_up(later(9));
    assert_eq!(names(&placed(), &failed).last(), Some(&"payment_given_up"));
}

/// An order that was paid at minute five.
fn bought() -> (Order, Payment) {
    let open = open(payment(), page());
    let seen = seen(1, ProviderOutcome::Captured);
    let Settlement::Captured(paid, proof) = open.settle(&seen, Some("cus_1"), true, later(5))
    else {
        panic!("not captured");
    };
    (placed().pay(proof.at()).unwrap(), paid)
}

fn refund(id: u128, status: RefundStatus) -> Refund {
    Refund {
        id: RefundId::from_bits(id),
        amount: eur(2_500),
        nets: vec![2_083],
        tax: 417,
        reason: RefundReason::Goodwill,
        comment: None,
        requested_by: Some(UserId::from_bits(1)),
        requested_at: later(7),
        approved_by: None,
        credit_note: InvoiceId::from_bits(100 + id),
        status,
    }
}

fn made(minute: i64) -> RefundStatus {
    RefundStatus::Made {
        at: later(minute),
        provider_refund: "re_1".to_owned(),
    }
}

#[test]
fn the_payment_is_told_with_the_attempt_that_was_captured() {
    let (order, paid) = bought();
    let told = of_order(&order, &paid, None);
    let what: Vec<Happening> = told.into_iter().map(|moment| moment.what).collect();
    let line = &order.lines[0];
    assert_eq!(
        what,
        [
            Happening::OrderPlaced,
            Happening::PaymentCaptured {
                attempt: Some(1),
                amount: paid.amount
            },
            Happening::OrderPaid,
            Happening::SubscriptionStarted {
                subscription: SubscriptionId::from_bits(31),
                name: line.name.clone(),
                quantity: 1
            },
        ]
    );
}

#[test]
fn what_was_given_back_is_told_when_it_was_and_before_that_it_was_all() {
    let (order, paid) = bought();
    let refunded = Payment {
        refunds: vec![refund(1, made(20)), refund(2, made(15))],
        ..paid
    };
    let order = order.refund(later(20)).unwrap();
    let told = of_order(&order, &refunded, None);
    let told: Vec<_> = told.iter().map(|it| (it.at, it.what.name())).collect();
    assert_eq!(
        told,
        [
            (now(), "order_placed"),
            (later(5), "payment_captured"),
            (later(5), "order_paid"),
            (later(5), "subscription_started"),
            (later(15), "refund_made"),
            (later(20), "refund_made"),
            (later(20), "order_refunded"),
        ]
    );
}

#[test]
fn what_banks_did_is_told_when_they_did_it() {
    let (order, paid) = bought();
    let returned = RefundStatus::Failed {
        at: later(30),
        made_at: later(20),
        provider_refund: "re_1".to_owned(),
        code: "expired_or_canceled_card".to_owned(),
    };
    let dispute = Dispute {
        id: "du_1".to_owned(),
        amount: eur(100),
        reason: "fraudulent".to_owned(),
        status: DisputeStatus::Lost,
        opened_at: later(25),
        evidence_due: None,
        withdrawn: 100,
        settled: 0,
        closed_at: Some(later(40)),
    };
    let after = Payment {
        refunds: vec![refund(1, returned)],
        disputes: vec![dispute],
        ..paid
    };
    let told = of_order(&order, &after, None);
    let told: Vec<_> = told.iter().map(|it| (it.at, it.what.name())).collect();
    assert_eq!(
        told[4..],
        [
            (later(20), "refund_made"),
            (later(25), "payment_disputed"),
            (later(30), "refund_returned"),
            (later(40), "dispute_closed"),
        ]
    );
}

#[test]
fn a_refund_whose_money_is_not_back_is_not_told() {
    let (order, paid) = bought();
    let before = of_order(&order, &paid, None);
    let at = later(8);
    for status in [
        RefundStatus::AwaitingApproval,
        RefundStatus::Pending { since: at },
        RefundStatus::Refused {
            at,
            code: "charge_disputed".to_owned(),
        },
        RefundStatus::Rejected {
            at,
            by: UserId::from_bits(2),
        },
    ] {
        let asked = Payment {
            refunds: vec![refund(1, status)],
            ..paid.clone()
        };
        assert_eq!(of_order(&order, &asked, None), before);
    }
}
