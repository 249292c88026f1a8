//! Nothing is dated past the moment it is written.

use crate::Invariant::Time;
use crate::item::Node;
use crate::notes::Notes;
use crate::table::Step;
use jiff::{SignedDuration, Timestamp};

/// How far two clocks may differ.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Attributes that tell the past, wherever they are.
const PAST: &[&str] = &[
    "at",
    "created_at",
    "claimed_at",
    "received_at",
    "started_at",
    "paid_at",
    "issued_at",
    "used_at",
    "email_verified_at",
    "since",
    "began_at",
    "rotated_at",
    "published_at",
    "first_failed_at",
    "last_attempt_at",
    "absent_since",
    "requested_at",
];

/// Judges every moment a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    let latest = step.at.checked_add(SKEW).unwrap_or(step.at);
    for change in &step.changes {
        let Some(new) = &change.new else { continue };
        // Products are written by people, and are long.
        if new.text("type") == "product" {
            continue;
        }
        if let Some((name, at)) = late(new.node(), latest) {
            notes.broken(Time, format!("{}: {name} is {at}, to come", change.place()));
        }
    }
    let Some(told) = step.put("event").find_map(|(_, it)| it.at("at").time()) else {
        return;
    };
    for change in &step.changes {
        let Some(new) = &change.new else { continue };
        // The provider's event was there before what it brought about.
        if new.text("type") == "provider_event" {
            continue;
        }
        let old = change.old.as_ref().map(|old| old.node());
        if let Some((name, at)) = apart(new.node(), old, told) {
            let place = change.place();
            notes.broken(Time, format!("{place}: {name} is {at}, told at {told}"));
        }
    }
}

/// A moment that is new in a commit and not the moment of its event.
fn apart<'a>(
    new: Node<'a>,
    old: Option<Node<'_>>,
    told: Timestamp,
) -> Option<(&'a str, Timestamp)> {
    let members = new.members().find_map(|(name, value)| {
        let before = old.map(|old| old.at(name));
        // What these tell happened before: a credit note names its invoice.
        let earlier = ["openings", "dunning", "correction"].contains(&name);
        if before == Some(value) || earlier {
            return None;
        }
        if PAST.contains(&name) {
            let at = moment(value)?;
            return (told.duration_since(at).abs() > SKEW).then_some((name, at));
        }
        apart(value, before, told)
    });
    members.or_else(|| {
        new.list().enumerate().find_map(|(place, member)| {
            let before = old.and_then(|old| old.list().nth(place));
            apart(member, before, told)
        })
    })
}

fn late<'a>(node: Node<'a>, latest: Timestamp) -> Option<(&'a str, Timestamp)> {
    let members = node.members().find_map(|(name, value)| {
        if PAST.contains(&name) {
            let at = moment(value)?;
            return (at > latest).then_some((name, at));
        }
        late(value, latest)
    });
    members.or_else(|| node.list().find_map(|member| late(member, latest)))
}

/// A moment as text, or in milliseconds.
pub(crate) fn moment(node: Node<'_>) -> Option<Timestamp> {
    node.time().or_else(|| {
        let millis = i64::try_from(node.number()?).ok()?;
        Timestamp::from_millisecond(millis).ok()
    })
}
