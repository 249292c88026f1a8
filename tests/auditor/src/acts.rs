//! Versions rise by one; what one act writes, it writes at once.

use crate::Invariant::{Claims, Form, MonotoneStates};
use crate::item::Item;
use crate::notes::Notes;
use crate::table::Step;
use std::collections::BTreeSet;

/// The acts seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acts(BTreeSet<u128>);

impl Acts {
    /// Judges versions and acts of a commit.
    pub(crate) fn judge(&mut self, step: &Step<'_>, notes: &mut Notes) {
        let mut here = BTreeSet::new();
        for change in &step.changes {
            let Some(new) = &change.new else { continue };
            if change.pk.starts_with("RATE#") {
                continue;
            }
            let before = change.old.as_ref().map_or(Some(0), |old| version(old));
            let after = version(new);
            notes.must(
                before.and_then(|it| it.checked_add(1)) == after && after.is_some(),
                MonotoneStates,
                || format!("{}: version {before:?} became {after:?}", change.place()),
            );
            let Some(act) = act_of(new) else {
                notes.broken(Form, format!("{} names no act", change.place()));
                continue;
            };
            let is_same = change.old.as_ref().and_then(|old| act_of(old)) == Some(act);
            let kind = new.text("type");
            // Delivering an event, or handing it on again, is no act of its own.
            if kind == "event" && is_same {
                continue;
            }
            notes.must(!is_same, Claims, || {
                format!("{} was written twice by one act", change.place())
            });
            here.insert(act);
            // A publication is the one act of several writes: its head comes last.
            // A cart's lines are set to what they shall be: setting them once
            // more after another tab's change is what a client's own repetition
            // would do.
            let may_come_in_parts =
                matches!(kind, "product" | "cart") || kind.starts_with("catalogue_");
            if !may_come_in_parts && self.0.contains(&act) {
                let place = change.place();
                notes.broken(Claims, format!("{place}: its act wrote before, in parts"));
            }
        }
        notes.must(here.len() <= 1, Claims, || {
            format!("{} acts in one commit", here.len())
        });
        self.0.append(&mut here);
    }
}

fn version(item: &Item) -> Option<i128> {
    item.at("version").number()
}

fn act_of(item: &Item) -> Option<u128> {
    let hex = item.text("act").strip_prefix("act_")?;
    u128::from_str_radix(hex, 16).ok()
}
