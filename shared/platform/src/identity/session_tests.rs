//! The rules of refreshing, as a machine that is fed histories.

use super::*;
use domain::account::StaffRole;
use domain::id::{AccountId, Id as _, SessionId, UserId};
use proptest::prelude::*;

const CLIENT: ClientKind = ClientKind::Cookie;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn opened() -> Session {
    Session {
        id: SessionId::from_bits(1),
        user: UserId::from_bits(2),
        account: AccountId::from_bits(3),
        role: StaffRole::Customer,
        client: CLIENT,
        n: 0,
        salt: String::new(),
        began_at: at(0),
        rotated_at: at(0),
        ended: None,
    }
}

/// Does to the session what the table would, and says which token the caller
/// gets.
fn present(session: &mut Session, n: u32, now: i64) -> (Judgement, Option<u32>) {
    let judgement = judge(session, n, CLIENT, at(now));
    match judgement {
        Judgement::Rotate => {
            session.n += 1;
            session.rotated_at = at(now);
            (judgement, Some(session.n))
        }
        Judgement::Grace => (judgement, Some(session.n)),
        Judgement::Reuse => {
            session.ended = Some(SessionEnd::Reused);
            (judgement, None)
        }
        Judgement::Refused => (judgement, None),
    }
}

#[test]
fn two_tabs_that_refresh_at_once_get_the_same_token() {
    let mut session = opened();
    assert_eq!(present(&mut session, 0, 100), (Judgement::Rotate, Some(1)));
    assert_eq!(present(&mut session, 0, 100), (Judgement::Grace, Some(1)));
    assert_eq!(present(&mut session, 0, 130), (Judgement::Grace, Some(1)));
}

#[test]
fn a_used_token_after_the_grace_ends_the_session() {
    let mut session = opened();
    present(&mut session, 0, 100);
    assert_eq!(present(&mut session, 0, 131), (Judgement::Reuse, None));
    assert_eq!(present(&mut session, 1, 131), (Judgement::Refused, None));
}

#[test]
fn a_used_token_ends_the_session_within_the_grace_too_once_its_successor_was_used() {
    let mut session = opened();
    present(&mut session, 0, 100);
    present(&mut session, 1, 101);
    assert_eq!(present(&mut session, 0, 102), (Judgement::Reuse, None));
}

#[test]
fn a_session_ends_after_14_idle_days_and_after_30_days_in_all() {
    const DAY: i64 = 86_400;
    let mut session = opened();
    assert_eq!(
        judge(&session, 0, CLIENT, at(14 * DAY - 1)),
        Judgement::Rotate
    );
    assert_eq!(judge(&session, 0, CLIENT, at(14 * DAY)), Judgement::Refused);
    for day in 1..30 {
        let n = session.n;
        assert_eq!(present(&mut session, n, day * DAY).0, Judgement::Rotate);
    }
    assert_eq!(
        judge(&session, session.n, CLIENT, at(30 * DAY)),
        Judgement::Refused
    );
    // Nor is anything left to end.
    assert_eq!(judge(&session, 0, CLIENT, at(30 * DAY)), Judgement::Refused);
}

#[test]
fn a_token_of_another_client_kind_is_refused_and_changes_nothing() {
    assert_eq!(
        judge(&opened(), 0, ClientKind::Body, at(1)),
        Judgement::Refused
    );
}

#[test]
fn a_used_token_of_another_client_kind_is_a_copy() {
    let mut session = opened();
    present(&mut session, 0, 100);
    assert_eq!(
        judge(&session, 0, ClientKind::Body, at(101)),
        Judgement::Reuse
    );
}

#[test]
fn only_a_live_session_is_let_through() {
    let stored = |value| Some(Stored { value, version: 1 });
    let ended = Session {
        ended: Some(SessionEnd::SignedOut),
        ..opened()
    };
    assert_eq!(require_live(stored(opened()), at(1)), Ok(()));
    assert_eq!(
        require_live(stored(ended), at(1)),
        Err(Code::Unauthenticated)
    );
    assert_eq!(
        require_live(stored(opened()), at(31 * 86_400)),
        Err(Code::Unauthenticated)
    );
    assert_eq!(require_live(None, at(1)), Err(Code::Unauthenticated));
}

#[test]
fn a_session_reads_back_what_it_writes() {
    let session = Session {
        ended: Some(SessionEnd::Reused),
        n: 7,
        rotated_at: at(1_700_000_000),
        ..opened()
    };
    let item: serde_dynamo::Item = serde_dynamo::to_item(&session).unwrap();
    // The rotation compares these in the table: they must be numbers there.
    assert_eq!(
        item["rotated_at"],
        serde_dynamo::AttributeValue::N("1700000000000".to_owned())
    );
    assert_eq!(
        item["client"],
        serde_dynamo::AttributeValue::S("cookie".to_owned())
    );
    assert_eq!(
        serde_dynamo::from_item::<_, Session>(item).unwrap(),
        session
    );
    let live: serde_dynamo::Item = serde_dynamo::to_item(opened()).unwrap();
    assert!(live.get("ended").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whoever presents whatever tokens at whatever times: at most one token
    /// rotates, and a replay after the grace leaves none that does.
    #[test]
    fn there_is_one_live_branch_and_a_late_replay_ends_it(
        steps in prop::collection::vec((0_u32..12, 0_i64..50), 1..60),
    ) {
        let mut session = opened();
        let mut now = 0;
        let mut issued = vec![0];
        for (back, wait) in steps {
            now += wait;
            // Only tokens that were given out are presented.
            let newest = issued.len() - 1;
            let n = issued[newest.saturating_sub(back as usize)];
            let before = session.clone();
            let late = n < before.n && !(n + 1 == before.n && at(now).duration_since(before.rotated_at) <= GRACE);
            let (judgement, given) = present(&mut session, n, now);
            if let Some(given) = given {
                prop_assert_eq!(given, session.n);
                issued.push(given);
            }
            if late && before.is_live(at(now)) {
                prop_assert_eq!(judgement, Judgement::Reuse);
            }
            let live = issued.iter().copied().collect::<std::collections::BTreeSet<u32>>();
            let live = live.into_iter().filter(|n| judge(&session, *n, CLIENT, at(now)) == Judgement::Rotate).count();
            prop_assert!(live <= 1);
            if session.ended.is_some() {
                prop_assert_eq!(live, 0);
            }
        }
    }
}
