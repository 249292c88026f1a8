//! Elements, in the order they are written in.

use crate::document::DocumentError;
use domain::money::Money;
use jiff::civil::Date;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io;

/// Whether something was written.
pub(super) type Written = io::Result<()>;

/// XML being written.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    pub(super) fn start() -> io::Result<Self> {
        let mut xml = Self(Writer::new_with_indent(Vec::new(), b' ', 1));
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(xml)
    }

    pub(super) fn finish(self) -> Result<String, DocumentError> {
        String::from_utf8(self.0.into_inner())
            .map_err(|error| DocumentError::Xml(error.to_string()))
    }

    /// An element with attributes and what `inside` writes.
    pub(super) fn with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.event(Event::Start(start))?;
        inside(self)?;
        self.event(Event::End(BytesEnd::new(name)))
    }

    /// An element with elements in it.
    pub(super) fn group(
        &mut self,
        name: &str,
        inside: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        self.with(name, &[], inside)
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str) -> Written {
        self.event(Event::Empty(BytesStart::new(name)))
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Written {
        self.labelled(name, &[], text)
    }

    /// An element with text, unless there is none.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) -> Written {
        text.map_or(Ok(()), |text| self.text(name, text))
    }

    /// An element with attributes and text. What XML cannot hold becomes a
    /// space.
    pub(super) fn labelled(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        text: &str,
    ) -> Written {
        let text = text.replace(is_forbidden, " ");
        self.with(name, attributes, |xml| {
            xml.event(Event::Text(BytesText::new(&text)))
        })
    }

    /// An amount, without its currency: the document names that once.
    pub(super) fn amount(&mut self, name: &str, amount: Money) -> Written {
        self.text(name, &amount.plain())
    }

    /// A day, as `20261120`, in the namespace the parent wants.
    pub(super) fn date(&mut self, namespace: &str, day: Date) -> Written {
        let text = format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
        self.labelled(
            &format!("{namespace}:DateTimeString"),
            &[("format", "102")],
            &text,
        )
    }

    fn event(&mut self, event: Event<'_>) -> Written {
        self.0.write_event(event)
    }
}

/// Control characters, and the two code points of the basic plane that are
/// none (XML 1.0, 2.2).
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Basis points as a plain percentage, as `20.00`.
pub(super) fn rate(basis_points: u32) -> String {
    format!("{}.{:02}", basis_points / 100, basis_points % 100)
}
