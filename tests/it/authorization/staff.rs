//! What is for staff, and for which of them.

use super::callers::Callers;
use super::{absent_path, fresh, refuses};
use functions::registry::Entry;
use tests::stage::{Ask, COUPON};

/// Customers are told the same of every id, and so are staff who may not; to
/// those who may, what is not there is not there.
pub(super) async fn only_staff(callers: &Callers, entry: &Entry, support: bool) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = fresh(stage, entry);
    // The books of a day or a year are of nobody, so that none can be absent.
    let absent = names_one(&good.path).then(|| good.clone().at(absent_path(&good.path)));
    let mut strangers = vec![&stage.ada, &stage.eve];
    if !support {
        strangers.push(&stage.support);
    }
    let asks = strangers.iter().flat_map(|user| {
        let all = [Some(&good), absent.as_ref()];
        all.into_iter()
            .flatten()
            .map(|ask| ask.clone().by(&user.token))
    });
    refuses(stage, id, asks.collect(), 403, "forbidden").await;
    if let Some(absent) = absent {
        let nothing = vec![absent.by(&stage.finance.token)];
        refuses(stage, id, nothing, 404, "not_found").await;
    }
    let mut may = vec![&stage.finance];
    // What can be done once is done by the one who has not asked for it.
    if id != "approve_refund" {
        may.push(&stage.admin);
    }
    if support {
        may.push(&stage.support);
    }
    for user in may {
        let answer = fresh(stage, entry).by(&user.token).send(&stage.shop).await;
        let told = (answer.status, &answer.json);
        assert_eq!(
            told.0, entry.spec.success,
            "{id} by {}: {}",
            user.email, told.1
        );
    }
}

/// True for a path with an id in it.
fn names_one(path: &str) -> bool {
    path.split(['/', '=']).any(|segment| segment.contains('_'))
}

/// To everybody else each coupon is as forbidden as the next, there or not.
pub(super) async fn only_admins(callers: &Callers, entry: &Entry) {
    let (id, stage) = (entry.spec.id, &callers.stage);
    let good = fresh(stage, entry);
    let absent = good.clone().at(good.path.replace(COUPON, "NOT-THERE"));
    let strangers = [&stage.ada, &stage.eve, &stage.support, &stage.finance];
    let asks = strangers.iter().flat_map(|user| {
        let by = |ask: &Ask| ask.clone().by(&user.token);
        [by(&good), by(&absent)]
    });
    refuses(stage, id, asks.collect(), 403, "forbidden").await;
    if absent.path != good.path {
        let nothing = vec![absent.by(&stage.admin.token)];
        refuses(stage, id, nothing, 404, "not_found").await;
    }
    let answer = good.by(&stage.admin.token).send(&stage.shop).await;
    assert_eq!(answer.status, entry.spec.success, "{id}: {}", answer.json);
}
