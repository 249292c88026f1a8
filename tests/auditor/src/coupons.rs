//! Coupons: they are redeemed by orders and by nothing else, within their
//! limits, and take off what they say.

use crate::Invariant::{InvoiceArithmetic, Uniqueness};
use crate::item::{Item, Node};
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Step, Table};
use std::collections::BTreeMap;

/// Basis points of the whole.
const WHOLE: i128 = 10_000;

/// Judges the redemptions and discounts a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    let mut moved: BTreeMap<(String, String), i128> = BTreeMap::new();
    for (change, old, order) in step.written("order") {
        let code = order.text("coupon.code");
        if old.is_none() {
            let wrong = wrong_discount(order);
            if let Some(what) = wrong {
                notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
            }
        }
        if code.is_empty() {
            continue;
        }
        let by = i128::from(holds(order)) - i128::from(old.is_some_and(holds));
        if by != 0 {
            notes.saw(format!(
                "coupon: {}",
                if by > 0 { "redeemed" } else { "given back" }
            ));
            let coupon = format!("COUPON#{code}");
            let guard = format!("REDEEMED#{}", order.text("account"));
            for sk in ["COUPON", guard.as_str()] {
                *moved.entry((coupon.clone(), sk.to_owned())).or_default() += by;
            }
        }
    }
    for change in step
        .changes
        .iter()
        .filter(|it| it.pk.starts_with("COUPON#"))
    {
        let count = |item: Option<&Item>| item.map_or(0, redemptions);
        let (old, new) = (change.old.as_deref(), change.new.as_deref());
        let by = moved.remove(&(change.pk.clone(), change.sk.clone()));
        let counted = count(new) - count(old);
        notes.must(counted == by.unwrap_or(0), Uniqueness, || {
            format!(
                "{} counts {counted} that no order stands for",
                change.place()
            )
        });
        let Some(new) = new else { continue };
        within_limits(step.table, new, notes);
    }
    for ((pk, sk), by) in moved {
        notes.broken(
            Uniqueness,
            format!("{pk}/{sk} did not count an order: {by}"),
        );
    }
    for (change, _, invoice) in step.written("invoice") {
        if let Some(what) = wrong_renewal(step.table, &change.pk, invoice) {
            notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
        }
    }
}

/// A coupon was made, or ended at that moment.
pub(crate) fn became(step: &Step<'_>, event: &Item) -> bool {
    let found = step.change(&format!("COUPON#{}", event.text("code")), "COUPON");
    let Some((change, new)) = found.and_then(|it| Some((it, it.new.as_deref()?))) else {
        return false;
    };
    match event.text("event") {
        "coupon_created" => change.old.is_none(),
        "coupon_ended" => change.old.is_some() && new.text("ends_at") == event.text("at"),
        _ => false,
    }
}

/// True for an order that counts against the limits of its coupon.
fn holds(order: &Item) -> bool {
    matches!(order.text("status.state"), "pending" | "paid" | "refunded")
}

fn redemptions(item: &Item) -> i128 {
    item.at("redemptions").number().unwrap_or(0)
}

fn within_limits(table: &Table, item: &Item, notes: &mut Notes) {
    let (limit, of) = match item.text("type") {
        "coupon" => (item.at("max_redemptions"), item),
        _ => {
            let pk = format!("COUPON#{}", item.text("code"));
            let Some(coupon) = table.get(&pk, "COUPON") else {
                notes.broken(Uniqueness, format!("{pk} is redeemed and is not there"));
                return;
            };
            (coupon.at("per_customer"), item)
        }
    };
    let count = redemptions(of);
    let most = limit.number().unwrap_or(i128::MAX);
    notes.must((0..=most).contains(&count), Uniqueness, || {
        format!("{} is redeemed {count} times", item.text("pk"))
    });
}

/// What is wrong with what an order takes off.
fn wrong_discount(order: &Item) -> Option<String> {
    let lines: Vec<Node<'_>> = order.at("lines").list().collect();
    let products: Vec<&str> = order
        .at("coupon.products")
        .list()
        .map(|it| it.text())
        .collect();
    let has_coupon = !order.text("coupon.code").is_empty();
    let amount = |line: &Node<'_>, path: &str| money(line.at(path)).map_or(0, |(it, _)| it);
    let eligible: Vec<i128> = lines
        .iter()
        .map(|line| {
            let is_for = products.is_empty() || products.contains(&line.at("product").text());
            if has_coupon && is_for {
                amount(line, "subtotal")
            } else {
                0
            }
        })
        .collect();
    let base = eligible.iter().sum();
    let total = if has_coupon {
        taken_off(order.at("coupon.reduction"), base)?
    } else {
        0
    };
    let expected = spread(total, &eligible);
    let stored: Vec<i128> = lines.iter().map(|line| amount(line, "discount")).collect();
    (stored != expected).then(|| format!("takes off {stored:?}, not {expected:?}"))
}

/// What is wrong with what the invoice of a renewal takes off.
fn wrong_renewal(table: &Table, pk: &str, invoice: &Item) -> Option<String> {
    if invoice.text("purpose.for") != "renewal" || invoice.at("correction").is_set() {
        return None;
    }
    let sk = format!("SUBSCRIPTION#{}", invoice.text("purpose.subscription"));
    let coupon = table.get(pk, &sk)?.at("coupon");
    let line = invoice.at("lines").list().next()?;
    let (price, _) = money(line.at("subtotal"))?;
    let place = invoice.at("purpose.index").number()? - coupon.at("first").number().unwrap_or(0);
    let periods = match coupon.at("duration.kind").text() {
        "once" => 1,
        "repeating" => coupon.at("duration.periods").number()?,
        "forever" => i128::MAX,
        _ => 0,
    };
    let expected = if (0..periods).contains(&place) {
        taken_off(coupon.at("reduction"), price)?
    } else {
        0
    };
    let (stored, _) = money(line.at("discount"))?;
    (stored != expected).then(|| format!("takes off {stored}, not {expected}"))
}

/// What a reduction takes off a base, rounded once, half away from zero.
fn taken_off(reduction: Node<'_>, base: i128) -> Option<i128> {
    match reduction.at("kind").text() {
        "percent" => {
            let points = reduction.at("basis_points").number()?;
            Some((base * points * 2 + WHOLE) / (2 * WHOLE))
        }
        "amount" => Some(money(reduction.at("value"))?.0.min(base)),
        _ => None,
    }
}

/// The whole by largest remainder; of equal ones the earlier.
fn spread(total: i128, weights: &[i128]) -> Vec<i128> {
    let whole: i128 = weights.iter().sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let parts = weights
        .iter()
        .map(|it| (total * it / whole, total * it % whole));
    let mut parts: Vec<(i128, i128)> = parts.collect();
    let mut left = total - parts.iter().map(|(part, _)| part).sum::<i128>();
    while left > 0 {
        // The first of the largest remainders.
        let largest = parts.iter().map(|(_, rest)| *rest).max().unwrap_or(0);
        if let Some(part) = parts.iter_mut().find(|(_, rest)| *rest == largest) {
            *part = (part.0 + 1, -1);
        }
        left -= 1;
    }
    parts.into_iter().map(|(part, _)| part).collect()
}
