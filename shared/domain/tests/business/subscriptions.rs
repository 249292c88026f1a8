//! Subscriptions: when they renew, what a period costs, and how they end.

use crate::samples::{PER_UNIT, captured, eur, instant, later, line, now, order, tiers};
use domain::anchor::Zone;
use domain::dunning::{Dunning, DunningPolicy, Exhausted, Next};
use domain::id::{Id as _, PaymentId};
use domain::openings::MOST_OPENINGS;
use domain::order::OrderLine;
use domain::subscription::{
    CancelReason, DueAction, MAX_FAULTS, PeriodBounds, Subscription, SubscriptionStatus,
};
use domain::tiers::PriceScheme;
use domain::vat::{CountryCode, CrossBorderSales, Registration, THRESHOLD};
use domain::vat_check::TaxFacts;
use domain::vat_number::VatNumber;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const SOFT: &str = "insufficient_funds";

fn renewal_id() -> PaymentId {
    PaymentId::from_bits(8)
}

/// One that began at [`now`], on the 31st of January.
fn active() -> Subscription {
    let order = order(vec![line(4_990, 0)]);
    let proof = captured(now(), Some("pm_1"));
    Subscription::start(&order, &order.lines[0], &proof, Zone::UTC).unwrap()
}

fn bounds(index: u32, start: &str, end: &str) -> PeriodBounds {
    PeriodBounds {
        index,
        start: instant(start),
        end: instant(end),
    }
}

fn february() -> PeriodBounds {
    bounds(1, "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z")
}

fn due(subscription: &Subscription, at: Timestamp) -> Option<DueAction> {
    subscription.due(at, &DunningPolicy::default()).unwrap()
}

fn a_moment_before(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_nanos(1)
}

fn every_state() -> [(Subscription, &'static str); 4] {
    let with = |status| Subscription { status, ..active() };
    let past_due = active().decline(now(), SOFT, &DunningPolicy::default());
    let unpaid = with(SubscriptionStatus::Unpaid { since: now() });
    let canceled = with(SubscriptionStatus::Canceled {
        at: now(),
        reason: CancelReason::Customer,
    });
    [
        (active(), "active"),
        (past_due, "past_due"),
        (unpaid, "unpaid"),
        (canceled, "canceled"),
    ]
}

#[test]
fn a_subscription_begins_at_the_whole_second_of_the_capture() {
    let order = order(vec![line(4_990, 0)]);
    let at = instant("2026-01-31T09:00:00.75Z");
    let proof = captured(at, Some("pm_9"));
    let begun = Subscription::start(&order, &order.lines[0], &proof, Zone::UTC).unwrap();
    let january = bounds(0, "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z");
    assert_eq!((begun.anchor.start(), begun.period), (now(), january));
    assert_eq!(begun.status, SubscriptionStatus::Active);
    assert_eq!(begun.next_action_at, Some(january.end));
    assert_eq!(begun.payment_method.as_deref(), Some("pm_9"));
    assert_eq!((begun.renewal, begun.faults), (None, 0));
    assert_eq!(
        begun.price(),
        Ok(eur(4_990)),
        "it renews at the price it was sold at"
    );
}

#[test]
fn the_next_period_is_due_at_the_very_end_of_the_last_one() {
    let end = active().period.end;
    assert_eq!(due(&active(), a_moment_before(end)), None);
    for at in [end, end + SignedDuration::from_hours(1)] {
        assert_eq!(due(&active(), at), Some(DueAction::Renew(february())));
    }
}

#[test]
fn nothing_is_due_while_a_payment_decides() {
    let waiting = active().awaiting(renewal_id());
    assert_eq!(
        (waiting.renewal, waiting.next_action_at),
        (Some(renewal_id()), None)
    );
    for at in [now(), waiting.period.end, later(1_000_000)] {
        assert_eq!(due(&waiting, at), None);
    }
}

#[test]
fn one_that_ends_with_its_period_ends_then_and_not_before() {
    let ending = Subscription {
        cancel_at_period_end: true,
        ..active()
    };
    let end = ending.period.end;
    assert_eq!(due(&ending, a_moment_before(end)), None);
    assert_eq!(due(&ending, end), Some(DueAction::Cancel));
    let ended = ending.cancel(end);
    let reason = CancelReason::Customer;
    assert_eq!(
        ended.status,
        SubscriptionStatus::Canceled { at: end, reason }
    );
    assert_eq!(ended.next_action_at, None);
}

#[test]
fn retries_and_the_end_of_dunning_are_due_at_their_instants() {
    let policy = DunningPolicy::default();
    let declined = active().decline(now(), SOFT, &policy);
    let retry = now() + SignedDuration::from_hours(2 * 24);
    assert_eq!(due(&declined, a_moment_before(retry)), None);
    assert_eq!(due(&declined, retry), Some(DueAction::Retry));
    let hopeless = active().decline(now(), "stolen_card", &policy);
    let end = now() + SignedDuration::from_hours(21 * 24);
    assert_eq!(due(&hopeless, a_moment_before(end)), None);
    assert_eq!(due(&hopeless, end), Some(DueAction::EndDunning));
}

#[test]
fn nothing_is_ever_due_once_it_is_over() {
    for (subscription, state) in every_state() {
        assert_eq!(subscription.status_name(), state);
        let ever = due(&subscription, instant("2030-01-01T00:00:00Z"));
        let over = ["unpaid", "canceled"].contains(&state);
        assert_eq!(ever.is_none(), over, "{state}");
    }
}

#[test]
fn a_payment_opens_the_next_period_only_where_it_is_waited_for() {
    for (subscription, state) in every_state() {
        assert!(!subscription.awaits(renewal_id()), "{state}");
        let waiting = subscription.awaiting(renewal_id());
        let serves = ["active", "past_due"].contains(&state);
        assert_eq!(waiting.awaits(renewal_id()), serves, "{state}");
        assert!(!waiting.awaits(PaymentId::from_bits(9)), "{state}");
    }
}

#[test]
fn a_capture_moves_it_to_the_next_period_and_ends_dunning() {
    let policy = DunningPolicy::default();
    let declined = Subscription {
        faults: 3,
        ..active()
            .decline(now(), SOFT, &policy)
            .awaiting(renewal_id())
    };
    let kept = declined.clone().renew(&captured(later(9), None)).unwrap();
    assert_eq!(kept.period, february());
    assert_eq!(kept.status, SubscriptionStatus::Active);
    assert_eq!((kept.renewal, kept.faults), (None, 0));
    assert_eq!(kept.next_action_at, Some(february().end));
    assert_eq!(kept.payment_method.as_deref(), Some("pm_1"), "none is new");
    let renewed = declined.renew(&captured(later(9), Some("pm_2"))).unwrap();
    assert_eq!(renewed.payment_method.as_deref(), Some("pm_2"));
}

#[test]
fn a_second_decline_goes_on_with_the_same_dunning() {
    let policy = DunningPolicy::default();
    let failing = Subscription {
        faults: 3,
        ..active()
    };
    let days = |days: i64| now() + SignedDuration::from_hours(days * 24);
    let once = failing.decline(now(), SOFT, &policy);
    assert_eq!((once.next_action_at, once.faults), (Some(days(2)), 0));
    let (first, next) = Dunning::start(now(), SOFT, &policy);
    assert_eq!(Some(next.at()), once.next_action_at);
    assert_eq!(
        first.access_until(&policy),
        days(7),
        "it is served meanwhile"
    );
    assert_eq!(
        once.status,
        SubscriptionStatus::PastDue {
            dunning: first.clone()
        }
    );
    let twice = once.decline(days(2), SOFT, &policy);
    let (dunning, next) = first.declined(days(2), SOFT, true, &policy);
    assert_eq!(
        (dunning.first_failed_at(), next),
        (now(), Next::RetryAt(days(7)))
    );
    assert_eq!(twice.next_action_at, Some(days(7)));
    assert_eq!(twice.status, SubscriptionStatus::PastDue { dunning });
}

#[test]
fn a_card_that_stays_empty_is_tried_four_times_more_in_three_weeks() {
    let policy = DunningPolicy::default();
    let days = |days: i64| now() + SignedDuration::from_hours(days * 24);
    let (mut dunning, mut next) = Dunning::start(now(), SOFT, &policy);
    for retry in [2, 7, 14, 21] {
        assert_eq!(next, Next::RetryAt(days(retry)));
        (dunning, next) = dunning.declined(days(retry), SOFT, true, &policy);
    }
    assert_eq!(next, Next::EndAt(days(21)));
}

#[test]
fn a_new_card_that_is_declined_does_not_use_up_the_ceiling() {
    let policy = DunningPolicy {
        max_attempts_30_days: 2,
        ..DunningPolicy::default()
    };
    let days = |days: i64| Some(now() + SignedDuration::from_hours(days * 24));
    let declined = active().decline(now(), "stolen_card", &policy);
    assert_eq!(declined.next_action_at, days(21));
    let tried = declined.try_new_card(later(60), &policy);
    assert_eq!(tried.next_action_at, Some(later(60)));
    assert_eq!(due(&tried, later(60)), Some(DueAction::Retry));
    let again = tried.decline(later(65), SOFT, &policy);
    assert_eq!(again.next_action_at, days(2));
    // What waits for its payment is not touched.
    let active = active().try_new_card(later(60), &policy);
    assert_eq!(active.status, SubscriptionStatus::Active);
}

#[test]
fn the_policy_says_what_it_is_when_dunning_ends_without_money() {
    let at = later(9);
    let reason = CancelReason::Dunning;
    for (on_exhausted, status) in [
        (Exhausted::Unpaid, SubscriptionStatus::Unpaid { since: at }),
        (
            Exhausted::Canceled,
            SubscriptionStatus::Canceled { at, reason },
        ),
    ] {
        let policy = DunningPolicy {
            on_exhausted,
            ..DunningPolicy::default()
        };
        let ended = active()
            .decline(now(), SOFT, &policy)
            .end_dunning(at, &policy);
        assert_eq!((ended.status, ended.next_action_at), (status, None));
    }
}

#[test]
fn failures_of_ours_wait_longer_each_time_until_a_person_is_needed() {
    let mut failing = active();
    for minutes in [5, 10, 20, 40, 80, 160, 320] {
        failing = failing.postpone(now());
        assert_eq!(failing.next_action_at, Some(later(minutes)));
    }
    let parked = failing.postpone(now());
    assert_eq!((parked.faults, parked.next_action_at), (MAX_FAULTS, None));
    let still = parked.postpone(now());
    assert_eq!((still.faults, still.next_action_at), (MAX_FAULTS + 1, None));
}

#[test]
fn an_open_page_is_looked_at_again_without_blame() {
    let looked = active().look_again(now());
    assert_eq!((looked.next_action_at, looked.faults), (Some(later(10)), 0));
}

#[test]
fn a_clock_that_runs_wild_opens_fifteen_periods_a_day_and_no_more() {
    let mut subscription = active();
    assert_eq!(MOST_OPENINGS, 15);
    for _ in 0..MOST_OPENINGS {
        subscription = subscription.opening(renewal_id(), now()).unwrap();
        assert_eq!(subscription.renewal, Some(renewal_id()));
        assert_eq!(subscription.next_action_at, None);
        subscription = subscription.renew(&captured(later(1), None)).unwrap();
    }
    let left = subscription
        .clone()
        .opening(renewal_id(), later(60))
        .unwrap_err();
    let over = later(24 * 60);
    assert_eq!((left.renewal, left.next_action_at), (None, Some(over)));
    assert_eq!(left.openings, subscription.openings);
    assert!(left.opening(renewal_id(), over).is_ok());
}

#[test]
fn a_line_of_an_invoice_shows_a_unit_price_unless_it_depends_on_how_many() {
    let sold = |scheme| {
        let order = order(vec![OrderLine {
            scheme,
            quantity: 12,
            ..line(4_990, 0)
        }]);
        let proof = captured(now(), None);
        let sold = Subscription::start(&order, &order.lines[0], &proof, Zone::UTC).unwrap();
        sold.invoice_line(&february()).unwrap()
    };
    let shown = |scheme| {
        let line = sold(scheme);
        assert_eq!(line.subtotal, line.total);
        assert_eq!((line.discount, line.quantity), (eur(0), 12));
        assert_eq!(line.period_start, february().start);
        assert_eq!(line.period_end, february().end);
        (line.unit_price, line.total)
    };
    assert_eq!(shown(PER_UNIT), (Some(eur(4_990)), eur(59_880)));
    assert_eq!(shown(PriceScheme::Graduated(tiers())), (None, eur(11_400)));
    assert_eq!(shown(PriceScheme::Volume(tiers())), (None, eur(8_400)));
}

#[test]
fn a_period_is_taxed_as_at_its_start() {
    let old = bounds(1, "2013-12-31T22:59:59Z", "2014-01-31T22:59:59Z");
    let facts = TaxFacts::default();
    let bill = active().bill(&old, &facts).unwrap();
    assert_eq!(bill.tax.rate_basis_points, 1_960);
    assert_eq!(
        (bill.totals.net, bill.totals.total),
        (eur(4_990), eur(5_968))
    );
    let bill = active().bill(&february(), &facts).unwrap();
    assert_eq!(bill.tax.rate_basis_points, 2_000);
    assert_eq!(
        (bill.totals.net, bill.totals.total),
        (eur(4_990), eur(5_988))
    );
    assert_eq!(bill.lines, [active().invoice_line(&february()).unwrap()]);
}

/// A business is not taxed while its number is good, pays the VAT of its
/// country once it is struck off, and so does whoever crosses the threshold.
#[test]
fn a_period_elsewhere_in_the_union_is_taxed_by_number_and_threshold() {
    let number = VatNumber::parse("DE136695976").unwrap();
    let german = Subscription {
        country: CountryCode::parse("DE").unwrap(),
        postal_code: "10115".to_owned(),
        vat_number: Some(number.digest()),
        ..active()
    };
    let rate = |registration: Option<Registration>, this_year| {
        let number = registration.map(|registration| (number.clone(), registration));
        let sales = CrossBorderSales {
            this_year,
            ..CrossBorderSales::default()
        };
        let bill = german.bill(&february(), &TaxFacts { number, sales });
        bill.unwrap().tax.rate_basis_points
    };
    assert_eq!(rate(Some(Registration::Valid), 0), 0);
    assert_eq!(rate(Some(Registration::Pending), 0), 0);
    assert_eq!(rate(Some(Registration::Invalid), 0), 2_000);
    // The price of a period is 49.90: the sale that crosses is taxed there.
    assert_eq!(rate(None, THRESHOLD - 4_990), 2_000);
    assert_eq!(rate(None, THRESHOLD - 4_989), 1_900);
}

proptest! {
    /// However late it is served, no day is left out or billed twice.
    #[test]
    fn renewals_follow_each_other_without_hole_or_overlap(late in proptest::collection::vec(0_i64..200, 1..14)) {
        let mut subscription = active();
        let mut at = now();
        for days in late {
            at = at.max(subscription.period.end) + SignedDuration::from_hours(days * 24);
            let Some(DueAction::Renew(next)) = due(&subscription, at) else {
                panic!("nothing due at {at}");
            };
            prop_assert_eq!((next.index, next.start), (subscription.period.index + 1, subscription.period.end));
            prop_assert_eq!(next, subscription.next_period().unwrap());
            prop_assert_eq!(subscription.later_period(2).unwrap().start, next.end);
            subscription = subscription.awaiting(renewal_id()).renew(&captured(at, None)).unwrap();
            prop_assert_eq!(subscription.period, next);
            prop_assert_eq!(subscription.anchor.period(next.index), Ok((next.start, next.end)));
        }
    }
}
