//! VAT by rate, and the totals.

use super::flow::Flow;
use super::sheet::{Ink, LEFT, MIDDLE, RIGHT, SMALL, Style, TEXT};
use super::table::rate;
use super::words::Words;
use crate::document::Document;
use domain::money::Money;

/// Where the totals begin, and the columns of VAT by rate end.
const TOTALS: i32 = 6_700;
const BASE: i32 = 3_900;
const VAT: i32 = 5_700;
const PADDING: i32 = 120;
const ROW: i32 = 300;
const TOTAL: i32 = 440;

/// Both, beside each other and on one page.
pub(super) fn sums(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words) {
    let rows = totals(document, words);
    flow.down(MIDDLE);
    let count = i32::try_from(
        rows.len()
            .max(document.totals.taxes.len().saturating_add(2)),
    );
    flow.room(count.unwrap_or_default().saturating_mul(TOTAL));
    let start = flow.y;
    let below_vat = by_rate(flow, document, words, start);
    let mut y = start;
    for (look, label, amount) in rows {
        y = draw(flow, y, look, label, &amount.format(document.locale));
    }
    flow.y = y.max(below_vat);
}

/// How a total looks.
#[derive(Clone, Copy)]
enum Look {
    Plain,
    Strong,
}

fn totals<'w>(document: &Document<'_>, words: &'w Words) -> Vec<(Look, &'w str, Money)> {
    let totals = document.totals;
    let (paid, due) = document.paid_and_due();
    let mut rows = Vec::new();
    if !totals.discount.is_zero() {
        rows.push((Look::Plain, words.before_discount, totals.subtotal));
        let discount = totals.discount.checked_neg().unwrap_or(totals.discount);
        rows.push((Look::Plain, words.discount, discount));
    }
    rows.push((Look::Plain, words.total_net, totals.net));
    let vat = totals.total.checked_sub(totals.net);
    rows.extend(vat.map(|vat| (Look::Plain, words.total_vat, vat)));
    rows.push((Look::Strong, words.total, totals.total));
    rows.push((Look::Plain, words.paid, paid));
    rows.push((Look::Strong, words.left, due));
    rows
}

/// One total; where it ends.
fn draw(flow: &mut Flow<'_>, y: i32, look: Look, label: &str, amount: &str) -> i32 {
    let (style, height): (Style, i32) = match look {
        Look::Plain => (TEXT, ROW),
        Look::Strong => (TEXT.bold().in_ink(Ink::Accent), TOTAL),
    };
    if matches!(look, Look::Strong) {
        let width = RIGHT.saturating_sub(TOTALS);
        flow.fill(
            TOTALS,
            y.saturating_add(30),
            width,
            height.saturating_sub(60),
            Ink::Shade,
        );
    }
    let line = y.saturating_add(height / 2).saturating_add(60);
    flow.left(TOTALS.saturating_add(PADDING), line, style, label);
    flow.right(RIGHT.saturating_sub(PADDING), line, style, amount);
    y.saturating_add(height)
}

/// VAT by rate; where it ends.
fn by_rate(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words, start: i32) -> i32 {
    let style = SMALL.bold().in_ink(Ink::Accent);
    let width = VAT.saturating_add(PADDING).saturating_sub(LEFT);
    flow.fill(LEFT, start, width, 340, Ink::Shade);
    let mut y = start.saturating_add(220);
    let first = LEFT.saturating_add(PADDING);
    flow.left(first, y, style, words.rate);
    flow.right(BASE, y, style, words.base);
    flow.right(VAT, y, style, words.vat);
    y = y.saturating_add(90);
    for group in &document.totals.taxes {
        y = y.saturating_add(ROW);
        let base = document.money(group.base).format(document.locale);
        let vat = document.money(group.tax).format(document.locale);
        flow.left(first, y, TEXT, &rate(document, group.rate));
        flow.right(BASE, y, TEXT, &base);
        flow.right(VAT, y, TEXT, &vat);
    }
    y
}
