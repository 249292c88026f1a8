//! Subscriptions and their periods: dates from the anchor, one after the
//! other, and who is served has paid or is in grace.

use crate::Invariant::{Entitlement, Periods, Pointers};
use crate::calendar::{boundary, own_day};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::{Changed, Step};

/// Judges the subscriptions and periods a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, period) in step.put("period") {
        if let Err(what) = is_next(step, change, period) {
            notes.broken(Periods, format!("{}: {what}", change.place()));
        }
    }
    for (change, old, period) in step.written("period") {
        let sk = format!("SUBSCRIPTION#{}", period.text("subscription"));
        let served = step.change(&change.pk, &sk).is_some();
        let changed = old.is_none_or(|old| old.at("status") != period.at("status"));
        notes.must(served || !changed, Entitlement, || {
            format!("{} changed without its subscription", change.place())
        });
    }
    for (change, old, subscription) in step.written("subscription") {
        match old {
            None => begun(step, change, subscription, notes),
            Some(old) => moved(step, change, old, subscription, notes),
        }
        if let Err(what) = agrees(step, change, subscription) {
            notes.broken(Entitlement, format!("{}: {what}", change.place()));
        }
    }
}

fn sk_of(subscription: &str, index: i128) -> String {
    format!("PERIOD#{subscription}#{index:06}")
}

/// A period that was put: the next one, at its own dates, not before them.
fn is_next(step: &Step<'_>, change: &Changed, period: &Item) -> Result<(), String> {
    let id = period.text("subscription");
    let sk = format!("SUBSCRIPTION#{id}");
    let subscription = step.beside(change, &sk).ok_or("no such subscription")?;
    let index = period.at("index").number().ok_or("no index")?;
    has_own_dates(subscription, period.node(), index)?;
    let start = period.at("start").time().ok_or("no start")?;
    if start > step.at {
        return Err(format!("opened before it starts, at {start}"));
    }
    if index == 0 {
        let with_it = step
            .change(&change.pk, &sk)
            .is_some_and(|it| it.old.is_none());
        return match (with_it, period.text("status")) {
            (true, "paid") => Ok(()),
            _ => Err("period 0 comes paid, with its subscription".to_owned()),
        };
    }
    let before = step
        .beside(change, &sk_of(id, index.saturating_sub(1)))
        .ok_or("the period before is missing")?;
    if before.text("status") != "paid" {
        return Err(format!("the period before is {}", before.text("status")));
    }
    if before.at("end") != period.at("start") {
        return Err("it does not begin where the period before ends".to_owned());
    }
    if period.text("status") != "open" {
        return Err("a later period comes open".to_owned());
    }
    Ok(())
}

fn has_own_dates(subscription: &Item, period: Node<'_>, index: i128) -> Result<(), String> {
    let anchor = subscription.at("anchor");
    let expected = (
        boundary(anchor, index),
        boundary(anchor, index.saturating_add(1)),
    );
    let stored = (period.at("start").time(), period.at("end").time());
    match stored {
        (Some(start), Some(end)) if stored == expected && start < end => Ok(()),
        _ => Err(format!("it is {stored:?}, its anchor says {expected:?}")),
    }
}

fn begun(step: &Step<'_>, change: &Changed, subscription: &Item, notes: &mut Notes) {
    let place = change.place();
    let id = subscription.text("id");
    let anchor = subscription.at("anchor");
    let start = anchor.at("start").time();
    let whole = start.is_some_and(|at| at.subsec_nanosecond() == 0 && at <= step.at);
    notes.must(whole, Periods, || {
        format!("{place}: its anchor is no past second")
    });
    notes.must(
        own_day(anchor) == anchor.at("day").number(),
        Periods,
        || format!("{place}: its anchor keeps another day"),
    );
    notes.must(
        step.change(&change.pk, &sk_of(id, 0)).is_some(),
        Entitlement,
        || format!("{place} began without period 0"),
    );
    let zone = step.beside(change, "PROFILE").map(|it| it.at("zone"));
    notes.must(zone == Some(anchor.at("zone")), Periods, || {
        format!("{place}: its anchor is in another zone than its account")
    });
    let fresh = subscription.at("faults").count() == 0
        && !subscription.at("cancel_at_period_end").is_true();
    notes.must(fresh, Entitlement, || {
        format!("{place} began failed or ended")
    });
    let order = step.beside(change, &format!("ORDER#{}", subscription.text("order")));
    let line = order.and_then(|order| {
        order
            .at("lines")
            .list()
            .find(|line| line.at("subscription").text() == id)
    });
    let Some(line) = line else {
        notes.broken(Pointers, format!("{place} is of no line of its order"));
        return;
    };
    for (mine, theirs) in [
        ("plan", "plan"),
        ("product", "product"),
        ("quantity", "quantity"),
        ("scheme", "scheme"),
        ("currency", "total.currency"),
        ("anchor.interval", "interval"),
        ("name", "name"),
        ("product_slug", "product_slug"),
    ] {
        notes.must(subscription.at(mine) == line.at(theirs), Pointers, || {
            format!("{place}: its {mine} is not the one that was sold")
        });
    }
    for name in ["buyer", "country", "postal_code", "vat_number", "locale"] {
        let ordered = order.is_some_and(|order| order.at(name) == subscription.at(name));
        notes.must(ordered, Pointers, || {
            format!("{place}: its {name} is not the order's")
        });
    }
}

fn moved(step: &Step<'_>, change: &Changed, old: &Item, subscription: &Item, notes: &mut Notes) {
    let place = change.place();
    let index = subscription.at("period.index").count();
    let by = index.saturating_sub(old.at("period.index").count());
    notes.must((0..=1).contains(&by), Periods, || {
        format!("{place} moved by {by} periods")
    });
    if by == 0 {
        notes.must(
            old.at("period") == subscription.at("period"),
            Periods,
            || format!("{place}: its period changed"),
        );
        let card = old.at("payment_method") == subscription.at("payment_method");
        notes.must(card, Entitlement, || {
            format!("{place} got another card without a capture")
        });
    } else {
        let told = step.put("event").any(|(_, event)| {
            event.text("event") == "period_paid"
                && event.text("subscription") == subscription.text("id")
                && event.at("index").number() == Some(index)
        });
        notes.must(told, Entitlement, || {
            format!("{place} moved to period {index} without its payment")
        });
    }
    let faults = subscription.at("faults").count();
    let before = old.at("faults").count();
    notes.must(
        faults == 0 || faults == before || faults == before.saturating_add(1),
        Entitlement,
        || format!("{place} failed {faults} times, {before} before"),
    );
    let state = subscription.text("status.state");
    if state != old.text("status.state") && state != "active" {
        let end = subscription.at("period.end").time();
        notes.must(end.is_some_and(|end| end <= step.at), Entitlement, || {
            format!("{place} became {state} inside a paid period")
        });
    }
}

/// Compares a subscription's status with its last two periods.
fn agrees(step: &Step<'_>, change: &Changed, subscription: &Item) -> Result<(), String> {
    let id = subscription.text("id");
    let index = subscription.at("period.index").number().ok_or("no index")?;
    has_own_dates(subscription, subscription.at("period"), index)?;
    let period = |index: i128| step.beside(change, &sk_of(id, index));
    let last = period(index).ok_or("its period is not there")?;
    if last.text("status") != "paid" {
        return Err(format!("its period {index} is {}", last.text("status")));
    }
    let next = period(index.saturating_add(1));
    if period(index.saturating_add(2)).is_some() {
        return Err("two periods are open".to_owned());
    }
    let renewal = subscription.text("renewal");
    if let Some(next) = next
        && next.text("payment") != renewal
    {
        return Err(format!(
            "it waits for {renewal:?}, its next period does not"
        ));
    }
    let expected = match (subscription.text("status.state"), renewal) {
        ("active" | "canceled", "") => None,
        ("active", _) => Some("open"),
        ("past_due", _) => Some("past_due"),
        ("unpaid" | "canceled", _) => Some("unpaid"),
        (other, _) => return Err(format!("it is {other:?}")),
    };
    let found = next.map(|next| next.text("status"));
    if found == expected {
        Ok(())
    } else {
        let state = subscription.text("status.state");
        Err(format!(
            "it is {state}, its next period is {found:?}, not {expected:?}"
        ))
    }
}
