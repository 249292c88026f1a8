//! The outbox: each change of a state has its event in the same commit, each
//! event its change.

use crate::Invariant::{Audit, Form, Outbox};
use crate::cards::{self, is_about_cards};
use crate::coupons::became as is_of_coupon;
use crate::disputes::became as is_disputed;
use crate::item::Item;
use crate::ledger::has_number;
use crate::notes::Notes;
use crate::payments::is_open;
use crate::shape::half_hash;
use crate::table::{Changed, Step};

/// Judges events against changes, both ways.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for change in &step.changes {
        let Some(new) = &change.new else { continue };
        let Some((names, field)) = wanted(step, change, new) else {
            continue;
        };
        let is_named = matches!(new.text("type"), "period" | "login");
        let digest = half_hash(new.text("number"));
        let id = match new.text("type") {
            "vat_check" => &digest,
            _ => new.text(if is_named { field } else { "id" }),
        };
        let is_told = names.iter().any(|name| step.tells(name, field, id));
        notes.must(is_told, Audit, || {
            format!("{} changed, and none of {names:?} tells it", change.place())
        });
    }
    for (change, event) in step.put("event") {
        let name = event.text("event");
        notes.saw(format!("event: {name}"));
        let happened = is_about_cards(event)
            .or_else(|| is_true(step, event))
            .filter(|_| EVENTS.contains(&name) || cards::EVENTS.contains(&name));
        match happened {
            None => notes.broken(Form, format!("{}: unknown event {name:?}", change.place())),
            Some(true) => {}
            Some(false) => notes.broken(
                Outbox,
                format!(
                    "{} tells {name}, which did not happen with it",
                    change.place()
                ),
            ),
        }
        let at = event.at("at").time();
        notes.must(at.is_some(), Form, || {
            format!("{} is of no time", change.place())
        });
    }
}

/// Every event there is.
const EVENTS: &[&str] = &[
    "user_registered",
    "registration_repeated",
    "verification_requested",
    "nothing_to_send",
    "email_verified",
    "session_reused",
    "order_placed",
    "order_paid",
    "order_canceled",
    "order_expired",
    "period_opened",
    "period_paid",
    "attempt_started",
    "renewal_declined",
    "customer_needed",
    "payment_page_opened",
    "subscription_unpaid",
    "subscription_ended",
    "subscription_parked",
    "invoice_finalised",
    "vat_number_checked",
    "surplus_captured",
    "surplus_refunded",
    "surplus_returned",
    "refund_requested",
    "refund_approved",
    "refund_rejected",
    "refund_made",
    "refund_refused",
    "refund_failed",
    "refund_adopted",
    "payment_disputed",
    "dispute_changed",
    "dispute_closed",
    "order_refunded",
    "coupon_created",
    "coupon_ended",
];

/// Every event there is, as it is counted when it is seen.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let all = EVENTS.iter().chain(&cards::EVENTS);
    all.map(|name| format!("event: {name}"))
}

type Told = (&'static [&'static str], &'static str);

/// The events of which one must tell a change, and the field in which.
fn wanted(step: &Step<'_>, change: &Changed, new: &Item) -> Option<Told> {
    let old = change.old.as_deref();
    let kind = new.text("type");
    let state = |item: &Item| match kind {
        "period" | "login" => item.text("status").to_owned(),
        "session" => item.text("ended").to_owned(),
        "vat_check" => item.text("answered_at").to_owned(),
        _ => item.text("status.state").to_owned(),
    };
    let to = state(new);
    if old.map(state).is_some_and(|from| from == to) {
        return None;
    }
    match (kind, to.as_str()) {
        ("order", "pending") => Some((&["order_placed"], "order")),
        ("order", "paid") => Some((&["order_paid"], "order")),
        ("order", "canceled") => Some((&["order_canceled"], "order")),
        ("order", "refunded") => Some((&["order_refunded"], "order")),
        ("order", "expired") => Some((&["order_expired"], "order")),
        ("payment", "pending") if new.text("purpose.for") == "renewal" => {
            Some((&["period_opened"], "payment"))
        }
        ("payment", "paid") => Some((&["order_paid", "period_paid"], "payment")),
        ("payment", "expired") => expired(step, change, new),
        ("subscription", "active") if old.is_some() => Some((&["period_paid"], "subscription")),
        ("subscription", "past_due") => Some((&["renewal_declined"], "subscription")),
        ("subscription", "unpaid") => Some((&["subscription_unpaid"], "subscription")),
        ("subscription", "canceled") => Some((
            &["subscription_ended", "subscription_unpaid"],
            "subscription",
        )),
        ("period", "open") => Some((&["period_opened"], "subscription")),
        ("period", "paid") if old.is_some() => Some((&["period_paid"], "subscription")),
        ("period", "past_due") => Some((&["renewal_declined"], "subscription")),
        ("period", "unpaid") => Some((&["subscription_unpaid"], "subscription")),
        ("invoice", "open" | "paid") if old.is_none_or(|old| !has_number(old)) => {
            Some((&["invoice_finalised"], "invoice"))
        }
        ("login", "active") if old.is_some_and(|old| old.text("status") == "unverified") => {
            Some((&["email_verified"], "user"))
        }
        ("vat_check", answered) if !answered.is_empty() => {
            Some((&["vat_number_checked"], "number"))
        }
        ("session", "reused") => Some((&["session_reused"], "session")),
        _ => None,
    }
}

/// A payment expires with its order, or after its order was canceled, which
/// was told then; a surplus capture is told as one.
fn expired(step: &Step<'_>, change: &Changed, payment: &Item) -> Option<Told> {
    let order = payment.text("purpose.order");
    let is_told = step.tells("order_expired", "order", order)
        || step.tells("surplus_captured", "payment", payment.text("id"));
    let was_canceled = step
        .beside(change, &format!("ORDER#{order}"))
        .is_some_and(|it| it.text("status.state") == "canceled");
    (!is_told && !was_canceled).then_some((&["surplus_captured"], "payment"))
}

/// True when what an event tells happened in the same commit; none for an
/// event nobody knows.
fn is_true(step: &Step<'_>, event: &Item) -> Option<bool> {
    let owner = format!("ACCOUNT#{}", event.text("account"));
    let written = |kind: &str, field: &str| {
        let found = step.change(&owner, &format!("{kind}#{}", event.text(field)))?;
        Some((found.old.as_deref(), found.new.as_deref()?))
    };
    let became = |kind: &str, field: &str, state: &str| {
        written(kind, field).is_some_and(|(old, new)| {
            let is = |item: &Item| item.text("status.state") == state;
            is(new) && !old.is_some_and(is)
        })
    };
    Some(match event.text("event") {
        "order_placed" => became("ORDER", "order", "pending"),
        "order_paid" => became("ORDER", "order", "paid") && became("PAYMENT", "payment", "paid"),
        "order_canceled" | "order_refunded" | "order_expired" => {
            let state = event.text("event").trim_start_matches("order_");
            became("ORDER", "order", state)
        }
        name if name.starts_with("refund_") => {
            refund_became(event, written("PAYMENT", "payment"), states_after(name)?)
        }
        name if name.contains("dispute") => is_disputed(event, written("PAYMENT", "payment")),
        "period_opened" => period_became(step, event, "open"),
        "period_paid" => {
            period_became(step, event, "paid")
                && became("PAYMENT", "payment", "paid")
                && tells_number(step, event)
        }
        "attempt_started" => {
            written("PAYMENT", "payment").is_some_and(|it| attempt_began(event, &it))
        }
        "renewal_declined" => declined(step, event, written("PAYMENT", "payment")),
        "customer_needed" => written("PAYMENT", "payment").is_some_and(|it| needs_more(&it)),
        "payment_page_opened" => written("PAYMENT", "payment").is_some_and(|(old, new)| {
            let has = |it: &Item| {
                it.at("attempts").list().any(|attempt| {
                    attempt.at("number") == event.at("attempt") && attempt.at("page").is_set()
                })
            };
            has(new) && !old.is_some_and(has)
        }),
        "subscription_unpaid" => ["unpaid", "canceled"]
            .iter()
            .any(|state| became("SUBSCRIPTION", "subscription", state)),
        "subscription_ended" => became("SUBSCRIPTION", "subscription", "canceled"),
        "subscription_parked" => {
            written("SUBSCRIPTION", "subscription").is_some_and(|(_, new)| is_parked(new))
        }
        "invoice_finalised" => written("INVOICE", "invoice").is_some_and(|(old, new)| {
            has_number(new) && !old.is_some_and(has_number) && agrees(event, new)
        }),
        "vat_number_checked" => {
            written("VATNUMBER", "number").is_some_and(|(_, new)| answered(event, new))
        }
        name if name.starts_with("coupon_") => is_of_coupon(step, event),
        name if name.starts_with("surplus_") => surplus_grew(name, written("PAYMENT", "payment")),
        other => return of_identity(step, event, other),
    })
}

/// It has an attempt of that number, and had none.
fn attempt_began(event: &Item, (old, new): &(Option<&Item>, &Item)) -> bool {
    let number = event.at("attempt");
    let begun = |it: &Item| it.at("attempts").list().any(|it| it.at("number") == number);
    begun(new) && !old.is_some_and(begun)
}

/// One more attempt wants the customer.
fn needs_more((old, new): &(Option<&Item>, &Item)) -> bool {
    let count = |it: &Item| outcomes(it, "needs_customer");
    count(new) > old.map_or(0, count)
}

fn is_parked(subscription: &Item) -> bool {
    subscription.at("next_action_at").is_nothing()
}

/// The register's answer, as it is kept.
fn answered(event: &Item, number: &Item) -> bool {
    let registered = event.at("registered").is_true();
    number.text("registration") == if registered { "valid" } else { "invalid" }
        && number.text("answered_at") == event.text("at")
}

fn of_identity(step: &Step<'_>, event: &Item, name: &str) -> Option<bool> {
    let user = event.text("user");
    Some(match name {
        "user_registered" => step.put("user").any(|(_, it)| it.text("id") == user),
        "verification_requested" => step.put("token").any(|(_, it)| it.text("user") == user),
        "email_verified" => step.written("user").any(|(_, old, new)| {
            let verified = |it: &Item| it.at("email_verified_at").is_set();
            new.text("id") == user && verified(new) && !old.is_some_and(verified)
        }),
        "session_reused" => step.written("session").any(|(_, old, new)| {
            new.text("id") == event.text("session")
                && new.text("ended") == "reused"
                && old.is_some_and(|old| old.at("ended").is_nothing())
        }),
        "registration_repeated" | "nothing_to_send" => step
            .changes
            .iter()
            .all(|it| matches!(it.kind(), "event" | "decoy")),
        _ => return None,
    })
}

/// A paid period says whether its invoice had a number before.
fn tells_number(step: &Step<'_>, event: &Item) -> bool {
    step.written("invoice")
        .find(|(_, _, invoice)| invoice.text("payment") == event.text("payment"))
        .is_some_and(|(_, old, _)| {
            event.at("numbered").is_true() == old.is_some_and(has_number)
                && event.at("numbered").is_set()
        })
}

fn agrees(event: &Item, invoice: &Item) -> bool {
    event.at("number") == invoice.at("status.number")
        && event.at("paid").is_true() == (invoice.text("status.state") == "paid")
}

fn outcomes(payment: &Item, outcome: &str) -> usize {
    payment
        .at("attempts")
        .list()
        .filter(|attempt| attempt.at("outcome").text() == outcome)
        .count()
}

fn period_became(step: &Step<'_>, event: &Item, state: &str) -> bool {
    let owner = format!("ACCOUNT#{}", event.text("account"));
    let index = event.at("index").count();
    let sk = format!("PERIOD#{}#{index:06}", event.text("subscription"));
    step.change(&owner, &sk).is_some_and(|it| {
        let is = |item: &Item| item.text("status") == state;
        let paid_by = |item: &Item| item.text("payment") == event.text("payment");
        it.new.as_deref().is_some_and(|new| is(new) && paid_by(new))
            && !it.old.as_deref().is_some_and(is)
    })
}

/// A charge that was declined, or a page that never opened: either way an
/// attempt ended.
fn declined(step: &Step<'_>, event: &Item, payment: Option<(Option<&Item>, &Item)>) -> bool {
    let Some((old, new)) = payment else {
        return false;
    };
    let open = |it: &Item| {
        it.at("attempts")
            .list()
            .any(|attempt| attempt.at("number") == event.at("attempt") && is_open(attempt))
    };
    let ended = old.is_some_and(open) && !open(new);
    let owner = format!("ACCOUNT#{}", event.text("account"));
    let sk = format!("SUBSCRIPTION#{}", event.text("subscription"));
    let dunned = step
        .change(&owner, &sk)
        .and_then(|it| it.new.as_deref())
        .is_some_and(|it| it.text("status.state") == "past_due");
    let code = event.text("code");
    let attempt = new
        .at("attempts")
        .list()
        .find(|attempt| attempt.at("number") == event.at("attempt"));
    let is_its = attempt.is_some_and(|attempt| match attempt.at("outcome").text() {
        "needs_customer" => code == "authentication_required",
        "not_created" => code == "not_created",
        _ => attempt.at("code").text() == code,
    });
    ended && (dunned && is_its || code == "page_unavailable")
}

/// The states a refund may be in once this is told of it.
fn states_after(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "refund_requested" => &["awaiting_approval", "pending"],
        "refund_approved" => &["pending"],
        "refund_rejected" => &["rejected"],
        "refund_made" | "refund_adopted" => &["made"],
        "refund_failed" => &["failed"],
        "refund_refused" => &["refused"],
        _ => return None,
    })
}

/// A refund got one of these states with it, by whom the event says.
fn refund_became(event: &Item, payment: Option<(Option<&Item>, &Item)>, states: &[&str]) -> bool {
    let Some((old, new)) = payment else {
        return false;
    };
    let state = |it: &Item| {
        let mut all = it.at("refunds").list();
        let found = all.find(|one| one.at("id").text() == event.text("refund"));
        found.map(|one| one.at("status.state").text().to_owned())
    };
    let asked = new.at("refunds").list().any(|one| {
        let by = match event.text("event") {
            "refund_requested" => one.at("requested_by"),
            "refund_approved" => one.at("approved_by"),
            "refund_rejected" => one.at("status.by"),
            _ => return true,
        };
        by == event.at("by")
    });
    let to = state(new);
    asked && to != old.and_then(state) && to.is_some_and(|to| states.contains(&to.as_str()))
}

fn surplus_grew(name: &str, payment: Option<(Option<&Item>, &Item)>) -> bool {
    let Some((old, new)) = payment else {
        return false;
    };
    let count = |it: &Item| match name {
        "surplus_captured" => crate::surplus::all(it).count(),
        "surplus_refunded" => crate::surplus::counts(it).0,
        _ => crate::surplus::counts(it).1,
    };
    count(new) == old.map_or(0, count).saturating_add(1)
}
