//! How often a card may be tried (billing rules D): the first charge, then
//! retries 2, 7, 14 and 21 days after the first decline, none after a hard
//! one, none when nobody is served any more.

use crate::Invariant::{AttemptBound, Periods};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::{Changed, Step};
use jiff::{SignedDuration, Timestamp};

/// Days from the first decline to each retry; the last is the end.
pub(crate) const RETRIES: [i64; 4] = [2, 7, 14, 21];

/// Days from the first decline to the end of dunning.
const LAST_DAY: i64 = 21;

/// Counted attempts in any 30 days.
const CEILING: usize = 8;

/// Pages of one order at most.
const PAGES: usize = 10;

/// Charges of any card in any 30 days.
const MOST: usize = 15;

/// Most periods of a subscription opened within a day of the first of them.
const OPENINGS: usize = 15;

/// Declines that no retry of the same card cures.
const HARD: &[&str] = &[
    "blocklist",
    "card_not_supported",
    "expired_card",
    "fraudulent",
    "incorrect_cvc",
    "incorrect_number",
    "invalid_account",
    "invalid_cvc",
    "invalid_expiry_year",
    "invalid_pin",
    "live_mode_test_card",
    "lost_card",
    "merchant_blacklist",
    "not_permitted",
    "pickup_card",
    "previously_declined_do_not_retry",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "stolen_card",
    "stop_payment_order",
];

/// A moment some days of 24 hours later.
pub(crate) fn days_after(at: Timestamp, days: i64) -> Timestamp {
    let wait = SignedDuration::from_hours(days.saturating_mul(24));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Judges the attempts and openings a commit began.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, payment) in step.written("payment") {
        let before = old.map_or(0, |old| old.at("attempts").list().count());
        let attempts: Vec<_> = payment.at("attempts").list().collect();
        if attempts.len() <= before {
            continue;
        }
        let place = change.place();
        if payment.text("purpose.for") == "order" {
            notes.must(is_asked_for(old, &attempts), AttemptBound, || {
                format!("{place}: page {} nobody asked for", attempts.len())
            });
        } else if let Err(what) = is_within_bounds(&attempts) {
            notes.broken(AttemptBound, format!("{place}: {what}"));
        }
        if payment.text("purpose.for") == "renewal" {
            served(step, change, payment, notes);
        }
    }
    for (change, period) in step.put("period") {
        openings(step, change, period, notes);
    }
    for (change, old, subscription) in step.written("subscription") {
        if let Err(what) = is_dunned_right(step, change, old, subscription) {
            notes.broken(AttemptBound, format!("{}: {what}", change.place()));
        }
    }
}

/// Dunning counts from the first decline, and ends with the schedule.
fn is_dunned_right(
    step: &Step<'_>,
    change: &Changed,
    old: Option<&Item>,
    subscription: &Item,
) -> Result<(), String> {
    let first = |item: &Item| item.at("status.dunning.first_failed_at").time();
    let was = old.filter(|old| old.text("status.state") == "past_due");
    if subscription.text("status.state") == "past_due" {
        let sk = format!("PAYMENT#{}", subscription.text("renewal"));
        let payment = step.beside(change, &sk).ok_or("it is tried for nothing")?;
        let attempts: Vec<_> = payment.at("attempts").list().collect();
        let (_, declined) = first_decline(&attempts).ok_or("nothing was declined")?;
        return match first(subscription) == Some(declined) {
            true => Ok(()),
            false => Err(format!("it counts from another moment than {declined}")),
        };
    }
    let over = matches!(subscription.text("status.state"), "unpaid" | "canceled");
    let end = was.and_then(first).map(|at| days_after(at, LAST_DAY));
    match end {
        Some(end) if over && step.at < end => Err(format!("it was given up before {end}")),
        _ => Ok(()),
    }
}

/// A further page of an order is one its customer asked for, the page before it
/// is closed, and there are not too many.
fn is_asked_for(old: Option<&Item>, attempts: &[Node<'_>]) -> bool {
    let Some((_, before)) = attempts.split_last().filter(|(_, it)| !it.is_empty()) else {
        return true;
    };
    let was_asked = old.is_some_and(|old| old.at("another_page").is_set());
    let is_closed = |it: &Node<'_>| it.at("outcome").text() == "failed";
    was_asked && attempts.len() <= PAGES && before.iter().all(is_closed)
}

fn is_off_session(attempt: &Node<'_>) -> bool {
    attempt.at("channel").text() == "off_session"
}

/// Judges the last of a renewal's attempts by those before it.
fn is_within_bounds(attempts: &[Node<'_>]) -> Result<(), String> {
    let Some((last, before)) = attempts.split_last() else {
        return Ok(());
    };
    let started = last.at("started_at").time().ok_or("it began at no time")?;
    let previous = before.last().map(|it| it.at("outcome").text());
    if !is_off_session(last) {
        return match previous {
            // A page follows only what the bank wanted the customer for.
            Some("needs_customer") => Ok(()),
            _ => Err(format!("a page after {previous:?}")),
        };
    }
    let charges = || before.iter().filter(|it| is_off_session(it));
    let recent = charges()
        .filter(|it| it.at("started_at").time() > Some(days_after(started, -30)))
        .collect::<Vec<_>>();
    // What a card that is new was tried for first is not counted, nor what
    // never reached the provider.
    let counted = recent.iter().enumerate().filter(|(place, it)| {
        let mut before = recent.iter().take(*place);
        let known = before.any(|other| other.at("payment_method") == it.at("payment_method"));
        (known || *place == 0) && it.at("outcome").text() != "not_created"
    });
    let counted = counted.count();
    let is_known = charges().any(|it| it.at("payment_method") == last.at("payment_method"));
    if (is_known && counted >= CEILING) || recent.len() >= MOST {
        return Err(format!("{counted} of {} charges in 30 days", recent.len()));
    }
    let Some((place, first)) = first_decline(before) else {
        // What never reached the provider is tried once more, at once.
        return match (before.len(), previous) {
            (0, _) | (1, Some("not_created")) => Ok(()),
            _ => Err("a charge before anything was declined".to_owned()),
        };
    };
    let mut of_it = charges().filter(|it| it.at("payment_method") == last.at("payment_method"));
    let is_hard = |it: &&Node<'_>| {
        it.at("outcome").text() == "failed" && HARD.contains(&it.at("code").text())
    };
    if let Some(hard) = of_it.find(is_hard) {
        return Err(format!("a charge after {}", hard.at("code").text()));
    }
    // Another card is tried at once, as long as the schedule lasts.
    let card = charges().next_back().map(|it| it.at("payment_method"));
    if card != Some(last.at("payment_method")) && started <= days_after(first, LAST_DAY + 1) {
        return Ok(());
    }
    // One attempt for each scheduled moment, never before it. What follows
    // an attempt that never was belongs to the same moment.
    let made = retries(
        before.get(place).map(|it| it.at("payment_method")),
        before.get(place.saturating_add(1)..).unwrap_or_default(),
    );
    let follows_nothing = previous == Some("not_created")
        && before.iter().rev().nth(1).map(|it| it.at("outcome").text()) != Some("not_created");
    let allowed = RETRIES
        .iter()
        .filter(|days| days_after(first, **days) <= started)
        .count();
    if !follows_nothing && made >= allowed {
        return Err(format!("retry {} before its time", made.saturating_add(1)));
    }
    Ok(())
}

/// Which attempt was declined first, and when, in whole seconds.
fn first_decline(attempts: &[Node<'_>]) -> Option<(usize, Timestamp)> {
    let mut lost = false;
    for (place, attempt) in attempts.iter().enumerate() {
        let outcome = attempt.at("outcome").text();
        let declined = match outcome {
            "failed" | "needs_customer" => true,
            "not_created" => lost,
            _ => false,
        };
        if declined {
            let at = attempt.at("at").time()?;
            return Some((place, Timestamp::from_second(at.as_second()).ok()?));
        }
        lost = outcome == "not_created";
    }
    None
}

/// How many scheduled moments the attempts after the first decline, of this
/// card, took: what follows an attempt that never was shares its moment, and
/// another card takes none.
fn retries<'a>(first: Option<Node<'a>>, attempts: &[Node<'a>]) -> usize {
    let mut made = 0_usize;
    let mut follows_nothing = false;
    let mut card = first;
    for attempt in attempts.iter().filter(|it| is_off_session(it)) {
        let is_other = card.is_some_and(|card| card != attempt.at("payment_method"));
        card = Some(attempt.at("payment_method"));
        if !follows_nothing && !is_other {
            made = made.saturating_add(1);
        }
        follows_nothing = !follows_nothing && attempt.at("outcome").text() == "not_created";
    }
    made
}

/// No attempt where nobody is served for it any more.
fn served(step: &Step<'_>, change: &Changed, payment: &Item, notes: &mut Notes) {
    let sk = format!("SUBSCRIPTION#{}", payment.text("purpose.subscription"));
    let state = step
        .beside(change, &sk)
        .map_or("", |it| it.text("status.state"));
    notes.must(matches!(state, "active" | "past_due"), AttemptBound, || {
        format!("{}: an attempt while {sk} is {state:?}", change.place())
    });
}

/// A clock that runs wild must not charge a card without end.
fn openings(step: &Step<'_>, change: &Changed, period: &Item, notes: &mut Notes) {
    let prefix = format!("PERIOD#{}#", period.text("subscription"));
    let opened = |item: &Item| {
        let sk = format!("INVOICE#{}", item.text("invoice"));
        step.beside(change, &sk)?.at("created_at").time()
    };
    let index = period.at("index").count();
    let early = index.checked_sub(15).filter(|it| *it >= 1);
    let recent = early
        .and_then(|it| step.beside(change, &format!("{prefix}{it:06}")))
        .and_then(opened)
        .is_some_and(|at| days_after(at, 1) > step.at);
    if !recent {
        return;
    }
    let mut window = (Timestamp::MIN, 0_usize);
    for (_, item) in step.table.range(&change.pk, &prefix).skip(1) {
        let Some(at) = opened(item) else { continue };
        window = if at >= days_after(window.0, 1) {
            (at, 1)
        } else {
            (window.0, window.1.saturating_add(1))
        };
        if window.1 > OPENINGS {
            notes.broken(
                Periods,
                format!("{}: {} periods opened in a day", change.place(), window.1),
            );
            return;
        }
    }
}
