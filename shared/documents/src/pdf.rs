//! Pages as a file: PDF/A-3b with the invoice for machines embedded.

use crate::cii::cii;
use crate::document::{Document, DocumentError, Kind};
use crate::factur_x::{FILE_NAME, describe};
use crate::page::{Face, Faces, HEIGHT, Ink, Mark, Sheet, WIDTH, pages};
use jiff::tz::TimeZone;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

/// The document as a PDF.
///
/// # Errors
/// [`DocumentError`] when it would be no invoice by EN 16931, or no PDF/A-3b.
pub fn pdf(document: &Document<'_>) -> Result<Vec<u8>, DocumentError> {
    let xml = cii(document)?;
    let faces = Faces::load()?;
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_B)
        .finish()
        .map_err(refused)?;
    let mut file = krilla::Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    file.set_metadata(metadata(document));
    for sheet in pages(document, &faces) {
        draw(&mut file, &sheet, &faces)?;
    }
    file.embed_file(EmbeddedFile {
        path: FILE_NAME.to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some("Factur-X".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: xml.into_bytes().into(),
        modification_date: Some(moment(document)),
        compress: Some(true),
        location: None,
    })
    .ok_or_else(|| DocumentError::Pdf("the invoice could not be embedded".to_owned()))?;
    describe(file.finish().map_err(refused)?)
}

fn refused(error: impl std::fmt::Debug) -> DocumentError {
    DocumentError::Pdf(format!("{error:?}"))
}

fn metadata(document: &Document<'_>) -> Metadata {
    let kind = match document.kind {
        Kind::Invoice { .. } => "invoice",
        Kind::CreditNote { .. } => "credit note",
    };
    let name = &document.seller.name;
    Metadata::new()
        .title(format!("{name}, {kind} {}", document.number))
        .authors(vec![name.clone()])
        .creator(name.clone())
        .language(document.locale.as_str().to_owned())
        .document_id(format!("{} {}", document.seller.siren, document.number))
        .creation_date(moment(document))
}

/// When it was issued: a document has no other time.
fn moment(document: &Document<'_>) -> DateTime {
    let at = TimeZone::UTC.to_datetime(document.issued_at);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
}

fn draw(file: &mut krilla::Document, sheet: &Sheet, faces: &Faces) -> Result<(), DocumentError> {
    let size = PageSettings::from_wh(points(WIDTH), points(HEIGHT))
        .ok_or_else(|| DocumentError::Pdf("no page of that size".to_owned()))?;
    let mut page = file.start_page_with(size);
    let mut surface = page.surface();
    for mark in &sheet.0 {
        match mark {
            Mark::Text { x, y, style, text } => {
                surface.set_fill(Some(fill(style.ink)));
                write(
                    &mut surface,
                    Point::from_xy(points(*x), points(*y)),
                    faces.face(style.weight),
                    points(style.size),
                    text,
                );
            }
            Mark::Fill {
                x,
                y,
                width,
                height,
                ink,
            } => {
                let (x, y, width, height) =
                    (points(*x), points(*y), points(*width), points(*height));
                let mut path = PathBuilder::new();
                if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
                    path.push_rect(rectangle);
                }
                if let Some(path) = path.finish() {
                    surface.set_fill(Some(fill(*ink)));
                    surface.draw_path(&path);
                }
            }
        }
    }
    surface.finish();
    page.finish();
    Ok(())
}

/// Text whose every character the font holds: the layout saw to that.
fn write(surface: &mut Surface<'_>, start: Point, face: &Face, size: f32, text: &str) {
    let glyphs: Vec<KrillaGlyph> = text
        .char_indices()
        .filter_map(|(place, c)| {
            let letter = face.letter(c)?;
            Some(KrillaGlyph {
                glyph_id: GlyphId::new(letter.glyph),
                text_range: place..place.saturating_add(c.len_utf8()),
                x_advance: ratio(letter.advance, face.units),
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            })
        })
        .collect();
    surface.draw_glyphs(start, &glyphs, face.font.clone(), text, size, false);
}

fn fill(ink: Ink) -> Fill {
    let (red, green, blue) = ink.rgb();
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

/// Twentieths of a point as points.
#[expect(
    clippy::float_arithmetic,
    reason = "krilla takes places on the page as floats; no amount is among them"
)]
fn points(twentieths: i32) -> f32 {
    f32::from(i16::try_from(twentieths).unwrap_or(i16::MAX)) / 20.0
}

#[expect(
    clippy::float_arithmetic,
    reason = "krilla takes widths of letters as floats; no amount is among them"
)]
fn ratio(part: u16, whole: u16) -> f32 {
    f32::from(part) / f32::from(whole)
}
