//! A share of the simulations: histories of a whole shop under faults, judged
//! by an auditor that shares no code with it. `make simulate` plays more.

use local::Condition;
use tests::proof::conditions::without;
use tests::proof::simulate;

#[test]
fn histories_under_faults_keep_every_invariant() {
    let hunt = simulate(1..25, false, false);
    assert!(hunt.failures.is_empty(), "{:#?}", hunt.failures);
    let met = |what: &str| hunt.met.keys().filter(|met| met.contains(what)).count();
    assert!(met("fault: ") > 40, "{:#?}", hunt.met);
    assert!(hunt.met["rests"] >= 24);
}

#[test]
fn a_history_played_twice_is_the_same() {
    let hunt = simulate(1_001..1_005, true, false);
    assert!(hunt.failures.is_empty(), "{:#?}", hunt.failures);
}

#[test]
fn a_shop_that_claims_a_key_twice_is_found_out() {
    let condition = Condition {
        kind: "Put".to_owned(),
        item: "ACCOUNT/IDEMPOTENCY".to_owned(),
        expression: "attribute_not_exists(pk)".to_owned(),
    };
    let caught = without(&[condition], 40).expect("nobody missed the condition");
    assert!(caught.seed.is_some(), "{caught}");
}
