//! What every item has in common: a known type, a schema version, and a key
//! that says who owns it. What vanishes may vanish.

use crate::Invariant::{AppendOnly, Form, TenantClosure, Time};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::{Changed, Step};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Judges the form of what a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    if ["get_", "list_"].iter().any(|it| step.by.starts_with(it)) {
        let written = step.changes.iter().find(|it| !it.pk.starts_with("RATE#"));
        if let Some(change) = written {
            notes.broken(Form, format!("{} wrote {}", step.by, change.place()));
        }
    }
    for change in &step.changes {
        match (&change.old, &change.new) {
            (_, Some(new)) => item(change, new, notes),
            (Some(old), None) => deleted(step, change, old, notes),
            (None, None) => {}
        }
    }
}

fn item(change: &Changed, new: &Item, notes: &mut Notes) {
    let place = || change.place();
    let (list, id) = listed(new);
    notes.must(
        (new.text("list_pk"), new.text("list_sk")) == (&list, id),
        Form,
        || format!("{} is listed elsewhere than in {list:?}", place()),
    );
    if new.text("pk") != change.pk || new.text("sk") != change.sk {
        notes.broken(Form, format!("{} holds another key", place()));
    }
    if change.pk.starts_with("RATE#") {
        let counts = new.at("full_at").number().is_some() && new.at("expires_at").is_set();
        notes.must(counts && change.sk == "BUCKET", Form, || {
            format!("{} is no rate counter", place())
        });
        return;
    }
    let Some((pk, sk)) = key_of(new) else {
        let kind = new.text("type");
        notes.broken(Form, format!("{} is of the unknown type {kind:?}", place()));
        return;
    };
    notes.must(new.at("v").number() == Some(1), Form, || {
        format!("{} has an unknown schema version", place())
    });
    for name in required(new.text("type")) {
        notes.must(new.at(name).is_set(), Form, || {
            format!("{} lacks {name}", place())
        });
    }
    notes.must(
        (pk.as_str(), sk.as_str()) == (&change.pk, &change.sk),
        TenantClosure,
        || format!("{} belongs at {pk}/{sk}", place()),
    );
    let has_end = matches!(
        new.text("type"),
        "session" | "token" | "claim" | "provider_event" | "decoy" | "cart"
    ) && new.text("state.inbox") != "quarantined";
    notes.must(
        new.at("expires_at").is_set() == (has_end || is_decoy(new)),
        Time,
        || format!("{} has an end and should not, or none and should", place()),
    );
}

/// Where staff find it: payments by their month, which their id says too.
fn listed(item: &Item) -> (String, &str) {
    if item.text("type") != "payment" {
        return (String::new(), "");
    }
    let id = item.text("id");
    let made = id
        .get(4..16)
        .and_then(|hex| i64::from_str_radix(hex, 16).ok())
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| item.text("created_at").to_owned(), |at| at.to_string());
    let month = made.get(..7).unwrap_or_default();
    (format!("PAYMENTS#{month}"), id)
}

/// What an item of a type cannot do without, beside its key.
fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "login" => &["password_hash", "user", "account", "role", "status"],
        "user" => &["account", "role", "locale", "created_at"],
        "account" => &["owner", "zone", "locale", "created_at"],
        "member" => &["role", "since"],
        "vat_check" => &["registration", "given_at"],
        "data_key" => &["wrapped", "master"],
        "session" => &[
            "account",
            "role",
            "client",
            "n",
            "salt",
            "began_at",
            "rotated_at",
        ],
        "token" => &["purpose", "user", "ends_at"],
        "keys" => &["keys"],
        "cart" => &["items", "ends_at"],
        "order" => &["user", "status.state", "lines", "tax", "created_at"],
        "payment" => &[
            "purpose.for",
            "amount",
            "status.state",
            "attempts",
            "created_at",
        ],
        "subscription" => &["anchor", "status.state", "period", "scheme", "faults"],
        "period" => &["start", "end", "status", "payment", "invoice", "total"],
        "invoice" => &[
            "status.state",
            "payment",
            "purpose.for",
            "lines",
            "tax",
            "created_at",
        ],
        "event" => &["at", "event"],
        "claim" => &["fingerprint", "state.state", "claimed_at"],
        "provider_event" => &["body_hash", "kind", "object", "state.inbox", "received_at"],
        "conflicting_event" => &["body_hash", "received_at"],
        _ => &[],
    }
}

/// An event that only makes two answers cost alike.
fn is_decoy(item: &Item) -> bool {
    item.text("type") == "event" && item.text("owner") == "decoy"
}

fn deleted(step: &Step<'_>, change: &Changed, old: &Item, notes: &mut Notes) {
    let is_over = old
        .at("expires_at")
        .number()
        .is_some_and(|end| end <= i128::from(step.at.as_second()));
    let may_go = is_over || old.text("type") == "catalogue_chunk";
    notes.must(may_go, AppendOnly, || {
        format!("{} vanished", change.place())
    });
}

/// Where an item of a known type belongs by what it says.
fn key_of(item: &Item) -> Option<(String, String)> {
    let text = |path: &str| item.text(path).to_owned();
    let number = |path: &str| item.at(path).count();
    let account = |sk: String| Some((format!("ACCOUNT#{}", text("account")), sk));
    match item.text("type") {
        "login" => Some((format!("LOGIN#{}", text("email")), "LOGIN".to_owned())),
        "user" => Some((format!("USER#{}", text("id")), "PROFILE".to_owned())),
        "session" => Some((
            format!("USER#{}", text("user")),
            format!("SESSION#{}", text("id")),
        )),
        "token" => Some((format!("TOKEN#{}", text("hash")), "TOKEN".to_owned())),
        "keys" => Some(("KEYS".to_owned(), "JWKS".to_owned())),
        "account" => Some((format!("ACCOUNT#{}", text("id")), "PROFILE".to_owned())),
        "vat_check" => account(format!("VATNUMBER#{}", half_hash(item.text("number")))),
        "data_key" => account("DATAKEY".to_owned()),
        "member" => account(format!("MEMBER#{}", text("user"))),
        "cart" => Some((cart_owner(item)?, "CART".to_owned())),
        "order" => account(format!("ORDER#{}", text("id"))),
        "payment" => account(format!("PAYMENT#{}", text("id"))),
        "subscription" => account(format!("SUBSCRIPTION#{}", text("id"))),
        "invoice" => account(format!("INVOICE#{}", text("id"))),
        "period" => account(format!(
            "PERIOD#{}#{:06}",
            text("subscription"),
            number("index")
        )),
        "ledger_head" => account("LEDGERHEAD".to_owned()),
        "ledger_entry" => Some((
            format!("LEDGER#{}", text("account")),
            format!("{:012}", number("sequence")),
        )),
        "event" => Some((event_owner(item)?, format!("EVENT#{}", text("id")))),
        "claim" => account(format!(
            "IDEMPOTENCY#{}#{}",
            text("operation"),
            text("key_hash")
        )),
        _ => shared_key_of(item),
    }
}

/// The first half of a text's SHA-256, in hexadecimal.
pub(crate) fn half_hash(text: &str) -> String {
    let mut hash = hex::encode(Sha256::digest(text.as_bytes()));
    hash.truncate(32);
    hash
}

/// The same for what belongs to no customer.
fn shared_key_of(item: &Item) -> Option<(String, String)> {
    let text = |path: &str| item.text(path).to_owned();
    let number = |path: &str| item.at(path).count();
    let provider = |sk: String| Some((format!("PROVIDER#stripe#{}", text("id")), sk));
    let snapshot = |sk: String| Some(("CATALOGUE#SNAPSHOT".to_owned(), sk));
    match item.text("type") {
        "series_counter" => Some((
            series(item.at("series"), item.at("year")),
            "COUNTER".to_owned(),
        )),
        "invoice_number" => Some((
            series(item.at("number.series"), item.at("number.year")),
            format!("NUMBER#{:06}", number("number.sequence")),
        )),
        "provider_event" => provider("EVENT".to_owned()),
        "conflicting_event" => provider(format!("CONFLICT#{}", text("body_hash"))),
        "product" => Some(("CATALOGUE".to_owned(), format!("PRODUCT#{}", text("id")))),
        "catalogue_snapshot" => snapshot("HEAD".to_owned()),
        "catalogue_chunk" => snapshot(format!(
            "CHUNK#{:012}#{:04}",
            number("snapshot"),
            number("index")
        )),
        "decoy" => Some((format!("DECOY#{}", text("id")), text("part"))),
        _ => None,
    }
}

/// The partition of a series of numbers.
pub(crate) fn series(kind: Node<'_>, year: Node<'_>) -> String {
    let letter = match kind.text() {
        "" => "F",
        "credit_note" => "A",
        other => other,
    };
    format!("SERIES#{letter}{}", year.count())
}

fn cart_owner(item: &Item) -> Option<String> {
    let (owner, id) = item.at("owner").members().next()?;
    match owner {
        "account" => Some(format!("ACCOUNT#{}", id.text())),
        "guest" => Some(format!("GUEST#{}", id.text())),
        _ => None,
    }
}

fn event_owner(item: &Item) -> Option<String> {
    match item.text("owner") {
        "account" => Some(format!("ACCOUNT#{}", item.text("account"))),
        "user" => Some(format!("USER#{}", item.text("user"))),
        "decoy" => Some(format!("DECOY#{}", item.text("id"))),
        _ => None,
    }
}
