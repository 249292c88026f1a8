//! Items as the shop writes them.

use super::history::{Act, OWNER, due, eur, item, owned};
use crate::item::Item;
use crate::ledger::digest;
use serde_json::{Value, json};

const RENEW: &str = "renew_subscriptions";
/// The job that looks after payments.
pub(super) const RECONCILE: &str = "reconcile_payments";
/// When the renewal was opened.
const OPENED: &str = "2026-02-28T09:05:00.2Z";
/// When the subscription was sold.
pub(super) const SOLD: &str = "2026-01-31T09:02:00Z";
/// When its next period begins.
pub(super) const FEB: &str = "2026-02-28T09:02:00Z";
/// And the one after.
pub(super) const MAR: &str = "2026-03-31T09:02:00Z";

pub(super) fn act(name: &'static str, at: &'static str, items: Vec<Value>) -> Act {
    Act {
        name,
        at,
        items,
        deleted: Vec::new(),
    }
}

pub(super) fn people(version: u64, act: u32, verified: Option<&str>) -> [Value; 2] {
    let status = verified.map_or("unverified", |_| "active");
    let login = item(
        "login",
        ("LOGIN#a@b.example", "LOGIN"),
        (version, act),
        json!({"email": "a@b.example", "password_hash": "x", "user": "usr_1", "account": "acc_1",
            "role": "customer", "status": status}),
    );
    let user = item(
        "user",
        ("USER#usr_1", "PROFILE"),
        (version, act),
        json!({"id": "usr_1", "email": "a@b.example", "account": "acc_1", "role": "customer",
            "first_name": "A", "last_name": "B", "locale": "fr", "email_verified_at": verified,
            "created_at": "2026-01-31T09:00:00Z"}),
    );
    [login, user]
}

pub(super) fn account(version: u64, act: u32, customer: Option<&str>) -> Value {
    let mut it = item(
        "account",
        (OWNER, "PROFILE"),
        (version, act),
        json!({"id": "acc_1", "owner": "usr_1", "zone": "UTC", "locale": "fr",
            "created_at": "2026-01-31T09:00:00Z"}),
    );
    if let Some(customer) = customer {
        it["provider_customer"] = json!(customer);
    }
    it
}

pub(super) fn token(version: u64, act: u32, used: Option<&str>) -> Value {
    item(
        "token",
        ("TOKEN#aa", "TOKEN"),
        (version, act),
        json!({"hash": "aa", "purpose": "verify_email", "user": "usr_1", "used_at": used,
            "ends_at": "2026-02-01T09:00:00Z", "expires_at": 1_769_936_400}),
    )
}

pub(super) fn user_event(id: &str, act: u32, at: &str, body: Value) -> Value {
    let mut it = item(
        "event",
        ("USER#usr_1", &format!("EVENT#{id}")),
        (1, act),
        body,
    );
    for (name, value) in [("owner", "user"), ("user", "usr_1"), ("id", id), ("at", at)] {
        it[name] = json!(value);
    }
    it
}

pub(super) fn session(version: u64, act: u32, n: u32, ended: Option<&str>) -> Value {
    item(
        "session",
        ("USER#usr_1", "SESSION#ses_1"),
        (version, act),
        json!({"id": "ses_1", "user": "usr_1", "account": "acc_1", "role": "customer",
            "client": "cookie", "salt": "00", "n": n, "began_at": 1_769_850_070_000_i64,
            "rotated_at": 1_769_850_070_000_i64 + i64::from(n) * 1000, "ended": ended,
            "expires_at": 1_772_442_070}),
    )
}

pub(super) fn line() -> Value {
    json!({"plan": "pln_1", "product": "prd_1", "quantity": 10, "revision": 1,
        "interval": {"unit": "month", "count": 1}, "subscription": "sub_1",
        "scheme": {"mode": "per_unit", "unitAmount": 490},
        "subtotal": eur(4900), "discount": eur(0), "total": eur(4900)})
}

pub(super) fn order(n: u32, at: (u64, u32), status: Value, placed: &str) -> Value {
    let mut line = line();
    line["subscription"] = json!(format!("sub_{n}"));
    owned(
        "order",
        &format!("ORDER#ord_{n}"),
        at,
        json!({"id": format!("ord_{n}"), "user": "usr_1", "status": status, "lines": [line],
            "totals": {"subtotal": eur(4900), "discount": eur(0), "tax": eur(980), "total": eur(5880)},
            "tax": {"rate_basis_points": 2000}, "payment": format!("pay_{n}"),
            "invoice": format!("inv_{n}"), "country": "FR", "postal_code": "75001",
            "created_at": placed}),
    )
}

pub(super) fn payment(
    n: u32,
    at: (u64, u32),
    status: Value,
    attempts: Value,
    check: Option<&str>,
) -> Value {
    let purpose = match n {
        2 => json!({"for": "renewal", "subscription": "sub_1", "index": 1}),
        n => json!({"for": "order", "order": format!("ord_{n}")}),
    };
    let it = owned(
        "payment",
        &format!("PAYMENT#pay_{n}"),
        at,
        json!({"id": format!("pay_{n}"), "purpose": purpose, "amount": eur(5880), "status": status,
            "invoice": format!("inv_{n}"), "attempts": attempts, "check_at": check, "created_at": begun(n),
            "list_pk": format!("PAYMENTS#{}", &begun(n)[..7]), "list_sk": format!("pay_{n}")}),
    );
    check.map_or(it.clone(), |check| due(it, RECONCILE, check))
}

pub(super) fn page(started: &str, closes: &str, made: bool, more: Value) -> Value {
    let page = made.then(|| json!({"session": "cs_1", "url": "http://x"}));
    let mut it = json!({"number": 1, "started_at": started, "channel": "hosted", "checks": 0,
        "return_url": "http://y", "closes_at": closes, "page": page, "outcome": "in_flight"});
    it.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    it
}

/// When a payment was made.
fn begun(n: u32) -> &'static str {
    match n {
        1 => "2026-01-31T09:01:30Z",
        2 => OPENED,
        _ => "2026-03-02T10:00:00Z",
    }
}

/// When an invoice was made.
fn made(n: u32) -> &'static str {
    if n == 1 {
        "2026-01-31T09:02:00.5Z"
    } else {
        OPENED
    }
}

pub(super) fn claim(version: u64, act: u32, state: Value) -> Value {
    owned(
        "claim",
        "IDEMPOTENCY#create_order#bb",
        (version, act),
        json!({"operation": "create_order", "key_hash": "bb", "fingerprint": "cc", "state": state,
            "claimed_at": "2026-01-31T09:01:30Z", "expires_at": 1_770_022_890}),
    )
}

pub(super) fn head(version: u64, act: u32, entry: &Value) -> Value {
    owned(
        "ledger_head",
        "LEDGERHEAD",
        (version, act),
        json!({"sequence": entry["sequence"], "hash": entry["hash"]}),
    )
}

/// An entry of the ledger, chained to the one before.
pub(super) fn entry(
    n: u32,
    act: u32,
    (at, event): (&str, &str),
    cause: Value,
    lines: &[(&str, i64)],
    before: &Value,
) -> Value {
    let lines: Vec<_> = lines
        .iter()
        .map(|(account, amount)| json!({"account": account, "amount": amount}))
        .collect();
    let previous = before["hash"]
        .as_str()
        .map_or("0".repeat(64), str::to_owned);
    let mut it = item(
        "ledger_entry",
        ("LEDGER#acc_1", &format!("{n:012}")),
        (1, act),
        cause,
    );
    let (second, part) = at
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((&at[..19], ""));
    let members = json!({"account": "acc_1", "sequence": n, "at": at, "event": event,
        "list_pk": format!("LEDGER#{}", &at[..10]), "list_sk": format!("{second}.{part:0<9}Z#acc_1#{n:012}"),
        "currency": "EUR", "lines": lines, "previous": previous});
    it.as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    rehash(&mut it);
    it
}

/// Writes the hash of an entry's content into it.
pub(super) fn rehash(entry: &mut Value) {
    let raw = super::history::dynamo(entry);
    entry["hash"] = json!(digest(&Item::read(&raw["M"]).unwrap()));
}

pub(super) fn invoice(
    n: u32,
    at: (u64, u32),
    status: Value,
    (start, end): (&str, &str),
    waits: Option<&str>,
) -> Value {
    let purpose = match n {
        2 => json!({"for": "renewal", "subscription": "sub_1", "index": 1}),
        n => json!({"for": "order", "order": format!("ord_{n}")}),
    };
    let line = json!({"plan": "pln_1", "quantity": 10, "unit_price": eur(490),
        "subtotal": eur(4900), "discount": eur(0), "total": eur(4900),
        "period_start": start, "period_end": end});
    let it = owned(
        "invoice",
        &format!("INVOICE#inv_{n}"),
        at,
        json!({"id": format!("inv_{n}"), "status": status, "payment": format!("pay_{n}"),
            "purpose": purpose, "lines": [line], "tax": {"rate_basis_points": 2000},
            "totals": {"subtotal": eur(4900), "discount": eur(0), "net": eur(4900),
                "taxes": [{"rate": 2000, "base": 4900, "tax": 980}], "total": eur(5880)},
            "created_at": made(n), "finalise_at": waits}),
    );
    waits.map_or(it.clone(), |at| due(it, RECONCILE, at))
}

pub(super) fn number(n: u32, act: u32) -> Value {
    item(
        "invoice_number",
        ("SERIES#F2026", &format!("NUMBER#{n:09}")),
        (1, act),
        json!({"number": {"year": 2026, "sequence": n}, "account": "acc_1", "invoice": format!("inv_{n}")}),
    )
}

pub(super) fn counter(n: u32, act: u32, date: &str) -> Value {
    item(
        "series_counter",
        ("SERIES#F2026", "COUNTER"),
        (u64::from(n), act),
        json!({"year": 2026, "last": n, "last_date": date}),
    )
}

pub(super) fn subscription(
    version: u64,
    act: u32,
    status: Value,
    index: u32,
    renewal: Option<&str>,
    next: Option<&str>,
) -> Value {
    let (start, end) = if index == 0 { (SOLD, FEB) } else { (FEB, MAR) };
    let it = owned(
        "subscription",
        "SUBSCRIPTION#sub_1",
        (version, act),
        json!({"id": "sub_1", "order": "ord_1", "country": "FR", "postal_code": "75001",
            "plan": "pln_1", "product": "prd_1", "quantity": 10,
            "scheme": {"mode": "per_unit", "unitAmount": 490}, "currency": "EUR",
            "anchor": {"start": SOLD, "zone": "UTC", "day": 31, "interval": {"unit": "month", "count": 1}},
            "status": status, "period": {"index": index, "start": start, "end": end},
            "renewal": renewal, "cancel_at_period_end": false, "payment_method": "pm_1",
            "next_action_at": next, "faults": 0}),
    );
    next.map_or(it.clone(), |at| due(it, RENEW, at))
}

pub(super) fn period(n: u32, at: (u64, u32), status: &str) -> Value {
    let (start, end) = if n == 0 { (SOLD, FEB) } else { (FEB, MAR) };
    let paid_by = n + 1;
    owned(
        "period",
        &format!("PERIOD#sub_1#{n:06}"),
        at,
        json!({"subscription": "sub_1", "index": n, "start": start, "end": end, "status": status,
            "payment": format!("pay_{paid_by}"), "invoice": format!("inv_{paid_by}"), "total": eur(5880)}),
    )
}

pub(super) fn inbox(n: u32, act: u32, at: &str) -> Value {
    item(
        "provider_event",
        (&format!("PROVIDER#stripe#evt_p{n}"), "EVENT"),
        (1, act),
        json!({"id": format!("evt_p{n}"), "body_hash": "dd", "kind": "payment_intent.succeeded",
            "object": format!("pi_{n}"), "state": {"inbox": "applied"}, "received_at": at,
            "expires_at": 1_780_000_000}),
    )
}

pub(super) fn charge(n: u32, started: &str, more: Value) -> Value {
    let mut it = json!({"number": n, "started_at": started, "channel": "off_session", "checks": 0,
        "customer": "cus_1", "payment_method": "pm_1", "outcome": "in_flight"});
    it.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    it
}
