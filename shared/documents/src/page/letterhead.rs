//! Who bills whom, what and when; and the seller's identity in the footer.

use super::face::Faces;
use super::flow::Flow;
use super::sheet::{Ink, LEFT, MIDDLE, NAME, RIGHT, SMALL, TEXT, TITLE};
use super::words::Words;
use crate::document::{Document, Kind};

/// Where the buyer's block begins, and how far its text is indented.
const BUYER: i32 = 5_960;
const INDENT: i32 = 200;
/// The height of a line of an address.
const LEADING: i32 = 230;
/// How wide the seller's name may be beside the title, and the labels of the
/// dates.
const SELLER_WIDTH: i32 = 5_600;
const LABELS: i32 = 1_800;
/// How wide the foot of a page may be beside the page's number.
const FOOTER_WIDTH: i32 = 9_000;

/// The upper part of the first page.
pub(super) fn letterhead(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words) {
    let top = flow.y;
    flow.down(200);
    flow.right(RIGHT, flow.y, TITLE, words.title);
    let number = format!("{} {}", words.number, document.number);
    flow.right(RIGHT, flow.y.saturating_add(380), TEXT.bold(), &number);
    let seller = document.seller;
    for line in flow.faces.wrap(&seller.name, NAME, SELLER_WIDTH) {
        flow.left(LEFT, flow.y, NAME, &line);
        flow.down(340);
    }
    let town = format!("{} {}, {}", seller.postal_code, seller.city, seller.country);
    for text in [&seller.line1, &town] {
        for line in flow.faces.wrap(text, TEXT, SELLER_WIDTH) {
            flow.left(LEFT, flow.y, TEXT.in_ink(Ink::Grey), &line);
            flow.down(LEADING);
        }
    }
    let start = flow.y.max(top.saturating_add(1_000)).saturating_add(MIDDLE);
    let below_buyer = buyer(flow, document, words, start);
    let below_dates = dates(flow, document, words, start);
    flow.y = below_buyer.max(below_dates).saturating_add(MIDDLE);
}

/// The buyer's block; where it ends.
fn buyer(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words, start: i32) -> i32 {
    let (name, rest) = buyer_lines(document, words);
    let width = RIGHT
        .saturating_sub(BUYER)
        .saturating_sub(INDENT.saturating_mul(2));
    let mut lines: Vec<_> = flow
        .faces
        .wrap(&name, TEXT.bold(), width)
        .into_iter()
        .map(|line| (TEXT.bold(), line))
        .collect();
    for text in rest {
        let wrapped = flow.faces.wrap(&text, TEXT, width);
        lines.extend(wrapped.into_iter().map(|line| (TEXT, line)));
    }
    let count = i32::try_from(lines.len()).unwrap_or_default();
    let height = count.saturating_mul(LEADING).saturating_add(540);
    flow.fill(
        BUYER,
        start,
        RIGHT.saturating_sub(BUYER),
        height,
        Ink::Shade,
    );
    let x = BUYER.saturating_add(INDENT);
    let mut y = start.saturating_add(290);
    flow.left(x, y, SMALL, words.billed_to);
    y = y.saturating_add(20);
    for (style, line) in lines {
        y = y.saturating_add(LEADING);
        flow.left(x, y, style, &line);
    }
    start.saturating_add(height)
}

fn buyer_lines(document: &Document<'_>, words: &Words) -> (String, Vec<String>) {
    let buyer = document.buyer;
    let (name, person) = document.buyer_names();
    let mut lines: Vec<String> = Vec::new();
    lines.extend(person.map(str::to_owned));
    lines.push(buyer.line1.as_str().to_owned());
    lines.extend(buyer.line2.as_ref().map(|line| line.as_str().to_owned()));
    lines.push(format!(
        "{} {}",
        buyer.postal_code.as_str(),
        buyer.city.as_str()
    ));
    lines.extend(buyer.region.as_ref().map(|line| line.as_str().to_owned()));
    lines.push(buyer.country.as_str().to_owned());
    lines.extend(
        buyer
            .vat_number
            .as_ref()
            .map(|number| format!("{} {}", words.vat_number, number.as_str())),
    );
    (name.to_owned(), lines)
}

/// Dates, and what a credit note corrects; where they end.
fn dates(flow: &mut Flow<'_>, document: &Document<'_>, words: &Words, start: i32) -> i32 {
    let mut rows = vec![(words.issued, document.day(document.issued_at))];
    match &document.kind {
        Kind::Invoice { due_at } => rows.push((words.due, document.day(*due_at))),
        Kind::CreditNote {
            corrects,
            issued_at,
        } => {
            rows.push((words.corrects, corrects.to_string()));
            rows.push(("", document.day(*issued_at)));
        }
    }
    rows.extend(
        document
            .settled_at
            .map(|at| (words.settled, document.day(at))),
    );
    let mut y = start.saturating_add(290);
    for (label, value) in rows {
        flow.left(LEFT, y, SMALL, label);
        flow.left(LEFT.saturating_add(LABELS), y, TEXT, &value);
        y = y.saturating_add(280);
    }
    y
}

/// The seller's identity (R123-237 C. com.), as the foot of each page.
pub(super) fn legal_lines(document: &Document<'_>, words: &Words, faces: &Faces) -> Vec<String> {
    let seller = document.seller;
    let text = format!(
        "{}, {} – SIREN {} – {} {}",
        seller.name,
        document.seller_identity(),
        seller.siren,
        words.vat_number,
        seller.vat_number,
    );
    let mut lines = faces.wrap(&text, SMALL, FOOTER_WIDTH);
    lines.truncate(4);
    lines
}
