//! Saved cards: each once, the default among them, never a number; what
//! becomes of them is told; what is given up is forgotten by the provider.

use crate::Invariant::{
    Audit, DueKey, Entitlement, Form, Outbox, Pointers, TenantClosure, Uniqueness,
};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::{Changed, Step, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Most cards of an account.
const MOST: usize = 20;

/// Digits in a row that could be a card number.
const NUMBER: usize = 12;

/// Judges the cards a commit wrote, and what it tells of them.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, wallet) in step.written("wallet") {
        if let Err(what) = is_sound(wallet) {
            notes.broken(Uniqueness, format!("{}: {what}", change.place()));
        }
        notes.must(!holds_number(wallet.at("cards")), Form, || {
            format!("{} holds what may be a card number", change.place())
        });
        for (name, card) in happened(old, wallet) {
            notes.must(step.tells(name, "card", card), Audit, || {
                format!("{}: {name} of {card} is not told", change.place())
            });
        }
        if let Some(lost) = old.and_then(|old| lost(old, wallet)) {
            // What the provider forgot by itself needs not be forgotten again.
            notes.must(step.by == "payment_webhook", Entitlement, || {
                format!(
                    "{}: {lost} is given up, and not to be forgotten",
                    change.place()
                )
            });
        }
        if let Some(card) = old.and_then(|old| kept_quiet(step, old, wallet)) {
            notes.broken(
                Audit,
                format!("{}: nobody was told that {card} expires", change.place()),
            );
        }
        timer(change, wallet, notes);
    }
    for (change, old, new) in step.written("new_card") {
        saved(step, change, old, new, notes);
    }
    for (change, event) in step.put("event") {
        let Some(true) = is_about_cards(event) else {
            continue;
        };
        notes.must(is_true(step, event), Outbox, || {
            let name = event.text("event");
            format!(
                "{} tells {name}, which did not happen with it",
                change.place()
            )
        });
    }
}

/// True for an event about cards.
pub(crate) fn is_about_cards(event: &Item) -> Option<bool> {
    let name = event.text("event");
    EVENTS.contains(&name).then_some(true)
}

/// Every event about cards.
pub(crate) const EVENTS: [&str; 6] = [
    "card_expiring",
    "card_requested",
    "card_added",
    "card_updated",
    "card_removed",
    "default_card_changed",
];

fn methods(wallet: &Item) -> BTreeMap<&str, &str> {
    let cards = wallet.at("cards").list();
    cards
        .map(|card| (card.at("id").text(), card.at("method").text()))
        .collect()
}

fn is_sound(wallet: &Item) -> Result<(), String> {
    let cards = wallet.at("cards").list();
    let all = cards.clone().count();
    if all > MOST {
        return Err(format!("{all} cards"));
    }
    for name in ["id", "method", "fingerprint"] {
        let set: BTreeSet<&str> = cards.clone().map(|card| card.at(name).text()).collect();
        let unnamed = cards.clone().filter(|card| card.at(name).text().is_empty());
        let unnamed = unnamed.count();
        let expected = match unnamed {
            0 => all,
            _ => all.saturating_sub(unnamed).saturating_add(1),
        };
        if set.len() != expected || (unnamed > 0 && name != "fingerprint") {
            return Err(format!("two cards of one {name}"));
        }
    }
    let default = wallet.text("default");
    let is_there = cards.clone().any(|card| card.at("id").text() == default);
    if is_there != (all > 0) || (all == 0 && !default.is_empty()) {
        return Err(format!("{default:?} is the default of {all} cards"));
    }
    let mut leaving = wallet.at("leaving").list();
    let both = leaving.find(|it| {
        cards
            .clone()
            .any(|card| card.at("method") == it.at("method"))
    });
    match both {
        Some(both) => Err(format!("{} is kept and given up", both.at("method").text())),
        None => Ok(()),
    }
}

/// Digits enough in a row for a card number, ids and fingerprints aside.
fn holds_number(cards: Node<'_>) -> bool {
    cards.list().any(|card| {
        card.members()
            .filter(|(name, _)| !matches!(*name, "id" | "method" | "fingerprint"))
            .any(|(name, value)| {
                let digits = value
                    .text()
                    .split(|c: char| !c.is_ascii_digit())
                    .map(str::len)
                    .max();
                let digits = digits.unwrap_or(0);
                digits >= NUMBER || (name == "last4" && digits != 4)
            })
    })
}

/// What happened to the cards, by name and card.
fn happened<'a>(old: Option<&'a Item>, new: &'a Item) -> Vec<(&'static str, &'a str)> {
    let before = old.map(methods).unwrap_or_default();
    let after = methods(new);
    let face = |item: &'a Item, id: &str| {
        let mut cards = item.at("cards").list();
        cards.find(|card| card.at("id").text() == id)
    };
    let mut told = Vec::new();
    for id in after.keys() {
        match old.and_then(|old| face(old, id)) {
            None => told.push(("card_added", *id)),
            was if looks(was) != looks(face(new, id)) => told.push(("card_updated", *id)),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|id| !after.contains_key(*id));
    told.extend(gone.map(|id| ("card_removed", *id)));
    let default = |item: &'a Item| item.text("default");
    if !default(new).is_empty() && old.map(default) != Some(default(new)) {
        told.push(("default_card_changed", default(new)));
    }
    told
}

/// A payment method that charged a card before, and is neither kept nor to be
/// forgotten.
fn lost<'a>(old: &'a Item, new: &'a Item) -> Option<&'a str> {
    let kept: BTreeSet<&str> = methods(new).into_values().collect();
    let leaving = new.at("leaving").list();
    let leaving: BTreeSet<&str> = leaving.map(|it| it.at("method").text()).collect();
    let before = methods(old).into_values();
    let mut lost = before.filter(|it| !kept.contains(it) && !leaving.contains(it));
    lost.next()
}

/// A wallet has a timer while something is to be done about it.
fn timer(change: &Changed, wallet: &Item, notes: &mut Notes) {
    let cards = wallet.at("cards").list();
    let mut default = cards.filter(|it| it.at("id").text() == wallet.text("default"));
    let busy = wallet.at("leaving").list().next().is_some()
        || wallet.at("retry_at").is_set()
        || default.any(|it| it.at("warned").count() < 2);
    notes.must(busy == wallet.at("check_at").is_set(), DueKey, || {
        format!(
            "{}: to be done {busy}, and its timer says otherwise",
            change.place()
        )
    });
}

/// A card that is saved is in the wallet with the same commit, once.
fn saved(step: &Step<'_>, change: &Changed, old: Option<&Item>, new: &Item, notes: &mut Notes) {
    let expected = new.text("status.state") == "expected";
    notes.must(expected == new.at("check_at").is_set(), DueKey, || {
        format!(
            "{}: expected {expected}, and its timer says otherwise",
            change.place()
        )
    });
    if old.is_none() && new.text("source") == "page" {
        let told = step.tells("card_requested", "card", new.text("id"));
        notes.must(told, Audit, || format!("{} is not told", change.place()));
    }
    if new.text("status.state") != "saved" {
        return;
    }
    let wallet = step.beside(change, "WALLET");
    let is_in = wallet.is_some_and(|wallet| match new.text("source") {
        "payment" => methods(wallet).values().any(|it| *it == new.text("method")),
        _ => wallet.at("cards").list().next().is_some(),
    });
    notes.must(is_in, Pointers, || {
        format!("{} is saved, and in no wallet", change.place())
    });
}

/// What the provider tells of a card, and what charges it.
fn looks(card: Option<Node<'_>>) -> Option<[Node<'_>; 5]> {
    let names = ["method", "brand", "last4", "expires", "fingerprint"];
    card.map(|card| names.map(|name| card.at(name)))
}

/// How often the owner was told that a card expires, and how many months from
/// now that is.
fn told_of(step: &Step<'_>, wallet: &Item, card: &str) -> Option<(i128, i128)> {
    let mut cards = wallet.at("cards").list();
    let card = cards.find(|it| it.at("id").text() == card)?;
    let months = |year: i128, month: i128| year.saturating_mul(12).saturating_add(month);
    let first = step.at.to_string();
    let (year, month) = first.get(..7)?.split_once('-')?;
    let now = months(year.parse().ok()?, month.parse().ok()?);
    let end = months(
        card.at("expires.year").count(),
        card.at("expires.month").count(),
    );
    Some((card.at("warned").count(), end.saturating_sub(now)))
}

/// The default was warned of once more, and less than 31 days before its end.
fn warned(step: &Step<'_>, old: Option<&Item>, new: &Item, card: &str) -> bool {
    let before = old.and_then(|old| told_of(step, old, card));
    let before = before.map_or(0, |(count, _)| count);
    let now = told_of(step, new, card);
    now.is_some_and(|(count, left)| count > before && new.text("default") == card && left <= 1)
}

/// A card that counts as told of, though nobody was told and it is not over.
fn kept_quiet<'a>(step: &Step<'_>, old: &Item, new: &'a Item) -> Option<&'a str> {
    methods(new).into_keys().find(|card| {
        let before = told_of(step, old, card).map_or(0, |(count, _)| count);
        let now = told_of(step, new, card);
        now.is_some_and(|(count, left)| {
            count > before && left >= 0 && !step.tells("card_expiring", "card", card)
        })
    })
}

fn is_true(step: &Step<'_>, event: &Item) -> bool {
    let (name, card) = (event.text("event"), event.text("card"));
    let owner = format!("ACCOUNT#{}", event.text("account"));
    if name == "card_requested" {
        return step
            .change(&owner, &format!("CARD#{card}"))
            .is_some_and(|it| it.old.is_none() && it.new.is_some());
    }
    step.change(&owner, "WALLET").is_some_and(|it| {
        let new = it.new.as_deref();
        if name == "card_expiring" {
            return new.is_some_and(|new| warned(step, it.old.as_deref(), new, card));
        }
        new.is_some_and(|new| happened(it.old.as_deref(), new).contains(&(name, card)))
    })
}

/// Judges the wallets against the provider's book: each card is there, and is
/// the customer's of that account.
pub(crate) fn at_rest(table: &Table, book: &serde_json::Value, notes: &mut Notes) {
    let book = Node::of(book);
    let cards: BTreeMap<&str, Node<'_>> = book
        .at("cards")
        .list()
        .map(|card| (card.at("id").text(), card))
        .collect();
    for (pk, _, wallet) in table.all() {
        if wallet.text("type") != "wallet" {
            continue;
        }
        let account = table.get(pk, "PROFILE");
        let customer = account.map_or("", |it| it.text("provider_customer"));
        for card in wallet.at("cards").list() {
            let method = card.at("method").text();
            let found = cards.get(method);
            notes.must(found.is_some(), Pointers, || {
                format!("{pk}: the provider knows no card {method}")
            });
            let Some(found) = found else { continue };
            notes.must(
                found.at("customer").text() == customer,
                TenantClosure,
                || format!("{pk}: {method} is another customer's"),
            );
            let same = ["brand", "last4"]
                .iter()
                .all(|name| found.at("card").at(name) == card.at(name));
            notes.must(same, Pointers, || {
                format!("{pk}: {method} looks otherwise at the provider")
            });
        }
    }
}
