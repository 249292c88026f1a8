use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const FAILED: Timestamp = Timestamp::constant(1_736_496_000, 0);

fn day(days: u32) -> Timestamp {
    days_after(FAILED, days)
}

#[test]
fn an_empty_schedule_ends_at_once() {
    let policy = DunningPolicy {
        retry_after_days: vec![],
        ..DunningPolicy::default()
    };
    let (dunning, next) = Dunning::start(FAILED, "insufficient_funds", &policy);
    assert_eq!(next, Next::EndAt(FAILED));
    assert_eq!(dunning.access_until(&policy), FAILED);
}

#[test]
fn a_new_method_that_fails_softly_resumes_the_rest_of_the_schedule() {
    let policy = DunningPolicy::default();
    let (dunning, next) = Dunning::start(FAILED, "stolen_card", &policy);
    assert_eq!(next, Next::EndAt(day(21)));
    let (dunning, next) = dunning.method_changed(day(4), &policy);
    assert_eq!(next, Next::RetryAt(day(4)));
    let (dunning, next) = dunning.declined(day(4), "insufficient_funds", false, &policy);
    assert_eq!(next, Next::RetryAt(day(7)));
    let (_, next) = dunning.declined(day(7), "lost_card", true, &policy);
    assert_eq!(next, Next::EndAt(day(21)));
}

#[test]
fn a_method_changed_after_the_end_is_not_tried_by_the_schedule() {
    let policy = DunningPolicy::default();
    let (dunning, _) = Dunning::start(FAILED, "stolen_card", &policy);
    assert_eq!(
        dunning.clone().method_changed(day(21), &policy).1,
        Next::RetryAt(day(21))
    );
    assert_eq!(
        dunning.method_changed(day(22), &policy).1,
        Next::EndAt(day(21))
    );
}

#[test]
fn a_late_retry_is_made_once_and_moves_nothing() {
    let policy = DunningPolicy::default();
    let (dunning, next) = Dunning::start(FAILED, "insufficient_funds", &policy);
    assert_eq!(next, Next::RetryAt(day(2)));
    let (_, next) = dunning.declined(day(3), "insufficient_funds", true, &policy);
    assert_eq!(next, Next::RetryAt(day(7)));
}

#[test]
fn a_provider_that_tells_time_in_seconds_causes_no_second_retry() {
    let policy = DunningPolicy::default();
    let failed = FAILED
        .checked_add(SignedDuration::from_millis(700))
        .unwrap();
    let (dunning, next) = Dunning::start(failed, "insufficient_funds", &policy);
    assert_eq!(next, Next::RetryAt(day(2)));
    let (_, next) = dunning.declined(day(2), "insufficient_funds", true, &policy);
    assert_eq!(next, Next::RetryAt(day(7)));
}

#[test]
fn attempts_a_person_started_do_not_use_up_the_ceiling() {
    let policy = DunningPolicy {
        max_attempts_30_days: 2,
        ..DunningPolicy::default()
    };
    let (dunning, _) = Dunning::start(FAILED, "insufficient_funds", &policy);
    let (uncounted, next) = dunning
        .clone()
        .declined(day(1), "insufficient_funds", false, &policy);
    assert_eq!(next, Next::RetryAt(day(2)));
    let (_, next) = uncounted.declined(day(2), "insufficient_funds", true, &policy);
    assert_eq!(next, Next::EndAt(day(21)));
}

#[test]
fn the_codes_are_hard_only_where_a_retry_cannot_help() {
    let (loose, strict) = (
        DunningPolicy::default(),
        DunningPolicy {
            do_not_honor_is_hard: true,
            ..DunningPolicy::default()
        },
    );
    assert_eq!(HARD_CODES.len(), 22);
    for code in HARD_CODES {
        assert_eq!(classify(code, &loose), DeclineKind::Hard, "{code}");
    }
    for code in [
        "insufficient_funds",
        "authentication_required",
        "generic_decline",
        "",
        "a_new_code",
    ] {
        assert_eq!(classify(code, &strict), DeclineKind::Soft, "{code}");
    }
    assert_eq!(classify(NO_CARD, &loose), DeclineKind::Hard);
    assert_eq!(classify("do_not_honor", &loose), DeclineKind::Soft);
    assert_eq!(classify("do_not_honor", &strict), DeclineKind::Hard);
}

#[test]
fn dunning_is_stored_whole() {
    let policy = DunningPolicy::default();
    let (dunning, _) = Dunning::start(FAILED, "stolen_card", &policy);
    let (dunning, next) = dunning.method_changed(day(4), &policy);
    let stored = serde_json::to_string(&dunning).unwrap();
    let read: Dunning = serde_json::from_str(&stored).unwrap();
    assert_eq!((read.next(&policy), read), (next, dunning));
}

proptest! {
    #[test]
    fn retries_rise_stay_in_the_schedule_and_under_the_ceiling(
        retry_after_days in vec(0_u16..20, 0..30),
        max_attempts_30_days in 1_u16..10,
        delays in vec(0_i64..40, 31),
        codes in vec(prop_oneof![9 => Just("insufficient_funds"), 1 => Just("stolen_card")], 31),
    ) {
        let policy = DunningPolicy { retry_after_days, max_attempts_30_days, ..DunningPolicy::default() };
        let (mut dunning, mut next) = Dunning::start(FAILED, "insufficient_funds", &policy);
        let end = dunning.ends_at(&policy);
        let mut attempts = vec![FAILED];
        for (delay, code) in delays.into_iter().zip(codes) {
            let Next::RetryAt(at) = next else { break };
            prop_assert!(at > attempts[attempts.len() - 1]);
            prop_assert!(at <= end);
            // A run may be hours late.
            let tried = at.checked_add(SignedDuration::from_hours(delay)).unwrap();
            attempts.push(tried);
            (dunning, next) = dunning.declined(tried, code, true, &policy);
            prop_assert_eq!(dunning.ends_at(&policy), end);
            let window = attempts.iter().filter(|attempt| days_after(**attempt, 30) > at);
            prop_assert!(window.count() <= usize::from(max_attempts_30_days));
        }
        prop_assert_eq!(next, Next::EndAt(end));
        prop_assert!(attempts.len() <= policy.retry_after_days.len() + 1);
        prop_assert!((FAILED..=end).contains(&dunning.access_until(&policy)));
    }
}

#[test]
fn a_card_tried_before_is_tried_again_within_the_ceiling_alone() {
    let policy = DunningPolicy {
        max_attempts_30_days: 2,
        ..DunningPolicy::default()
    };
    let (dunning, _) = Dunning::start(FAILED, "insufficient_funds", &policy);
    let (again, next) = dunning.tried_again(day(1), &policy);
    assert_eq!(next, Next::RetryAt(day(1)));
    let (full, _) = again.declined(day(1), "insufficient_funds", false, &policy);
    assert_eq!(
        full.clone().tried_again(day(1), &policy).1,
        Next::EndAt(day(21))
    );
    // One that is new is not counted.
    assert_eq!(
        full.method_changed(day(1), &policy).1,
        Next::RetryAt(day(1))
    );
}

#[test]
fn a_retry_that_is_skipped_moves_nothing() {
    let policy = DunningPolicy::default();
    let (dunning, _) = Dunning::start(FAILED, "insufficient_funds", &policy);
    let (dunning, next) = dunning.skipped(day(2), &policy);
    assert_eq!(next, Next::RetryAt(day(7)));
    let (dunning, _) = dunning.method_changed(day(3), &policy);
    assert_eq!(dunning.skipped(day(3), &policy).1, Next::RetryAt(day(7)));
}
