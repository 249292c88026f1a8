//! Timers: what must happen later says so in the index, at the right time,
//! and nothing is left lying.

use crate::Invariant::{Conservation, DueKey, NoStuckWork};
use crate::dunning::{RETRIES, days_after};
use crate::item::Item;
use crate::notes::Notes;
use crate::payments::{is_open, open_surplus};
use crate::refunds::pending;
use crate::table::{Changed, Step, Table};
use jiff::{SignedDuration, Timestamp};

/// How late a timer may be served.
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// The longest an entry is left alone after a failure.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// When an event nobody could deliver, or a kept provider event, is given up.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(48);
const WAITED: SignedDuration = SignedDuration::from_hours(24);
/// When a subscription is parked.
const MOST_FAULTS: i128 = 8;

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The attribute that says when a type's next action is, and who serves it.
fn timer(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        "subscription" => Some(("next_action_at", "renew_subscriptions")),
        "payment" | "provider_event" => Some(("check_at", "reconcile_payments")),
        "invoice" => Some(("finalise_at", "reconcile_payments")),
        "event" => Some(("deliver_at", "reconcile_payments")),
        "vat_check" => Some(("check_at", "check_vat_numbers")),
        _ => None,
    }
}

/// Judges the timers a commit left.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for change in &step.changes {
        let Some(new) = &change.new else { continue };
        if let Err(what) = is_indexed(step, change, new) {
            notes.broken(DueKey, format!("{}: {what}", change.place()));
        }
        let needs = match new.text("type") {
            "payment" => payment(step, new),
            "invoice" => invoice(new),
            "provider_event" => provider_event(step, new),
            "subscription" => subscription(step, change, new),
            "event" if change.old.is_none() => event(new),
            "vat_check" => vat_check(new),
            _ => Ok(()),
        };
        if let Err(what) = needs {
            notes.broken(DueKey, format!("{}: {what}", change.place()));
        }
    }
}

fn is_indexed(step: &Step<'_>, change: &Changed, item: &Item) -> Result<(), String> {
    let (shard, due) = (item.text("due_shard"), item.text("due_at"));
    let Some((attribute, job)) = timer(item.text("type")) else {
        return if shard.is_empty() && due.is_empty() {
            Ok(())
        } else {
            Err("it has a timer nobody serves".to_owned())
        };
    };
    let Some(at) = item.at(attribute).time() else {
        return match item.at(attribute).is_nothing() && shard.is_empty() && due.is_empty() {
            true => Ok(()),
            false => Err(format!("it is due at {due:?} without {attribute}")),
        };
    };
    if due.is_empty() && shard.is_empty() && item.text("type") == "event" {
        let given_up = item
            .at("at")
            .time()
            .is_some_and(|at| later(at, GIVEN_UP) <= later(step.at, crate::time::SKEW));
        return match given_up {
            true => Ok(()),
            false => Err("it waits without a timer".to_owned()),
        };
    }
    let whole = match at.subsec_nanosecond() {
        0 => at,
        _ => Timestamp::from_second(at.as_second().saturating_add(1)).unwrap_or(at),
    };
    let expected = format!("{whole}#{}", change.sk);
    if due != expected {
        return Err(format!("it is due at {due:?}, not at {expected:?}"));
    }
    let number = shard
        .strip_prefix(&format!("DUE#{job}#"))
        .filter(|number| number.len() == 2)
        .and_then(|number| number.parse::<u8>().ok());
    let before = change.old.as_ref().map_or("", |old| old.text("due_shard"));
    match number {
        Some(0..16) if before.is_empty() || before == shard => Ok(()),
        _ => Err(format!("it is in the shard {shard:?}")),
    }
}

fn iff(busy: bool, timed: bool, what: &str) -> Result<(), String> {
    match (busy, timed) {
        (true, false) => Err(format!("{what}, and nothing will look at it")),
        (false, true) => Err(format!("nothing {what}, and it has a timer")),
        _ => Ok(()),
    }
}

fn payment(step: &Step<'_>, item: &Item) -> Result<(), String> {
    let busy = item.at("attempts").list().any(is_open)
        || open_surplus(item).next().is_some()
        || pending(item).next().is_some();
    iff(
        busy,
        item.at("check_at").is_set(),
        "is open or to be refunded",
    )?;
    let check = item.at("check_at").time();
    // The longest wait is a day.
    let latest = later(step.at, WAITED.saturating_add(LATE));
    match check {
        Some(check) if check > latest => Err(format!("it is looked at only at {check}")),
        _ => Ok(()),
    }
}

fn invoice(item: &Item) -> Result<(), String> {
    let ready = item.text("status.state") == "ready";
    iff(ready, item.at("finalise_at").is_set(), "waits for a number")
}

fn provider_event(step: &Step<'_>, item: &Item) -> Result<(), String> {
    let waits = matches!(item.text("state.inbox"), "received" | "waiting");
    iff(waits, item.at("check_at").is_set(), "waits to be applied")?;
    match item.at("check_at").time() {
        Some(check) if check > later(step.at, LONGEST.saturating_add(LATE)) => {
            Err(format!("it is looked at only at {check}"))
        }
        _ => Ok(()),
    }
}

fn subscription(step: &Step<'_>, change: &Changed, item: &Item) -> Result<(), String> {
    let next = item.at("next_action_at").time();
    let failed = item.at("faults").count() > 0;
    let is_parked = item.at("faults").count() >= MOST_FAULTS;
    let soon = |wait: SignedDuration| next.is_some_and(|next| next <= later(step.at, wait));
    match (item.text("status.state"), item.at("renewal").is_set()) {
        ("active", false) => match next {
            None if is_parked => Ok(()),
            None => Err("it is to be renewed, and nothing will do it".to_owned()),
            Some(next) if Some(next) == item.at("period.end").time() => Ok(()),
            // Put off after a failure, or for a day after too many openings.
            Some(_) if soon(WAITED) => Ok(()),
            Some(next) => Err(format!("it is renewed only at {next}")),
        },
        ("active", true) => match next {
            Some(next) if !failed => Err(format!("a payment decides, yet it is due at {next}")),
            _ => Ok(()),
        },
        ("past_due", _) => {
            let first = item.at("status.dunning.first_failed_at").time();
            let scheduled = RETRIES
                .iter()
                .any(|days| first.map(|first| days_after(first, *days)) == next);
            let sk = format!("PAYMENT#{}", item.text("renewal"));
            let open = step
                .beside(change, &sk)
                .is_some_and(|it| it.at("attempts").list().any(is_open));
            match next {
                None if open || is_parked => Ok(()),
                None => Err("it is past due, and nothing will try it again".to_owned()),
                Some(_) if scheduled || soon(LONGEST) => Ok(()),
                Some(next) => Err(format!("it is tried again at {next}, off its schedule")),
            }
        }
        (state, _) => iff(false, next.is_some(), &format!("follows when {state}")),
    }
}

/// The register is asked about every number but those it refused for a month.
fn vat_check(item: &Item) -> Result<(), String> {
    let refused = item.text("registration") == "invalid" && item.at("refused").count() >= 30;
    iff(!refused, item.at("check_at").is_set(), "may be registered")
}

/// Events somebody waits for.
const CONSUMED: &[&str] = &[
    "user_registered",
    "registration_repeated",
    "verification_requested",
    "nothing_to_send",
    "session_reused",
    "renewal_declined",
    "payment_page_opened",
    "subscription_unpaid",
];

fn event(item: &Item) -> Result<(), String> {
    let name = item.text("event");
    let awaited = CONSUMED.contains(&name)
        || (name == "invoice_finalised" && item.at("paid").is_true())
        || (name == "period_paid" && item.at("numbered").is_true());
    iff(
        awaited,
        item.at("deliver_at").is_set(),
        "is to be delivered",
    )?;
    let limit = item
        .at("at")
        .time()
        .map(|at| later(at, SignedDuration::from_mins(10)));
    match item.at("deliver_at").time() {
        Some(at) if Some(at) > limit => Err(format!("it is delivered again only at {at}")),
        _ => Ok(()),
    }
}

/// Judges what is left when nothing is under way.
pub(crate) fn at_rest(table: &Table, now: Timestamp, notes: &mut Notes) {
    for (pk, sk, item) in table.all() {
        let place = || format!("{pk}/{sk}");
        if let Some((due, _)) = item.text("due_at").split_once('#') {
            let due: Option<Timestamp> = due.parse().ok();
            let fine = due.is_some_and(|due| later(due, LATE) >= now);
            notes.must(fine, NoStuckWork, || {
                format!("{} was due at {due:?}, it is {now}", place())
            });
        }
        match item.text("type") {
            "invoice" => {
                let wanted = item.at("finalise_at").time();
                let fine = wanted.is_none_or(|at| later(at, LATE) >= now);
                notes.must(fine, NoStuckWork, || {
                    format!("{} has no number yet", place())
                });
            }
            "provider_event" if item.at("check_at").is_set() => {
                let end = item.at("received_at").time();
                let limit = WAITED.saturating_add(LONGEST).saturating_add(LATE);
                let fine = end.is_some_and(|at| later(at, limit) >= now);
                notes.must(fine, Conservation, || {
                    format!("{} is {} for ever", place(), item.text("state.inbox"))
                });
            }
            "event" if item.at("deliver_at").is_set() => {
                let age = item.at("at").time();
                let limit = GIVEN_UP.saturating_add(LONGEST).saturating_add(LATE);
                let gone = item.text("due_at").is_empty();
                let fine = gone || age.is_some_and(|at| later(at, limit) >= now);
                notes.must(fine, Conservation, || {
                    format!("{} is neither delivered nor given up", place())
                });
            }
            _ => {}
        }
    }
}
