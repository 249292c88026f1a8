//! Sums, prices and tax, computed anew: whole numbers, one rounding.

use crate::Invariant::InvoiceArithmetic;
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::Step;
use crate::taxes::lawful_rate;
use std::collections::BTreeMap;

/// How far the VAT of a credit note may be from its rate: a cent for each part
/// that came before, of which the last takes what is left.
const NEAR: u128 = 20;

/// An amount with its currency, as stored.
pub(crate) type Money<'a> = (i128, &'a str);

/// Reads an amount.
pub(crate) fn money(node: Node<'_>) -> Option<Money<'_>> {
    let currency = node.at("currency").text();
    Some((node.at("amount").number()?, currency)).filter(|_| !currency.is_empty())
}

/// `amount x rate / 10000`, rounded half away from zero.
pub(crate) fn tax_on(amount: i128, rate: i128) -> Option<i128> {
    let product = amount.checked_mul(rate)?;
    let doubled = product.checked_abs()?.checked_mul(2)?.checked_add(10_000)?;
    doubled.checked_div(20_000)?.checked_mul(product.signum())
}

/// What a quantity costs by a stored price scheme.
pub(crate) fn price(scheme: Node<'_>, quantity: i128) -> Option<i128> {
    let unit = scheme.at("unitAmount").number();
    match scheme.at("mode").text() {
        "per_unit" => unit?.checked_mul(quantity),
        "graduated" => graduated(scheme.at("tiers"), quantity),
        "volume" => volume(scheme.at("tiers"), quantity),
        _ => None,
    }
}

fn tier(tier: Node<'_>, units: i128) -> Option<i128> {
    let unit = tier.at("unitAmount").number()?.checked_mul(units)?;
    unit.checked_add(tier.at("flatAmount").count())
}

fn graduated(tiers: Node<'_>, quantity: i128) -> Option<i128> {
    let mut below = 0;
    let mut total = 0_i128;
    for step in tiers.list() {
        if quantity <= below {
            return Some(total);
        }
        let top = step.at("upTo").number().unwrap_or(quantity).min(quantity);
        total = total.checked_add(tier(step, top.checked_sub(below)?)?)?;
        below = top;
    }
    (quantity <= below).then_some(total)
}

fn volume(tiers: Node<'_>, quantity: i128) -> Option<i128> {
    if quantity == 0 {
        return Some(0);
    }
    let holds = |step: &Node<'_>| step.at("upTo").number().is_none_or(|top| quantity <= top);
    tier(tiers.list().find(holds)?, quantity)
}

/// Judges the amounts of orders and invoices a commit put or changed.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, order) in step.put("order") {
        if let Err(what) = order_adds_up(step, &change.pk, order) {
            notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
        }
    }
    for (change, invoice) in step.put("invoice") {
        if let Err(what) = is_taxed_right(step, &change.pk, invoice) {
            notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
        }
    }
    for (change, _, invoice) in step.written("invoice") {
        if let Err(what) = invoice_adds_up(invoice) {
            notes.broken(InvoiceArithmetic, format!("{}: {what}", change.place()));
        }
    }
}

fn sum<'a>(
    lines: impl Iterator<Item = Node<'a>>,
    path: &str,
    currency: &str,
) -> Result<i128, String> {
    let mut total = 0_i128;
    for line in lines {
        match money(line.at(path)) {
            Some((amount, same)) if same == currency => {
                total = total.checked_add(amount).ok_or("the sum is too large")?;
            }
            _ => return Err(format!("a line's {path} is no amount in {currency:?}")),
        }
    }
    Ok(total)
}

fn must_equal(name: &str, stored: Node<'_>, expected: Money<'_>) -> Result<(), String> {
    if money(stored) == Some(expected) {
        Ok(())
    } else {
        Err(format!("{name} is {:?}, not {expected:?}", money(stored)))
    }
}

fn lines_add_up(item: &Item, currency: &str) -> Result<(), String> {
    for line in item.at("lines").list() {
        let amount = |path: &str| money(line.at(path)).map(|(amount, _)| amount);
        let (Some(subtotal), Some(discount)) = (amount("subtotal"), amount("discount")) else {
            return Err("a line without amounts".to_owned());
        };
        if !(0..=subtotal).contains(&discount) {
            return Err(format!("a discount of {discount} on {subtotal}"));
        }
        let total = subtotal.checked_sub(discount).ok_or("too large")?;
        must_equal("a line's total", line.at("total"), (total, currency))?;
        let quantity = line
            .at("quantity")
            .number()
            .ok_or("a line of no quantity")?;
        if let Some(unit) = amount("unit_price")
            && unit.checked_mul(quantity) != Some(subtotal)
        {
            return Err(format!("{quantity} at {unit} are not {subtotal}"));
        }
        let scheme = line.at("scheme");
        if scheme.is_set() && price(scheme, quantity) != Some(subtotal) {
            let computed = price(scheme, quantity);
            return Err(format!("{quantity} cost {computed:?}, not {subtotal}"));
        }
    }
    Ok(())
}

/// A renewal is taxed as its buyer is at its start, by what is known when it is
/// billed. What an order paid is compared with the order.
fn is_taxed_right(step: &Step<'_>, pk: &str, invoice: &Item) -> Result<(), String> {
    if invoice.text("purpose.for") != "renewal" || invoice.at("correction").is_set() {
        return Ok(());
    }
    let sk = format!("SUBSCRIPTION#{}", invoice.text("purpose.subscription"));
    let buyer = step
        .table
        .get(pk, &sk)
        .ok_or_else(|| format!("{sk} is not there"))?;
    let mut lines = invoice.at("lines").list();
    let start = lines.next().and_then(|line| line.at("period_start").time());
    let net = invoice.at("totals.net.amount").count();
    let rate = invoice.at("tax.rate_basis_points").count();
    let lawful = lawful_rate(step.table, pk, buyer, net, start.ok_or("no start")?);
    if rate == lawful {
        Ok(())
    } else {
        Err(format!("taxed at {rate}, and its buyer pays {lawful}"))
    }
}

fn order_adds_up(step: &Step<'_>, pk: &str, order: &Item) -> Result<(), String> {
    let totals = order.at("totals");
    let currency = totals.at("total.currency").text();
    let lines = order.at("lines").list();
    lines_add_up(order, currency)?;
    let net = sum(lines.clone(), "total", currency)?;
    let rate = order
        .at("tax.rate_basis_points")
        .number()
        .ok_or("no rate")?;
    let placed = order.at("created_at").time().ok_or("no date")?;
    let lawful = lawful_rate(step.table, pk, order, net, placed);
    if rate != lawful {
        return Err(format!("taxed at {rate}, and its buyer pays {lawful}"));
    }
    let tax = tax_on(net, rate).ok_or("the tax is too large")?;
    for (name, amount) in [
        ("subtotal", sum(lines.clone(), "subtotal", currency)?),
        ("discount", sum(lines, "discount", currency)?),
        ("tax", tax),
        ("total", net.checked_add(tax).ok_or("too large")?),
    ] {
        must_equal(name, totals.at(name), (amount, currency))?;
    }
    Ok(())
}

fn invoice_adds_up(invoice: &Item) -> Result<(), String> {
    let totals = invoice.at("totals");
    let currency = totals.at("total.currency").text();
    let lines = invoice.at("lines").list();
    if lines.clone().next().is_none() {
        return Err("no lines".to_owned());
    }
    lines_add_up(invoice, currency)?;
    let net = sum(lines.clone(), "total", currency)?;
    // One rate for a document, as it is stored; a base and a tax for each.
    let rate = invoice
        .at("tax.rate_basis_points")
        .number()
        .ok_or("no rate")?;
    let mut bases = BTreeMap::from([(rate, net)]);
    let mut tax = 0_i128;
    for total in totals.at("taxes").list() {
        let rate = total.at("rate").number().ok_or("a tax of no rate")?;
        let base = bases
            .remove(&rate)
            .ok_or("a rate that no line has, or twice")?;
        let expected = tax_on(base, rate).ok_or("the tax is too large")?;
        let stored = (total.at("base").number(), total.at("tax").number());
        // A part with VAT may have no base that gives it to the cent.
        let is_near = invoice.at("correction").is_set()
            && stored.0 == Some(base)
            && stored.1.is_some_and(|tax| tax.abs_diff(expected) <= NEAR);
        let expected = if is_near {
            stored.1.unwrap_or(expected)
        } else {
            expected
        };
        if stored != (Some(base), Some(expected)) {
            return Err(format!(
                "tax at {rate} is {stored:?}, not {expected} on {base}"
            ));
        }
        tax = tax.checked_add(expected).ok_or("too large")?;
    }
    if !bases.is_empty() {
        return Err("a rate without its tax".to_owned());
    }
    for (name, amount) in [
        ("subtotal", sum(lines.clone(), "subtotal", currency)?),
        ("discount", sum(lines, "discount", currency)?),
        ("net", net),
        ("total", net.checked_add(tax).ok_or("too large")?),
    ] {
        must_equal(name, totals.at(name), (amount, currency))?;
    }
    if net < 0 {
        return Err("below zero".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_unit_moves_away_from_zero() {
        for (amount, rate, tax) in [
            (16_402, 260, 426),
            (25, 2000, 5),
            (13, 5000, 7),
            (-13, 5000, -7),
            (0, 2000, 0),
        ] {
            assert_eq!(tax_on(amount, rate), Some(tax), "{amount} at {rate}");
        }
    }

    #[test]
    fn tiers_cost_what_they_say() {
        let tiers = json!([{"upTo": 10, "unitAmount": 100, "flatAmount": 500},
            {"upTo": null, "unitAmount": 50, "flatAmount": 0}]);
        for (mode, quantity, cost) in [
            ("graduated", 0, 0),
            ("graduated", 10, 1500),
            ("graduated", 12, 1600),
            ("volume", 10, 1500),
            ("volume", 12, 600),
            ("volume", 0, 0),
        ] {
            let scheme = json!({"mode": mode, "tiers": tiers});
            assert_eq!(
                price(Node::of(&scheme), quantity),
                Some(cost),
                "{mode} {quantity}"
            );
        }
        let capped = json!({"mode": "volume", "tiers": [{"upTo": 3, "unitAmount": 1}]});
        assert_eq!(price(Node::of(&capped), 4), None);
    }
}
