//! The document for people: what stands where on which page.
//!
//! Laying out is arithmetic on whole numbers, in twentieths of a point, and
//! gives lists of marks; `pdf.rs` turns these into a file.

mod face;
mod flow;
mod letterhead;
mod sheet;
mod sums;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use face::{Face, Faces};
pub(crate) use sheet::{HEIGHT, Ink, Mark, Sheet, WIDTH};

use crate::document::Document;
use flow::Flow;
use sheet::{LEFT, MIDDLE, RIGHT, SMALL};
use words::words;

/// The pages of a document, each with its footer.
pub(crate) fn pages(document: &Document<'_>, faces: &Faces) -> Vec<Sheet> {
    let words = words(document);
    let mut flow = Flow::start(faces, format!("{} {}", words.title, document.number));
    letterhead::letterhead(&mut flow, document, words);
    table::table(&mut flow, document, words);
    sums::sums(&mut flow, document, words);
    notes(&mut flow, document);
    let footer = letterhead::legal_lines(document, words, faces);
    flow.finish(&footer)
}

/// What the law wants said, each in a paragraph of its own.
fn notes(flow: &mut Flow<'_>, document: &Document<'_>) {
    flow.down(MIDDLE);
    for note in &document.notes {
        for line in flow.faces.wrap(note, SMALL, RIGHT.saturating_sub(LEFT)) {
            flow.line(LEFT, SMALL, &line, 200);
        }
        flow.down(50);
    }
}
