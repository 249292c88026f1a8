//! Fonts: what they hold, how wide text is, where lines break.

use super::sheet::{Style, Weight};
use crate::document::DocumentError;
use krilla::text::Font;
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

/// One font.
pub(crate) struct Face {
    /// As krilla embeds it.
    pub(crate) font: Font,
    reference: FontRef<'static>,
    /// How many of the font's units make its size.
    pub(crate) units: u16,
}

/// One letter of a font.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Letter {
    /// Number of the glyph.
    pub(crate) glyph: u32,
    /// Width, in the font's units.
    pub(crate) advance: u16,
}

impl Face {
    fn load(data: &'static [u8]) -> Result<Self, DocumentError> {
        let unreadable = || DocumentError::Pdf("the font is unreadable".to_owned());
        let reference = FontRef::new(data).map_err(|_| unreadable())?;
        let units = reference.head().map_err(|_| unreadable())?.units_per_em();
        Ok(Self {
            font: Font::new(data.into(), 0).ok_or_else(unreadable)?,
            reference,
            units: units.max(1),
        })
    }

    fn glyph(&self, c: char) -> Option<GlyphId> {
        let glyph = self.reference.charmap().map(c)?;
        (glyph != GlyphId::NOTDEF).then_some(glyph)
    }

    /// The letter for a character the font holds.
    pub(crate) fn letter(&self, c: char) -> Option<Letter> {
        let glyph = self.glyph(c)?;
        let advance = self.reference.hmtx().ok()?.advance(glyph)?;
        Some(Letter {
            glyph: glyph.to_u32(),
            advance,
        })
    }

    /// What the font can show of a text: Latin, Greek and Cyrillic. Blanks it
    /// does not hold become spaces, other characters question marks. (The XML
    /// has the text as it is.)
    fn shown(&self, text: &str) -> String {
        text.chars()
            .map(|c| match c {
                c if self.glyph(c).is_some() => c,
                '\u{2010}' | '\u{2011}' => '-',
                c if c.is_whitespace() || c.is_control() => ' ',
                _ => '?',
            })
            .collect()
    }

    fn width(&self, text: &str, size: i32) -> i32 {
        let units: i64 = text
            .chars()
            .filter_map(|c| self.letter(c))
            .map(|letter| i64::from(letter.advance))
            .sum();
        let width = units.saturating_mul(i64::from(size)) / i64::from(self.units);
        i32::try_from(width).unwrap_or(i32::MAX)
    }
}

/// The fonts of a document.
pub(crate) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    /// Reads the fonts, which are built in.
    ///
    /// # Errors
    /// [`DocumentError::Pdf`] when one is unreadable.
    pub(crate) fn load() -> Result<Self, DocumentError> {
        Ok(Self {
            regular: Face::load(ttf_noto_sans::REGULAR)?,
            bold: Face::load(ttf_noto_sans::BOLD)?,
        })
    }

    /// The font of a weight.
    pub(crate) fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// What of a text can be shown.
    pub(super) fn shown(&self, text: &str, style: Style) -> String {
        self.face(style.weight).shown(text)
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, style: Style) -> i32 {
        self.face(style.weight).width(text, style.size)
    }

    /// A text in lines no wider than that, broken at spaces, and within a word
    /// that is wider than a line.
    pub(super) fn wrap(&self, text: &str, style: Style, width: i32) -> Vec<String> {
        let text = self.shown(text, style);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&longer, style) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                let mut longer = line.clone();
                longer.push(c);
                if !line.is_empty() && self.width(&longer, style) > width {
                    lines.push(std::mem::take(&mut line));
                    longer = c.to_string();
                }
                line = longer;
            }
        }
        lines.push(line);
        lines
    }
}
