//! Carts: what is ordered is what was in it, once, in time.

use crate::Invariant::{Claims, Form, Time};
use crate::item::Item;
use crate::notes::Notes;
use crate::table::{Changed, Step};
use std::collections::BTreeMap;

/// Most lines of a cart.
const MOST_LINES: usize = 20;

/// Judges the carts a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, cart) in step.written("cart") {
        let lines = cart.at("items").members().count();
        let whole = cart
            .at("items")
            .members()
            .all(|(_, item)| item.at("quantity").number().is_some_and(|it| it >= 1));
        notes.must(whole && lines <= MOST_LINES, Form, || {
            format!("{} holds {lines} lines, or one of nothing", change.place())
        });
        let ordered = cart.at("ordered_version");
        let Some(old) = old.filter(|old| old.at("ordered_version") != ordered) else {
            continue;
        };
        if let Err(what) = is_ordered(step, change, old, cart) {
            notes.broken(Claims, format!("{}: {what}", change.place()));
        }
        let end = old.at("ends_at").number();
        let in_time = end.is_some_and(|end| end > i128::from(step.at.as_second()));
        notes.must(in_time, Time, || {
            format!("{} was ordered after its end", change.place())
        });
        notes.saw("cart: ordered".to_owned());
    }
}

fn is_ordered(step: &Step<'_>, change: &Changed, old: &Item, cart: &Item) -> Result<(), String> {
    if cart.at("ordered_version") != old.at("version") {
        return Err("another version was ordered than there was".to_owned());
    }
    if cart.at("items").members().next().is_some() {
        return Err("it was ordered and is not empty".to_owned());
    }
    let held: BTreeMap<&str, _> = old
        .at("items")
        .members()
        .map(|(plan, item)| (plan, item.at("quantity").number()))
        .collect();
    let bought = step.put("order").any(|(order, item)| {
        let lines: BTreeMap<&str, _> = item
            .at("lines")
            .list()
            .map(|line| (line.at("plan").text(), line.at("quantity").number()))
            .collect();
        order.pk == change.pk && lines == held
    });
    if bought {
        Ok(())
    } else {
        Err("no order of the same commit holds what was in it".to_owned())
    }
}
