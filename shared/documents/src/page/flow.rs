//! Filling pages from top to bottom.

use super::face::Faces;
use super::sheet::{BOTTOM, Ink, LEFT, Mark, RIGHT, SMALL, Sheet, Style, TOP};

/// Where the footer's rule is.
const FOOTER: i32 = 15_640;
/// The thickness of rules.
const HAIR: i32 = 12;

/// The pages so far, and how far down the last one is filled.
pub(super) struct Flow<'a> {
    pub(super) faces: &'a Faces,
    /// What the pages after the first begin with.
    running: String,
    full: Vec<Sheet>,
    sheet: Sheet,
    /// Where the next thing begins.
    pub(super) y: i32,
}

impl<'a> Flow<'a> {
    pub(super) fn start(faces: &'a Faces, running: String) -> Self {
        Self {
            faces,
            running,
            full: Vec::new(),
            sheet: Sheet::default(),
            y: TOP,
        }
    }

    /// Leaves room.
    pub(super) fn down(&mut self, by: i32) {
        self.y = self.y.saturating_add(by);
    }

    /// Makes sure that so much fits; true when that took a new page.
    pub(super) fn room(&mut self, height: i32) -> bool {
        if self.y.saturating_add(height) <= BOTTOM {
            return false;
        }
        self.full.push(std::mem::take(&mut self.sheet));
        self.y = TOP;
        let running = self.running.clone();
        self.left(LEFT, TOP, SMALL, &running);
        self.rule(TOP.saturating_add(120));
        self.down(500);
        true
    }

    /// Text that begins at `x`, on a base line.
    pub(super) fn left(&mut self, x: i32, y: i32, style: Style, text: &str) {
        let text = self.faces.shown(text, style);
        self.sheet.0.push(Mark::Text { x, y, style, text });
    }

    /// Text that ends at `x`, on a base line.
    pub(super) fn right(&mut self, x: i32, y: i32, style: Style, text: &str) {
        let shown = self.faces.shown(text, style);
        let start = x.saturating_sub(self.faces.width(&shown, style));
        self.left(start, y, style, &shown);
    }

    /// A line of text of that height, on the next page if it must be.
    pub(super) fn line(&mut self, x: i32, style: Style, text: &str, height: i32) {
        self.room(height);
        self.down(height);
        self.left(x, self.y, style, text);
    }

    /// A rule from margin to margin.
    pub(super) fn rule(&mut self, y: i32) {
        self.fill(LEFT, y, RIGHT.saturating_sub(LEFT), HAIR, Ink::Hair);
    }

    /// A filled rectangle. What is written after it is upon it.
    pub(super) fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, ink: Ink) {
        self.sheet.0.push(Mark::Fill {
            x,
            y,
            width,
            height,
            ink,
        });
    }

    /// The pages, each with the same lines at its foot and its number.
    pub(super) fn finish(mut self, footer: &[String]) -> Vec<Sheet> {
        self.full.push(std::mem::take(&mut self.sheet));
        let pages = std::mem::take(&mut self.full);
        let count = pages.len();
        pages
            .into_iter()
            .zip(1_usize..)
            .map(|(page, number)| {
                self.sheet = page;
                self.rule(FOOTER);
                let mut y = FOOTER.saturating_add(240);
                self.right(RIGHT, y, SMALL, &format!("{number}/{count}"));
                for line in footer {
                    self.left(LEFT, y, SMALL, line);
                    y = y.saturating_add(190);
                }
                std::mem::take(&mut self.sheet)
            })
            .collect()
    }
}
