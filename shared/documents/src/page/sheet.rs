//! A page as a list of marks. Lengths are in twentieths of a point, from the
//! upper left corner.

/// A4.
pub(crate) const WIDTH: i32 = 11_906;
/// A4.
pub(crate) const HEIGHT: i32 = 16_838;
/// Where the text begins.
pub(super) const LEFT: i32 = 960;
/// Where the text ends.
pub(super) const RIGHT: i32 = 10_946;
/// Where the first line of a page stands.
pub(super) const TOP: i32 = 1_100;
/// Below this stands the footer alone.
pub(super) const BOTTOM: i32 = 15_400;
/// The distance between two parts of a page.
pub(super) const MIDDLE: i32 = 360;

/// Regular or bold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// The colours of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text.
    Black,
    /// What matters less.
    Grey,
    /// Titles.
    Accent,
    /// Behind headings.
    Shade,
    /// Between rows.
    Hair,
}

impl Ink {
    /// Red, green, blue.
    pub(crate) const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Black => (28, 31, 38),
            Self::Grey => (93, 99, 110),
            Self::Accent => (22, 56, 105),
            Self::Shade => (238, 241, 246),
            Self::Hair => (205, 211, 221),
        }
    }
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Regular or bold.
    pub(crate) weight: Weight,
    /// Size.
    pub(crate) size: i32,
    /// Colour.
    pub(crate) ink: Ink,
}

impl Style {
    const fn of(weight: Weight, size: i32, ink: Ink) -> Self {
        Self { weight, size, ink }
    }

    /// The same in bold.
    pub(super) const fn bold(self) -> Self {
        Self::of(Weight::Bold, self.size, self.ink)
    }

    /// The same in another colour.
    pub(super) const fn in_ink(self, ink: Ink) -> Self {
        Self::of(self.weight, self.size, ink)
    }
}

/// The title.
pub(super) const TITLE: Style = Style::of(Weight::Bold, 440, Ink::Accent);
/// The seller's name.
pub(super) const NAME: Style = Style::of(Weight::Bold, 280, Ink::Black);
/// What is most read.
pub(super) const TEXT: Style = Style::of(Weight::Regular, 176, Ink::Black);
/// Labels, periods, mentions.
pub(super) const SMALL: Style = Style::of(Weight::Regular, 150, Ink::Grey);

/// One thing on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Text, its first letter standing at a point.
    Text {
        x: i32,
        y: i32,
        style: Style,
        text: String,
    },
    /// A filled rectangle.
    Fill {
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        ink: Ink,
    },
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet(pub(crate) Vec<Mark>);
