//! Every bad input is run, or waits for the operation it is about.

use functions::registry::{jobs, operations};
use std::collections::BTreeSet;

/// How many rows each part has.
const PARTS: [(&str, u32); 8] = [
    ("ALL", 30),
    ("ID", 32),
    ("CAT", 27),
    ("CART", 31),
    ("SUB", 28),
    ("HOOK", 30),
    ("INV", 27),
    ("ADM", 30),
];

/// Rows about what does not exist yet, by a part of the id of the operation
/// they wait for.
const WAITING: [(&str, &[&str]); 30] = [
    ("reset_password", &["ID-19", "ID-20"]),
    ("mfa", &["ID-31", "ID-32"]),
    (
        "erase",
        &["ID-17", "INV-12", "ADM-05", "ADM-06", "ADM-07", "ADM-08"],
    ),
    (
        "change_subscription",
        &["SUB-02", "SUB-11", "SUB-12", "SUB-13", "SUB-23", "SUB-27"],
    ),
    ("trial", &["SUB-05"]),
    ("seat", &["SUB-10"]),
    ("cancel_subscription", &["SUB-14", "SUB-15"]),
    ("resume_subscription", &["SUB-16"]),
    ("pause_subscription", &["SUB-17"]),
    ("member", &["SUB-22"]),
    ("update_profile", &["SUB-24", "SUB-25"]),
    (
        "create_product",
        &["SUB-03", "SUB-04", "ADM-20", "ADM-22", "ADM-23", "ADM-24"],
    ),
    ("update_product", &["ADM-21"]),
    ("credit_note", &["INV-10"]),
    ("issue_invoice", &["INV-07", "INV-08", "INV-09"]),
    ("void", &["INV-11"]),
    ("adjust", &["INV-27"]),
    ("export_personal", &["ADM-01", "ADM-02", "ADM-03", "ADM-04"]),
    ("consent", &["ADM-09", "ADM-10"]),
    ("audit", &["ADM-11", "ADM-12", "ADM-13"]),
    ("admin", &["ADM-14"]),
    ("staff", &["ADM-15"]),
    ("update_user", &["ADM-16", "ADM-17"]),
    ("impersonat", &["ADM-18"]),
    ("list_users", &["ADM-19"]),
    ("quarantine", &["ADM-25", "ADM-26"]),
    ("export_catalogue", &["ADM-27"]),
    ("import", &["ADM-28"]),
    ("maintenance", &["ADM-29"]),
    ("rotate", &["ADM-30"]),
];

/// The suite itself: its rows stand in it as texts or at the beginning of a
/// line of a table, its other tests name theirs in the line above them.
const SUITE: [&str; 8] = [
    include_str!("every.rs"),
    include_str!("every_edge.rs"),
    include_str!("identity.rs"),
    include_str!("catalogue.rs"),
    concat!(
        include_str!("cart.rs"),
        include_str!("orders.rs"),
        include_str!("../coupons.rs"),
        include_str!("../coupons/making.rs")
    ),
    concat!(include_str!("subscriptions.rs"), include_str!("cards.rs")),
    concat!(
        include_str!("webhooks.rs"),
        include_str!("webhooks_aside.rs")
    ),
    concat!(
        include_str!("invoices.rs"),
        include_str!("../books.rs"),
        include_str!("../finance.rs"),
        include_str!("../series.rs")
    ),
];

fn runs(id: &str) -> bool {
    let named = |line: &str| {
        let mut words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        line.trim_start().starts_with("///") && words.any(|word| word == id)
    };
    let (quoted, column) = (format!("\"{id}\""), format!("{id} "));
    let in_line = |line: &str| named(line) || line.starts_with(&column) || line.contains(&quoted);
    SUITE.iter().any(|source| source.lines().any(in_line))
}

#[test]
fn every_row_runs_or_waits_and_none_does_both() {
    let mut waiting = BTreeSet::new();
    for id in WAITING.iter().flat_map(|(_, ids)| *ids) {
        assert!(waiting.insert((*id).to_owned()), "{id} waits twice");
    }
    let (mut run, mut neither) = (0, Vec::new());
    for (part, rows) in PARTS {
        for row in 1..=rows {
            let id = format!("{part}-{row:02}");
            match (runs(&id), waiting.remove(&id)) {
                (true, false) => run += 1,
                (false, true) => {}
                (true, true) => panic!("{id} runs and waits"),
                (false, false) => neither.push(id),
            }
        }
    }
    assert!(neither.is_empty(), "neither run nor waiting: {neither:?}");
    assert!(waiting.is_empty(), "no such rows: {waiting:?}");
    assert!(run >= 145, "{run} rows run");
}

#[test]
fn no_row_waits_for_an_operation_that_is_there() {
    let operations = operations().into_iter().map(|entry| entry.spec.id);
    let there: Vec<&str> = operations
        .chain(jobs().into_iter().map(|job| job.id))
        .collect();
    for (wanted, rows) in WAITING {
        let found = there.iter().find(|id| id.contains(wanted));
        assert_eq!(found, None, "{rows:?} need not wait any longer");
    }
}
