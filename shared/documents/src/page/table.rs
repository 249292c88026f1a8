//! The table of lines, over as many pages as it takes.

use super::flow::Flow;
use super::sheet::{Ink, LEFT, RIGHT, SMALL, Style, TEXT};
use super::words::{Words, service};
use crate::document::{Document, service_days};
use domain::invoice::InvoiceLine;
use domain::locale::Locale;
use domain::vat::VatCategory;
use domain::written::{date, percent};

/// Where the columns end; designations begin at the left.
struct Columns {
    designation: i32,
    quantity: i32,
    unit_price: i32,
    discount: Option<i32>,
    rate: i32,
}

/// There is a column for discounts where there is a discount.
fn columns(document: &Document<'_>) -> Columns {
    if document.totals.discount.is_zero() {
        Columns {
            designation: 5_200,
            quantity: 6_100,
            unit_price: 7_900,
            discount: None,
            rate: 8_900,
        }
    } else {
        Columns {
            designation: 4_300,
            quantity: 5_100,
            unit_price: 6_700,
            discount: Some(8_100),
            rate: 8_950,
        }
    }
}

const PADDING: i32 = 120;
const HEADING: i32 = 400;
const LEADING: i32 = 230;

/// The lines.
pub(super) fn table(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words) {
    let columns = columns(document);
    flow.room(HEADING.saturating_add(1_000));
    heading(flow, &columns, words);
    for line in document.lines {
        let row = Row::of(flow, document, &columns, words, line);
        if flow.room(row.height) {
            heading(flow, &columns, words);
        }
        row.draw(flow, &columns);
    }
}

fn heading(flow: &mut Flow<'_>, columns: &Columns, words: &Words) {
    let style = SMALL.bold().in_ink(Ink::Accent);
    flow.fill(
        LEFT,
        flow.y,
        RIGHT.saturating_sub(LEFT),
        HEADING,
        Ink::Shade,
    );
    let y = flow.y.saturating_add(255);
    flow.left(LEFT.saturating_add(PADDING), y, style, words.designation);
    flow.right(columns.quantity, y, style, words.quantity);
    flow.right(columns.unit_price, y, style, words.unit_price);
    if let Some(discount) = columns.discount {
        flow.right(discount, y, style, words.discount);
    }
    flow.right(columns.rate, y, style, words.rate);
    flow.right(RIGHT.saturating_sub(PADDING), y, style, words.net);
    flow.down(HEADING);
}

/// One line, ready to be drawn.
struct Row {
    designation: Vec<(Style, String)>,
    quantity: String,
    unit_price: String,
    discount: Option<String>,
    rate: String,
    net: String,
    height: i32,
}

impl Row {
    fn of(
        flow: &Flow<'_>,
        document: &Document<'_>,
        columns: &Columns,
        words: &Words,
        line: &InvoiceLine,
    ) -> Self {
        let locale = document.locale;
        let width = columns
            .designation
            .saturating_sub(LEFT)
            .saturating_sub(PADDING);
        let (start, end) = service_days(line);
        let days = service(&date(start, locale), &date(end, locale), locale);
        let designation: Vec<(Style, String)> = [(TEXT, line.name.get(locale)), (SMALL, &days)]
            .into_iter()
            .flat_map(|(style, text)| {
                let wrapped = flow.faces.wrap(text, style, width);
                wrapped.into_iter().map(move |text| (style, text))
            })
            .collect();
        let count = i32::try_from(designation.len()).unwrap_or_default();
        Self {
            height: count.saturating_mul(LEADING).saturating_add(190),
            designation,
            quantity: grouped(line.quantity, locale),
            unit_price: line
                .unit_price
                .map_or_else(|| words.tiers.to_owned(), |price| price.format(locale)),
            discount: line
                .discount
                .checked_neg()
                .ok()
                .filter(|discount| !discount.is_zero())
                .map(|discount| discount.format(locale)),
            rate: rate(document, document.tax.rate_basis_points),
            net: line.total.format(locale),
        }
    }

    fn draw(self, flow: &mut Flow<'_>, columns: &Columns) {
        let mut y = flow.y.saturating_add(290);
        flow.right(columns.quantity, y, TEXT, &self.quantity);
        flow.right(columns.unit_price, y, TEXT, &self.unit_price);
        if let (Some(x), Some(discount)) = (columns.discount, &self.discount) {
            flow.right(x, y, TEXT, discount);
        }
        flow.right(columns.rate, y, TEXT, &self.rate);
        flow.right(RIGHT.saturating_sub(PADDING), y, TEXT, &self.net);
        for (style, text) in &self.designation {
            flow.left(LEFT.saturating_add(PADDING), y, *style, text);
            y = y.saturating_add(LEADING);
        }
        flow.down(self.height);
        flow.rule(flow.y);
    }
}

/// The rate, where there is one: what is outside the scope of VAT has none.
pub(super) fn rate(document: &Document<'_>, basis_points: u32) -> String {
    match document.tax.category {
        VatCategory::Standard | VatCategory::ReverseCharge => {
            percent(basis_points, document.locale)
        }
        VatCategory::OutsideScope => "–".to_owned(),
    }
}

/// A count with its thousands apart.
fn grouped(count: u64, locale: Locale) -> String {
    let digits = count.to_string();
    let separator = match locale {
        Locale::Fr => '\u{202f}',
        Locale::En => ',',
    };
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}
