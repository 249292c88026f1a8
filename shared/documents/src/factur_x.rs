//! What makes a PDF a Factur-X document beside the embedded invoice: four
//! properties in its metadata, and the description of their schema that PDF/A
//! asks for.
//!
//! krilla writes metadata of its own and takes none of ours. So ours are added
//! the way PDF is made to be changed: the file stays as it is, and behind it
//! comes a newer version of the one object, with a table of what changed
//! (ISO 32000-1, 7.5.6).

use crate::document::DocumentError;

const SCHEMA: &str = r#"<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema><pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"#;
const SCHEMA_END: &str = "</rdf:Seq></pdfaSchema:property></rdf:li>";

/// Name, value and meaning of each property.
const PROPERTIES: [(&str, &str, &str); 4] = [
    (
        "DocumentFileName",
        "factur-x.xml",
        "The name of the embedded XML document",
    ),
    (
        "DocumentType",
        "INVOICE",
        "The type of the hybrid document in capital letters",
    ),
    ("Version", "1.0", "The version of the standard"),
    (
        "ConformanceLevel",
        "EN 16931",
        "The conformance level of the embedded XML document",
    ),
];

/// The name the embedded invoice must have.
pub(crate) const FILE_NAME: &str = "factur-x.xml";

/// The PDF with the properties in its metadata.
///
/// # Errors
/// [`DocumentError::Pdf`] when the PDF is not laid out as krilla does it.
pub(crate) fn describe(mut pdf: Vec<u8>) -> Result<Vec<u8>, DocumentError> {
    let found = Metadata::find(&pdf).ok_or_else(|| {
        DocumentError::Pdf("its metadata is not where the library puts it".to_owned())
    })?;
    let packet = described(&found.packet)
        .ok_or_else(|| DocumentError::Pdf("its metadata describes no schema".to_owned()))?;
    pdf.push(b'\n');
    let object = pdf.len();
    let mut newer = format!(
        "{id} 0 obj\n<<\n  /Length {length}\n  /Type /Metadata\n  /Subtype /XML\n>>\nstream\n{packet}\nendstream\nendobj\n",
        id = found.id,
        length = packet.len(),
    );
    let table = object.saturating_add(newer.len());
    newer.push_str(&format!(
        "xref\n{id} 1\n{object:010} 00000 n\r\ntrailer\n<<\n  /Prev {previous}{trailer}\nstartxref\n{table}\n%%EOF",
        id = found.id,
        previous = found.table,
        trailer = found.trailer,
    ));
    pdf.extend_from_slice(newer.as_bytes());
    Ok(pdf)
}

/// The metadata of a PDF, and what is needed to replace it.
struct Metadata {
    /// Number of the object.
    id: u32,
    /// The XMP packet.
    packet: String,
    /// Where the table of objects begins.
    table: usize,
    /// The trailer's entries, up to its end.
    trailer: String,
}

impl Metadata {
    fn find(pdf: &[u8]) -> Option<Self> {
        let start = first(pdf, b"<?xpacket begin")?;
        let before = pdf.get(..start)?;
        let rest = pdf.get(start..)?;
        let end = first(rest, b"\nendstream")?;
        let packet = String::from_utf8(rest.get(..end)?.to_vec()).ok()?;
        let object = last(before, b" 0 obj")?;
        let line = last(before.get(..object)?, b"\n")?.checked_add(1)?;
        let id = number(before.get(line..object)?)?;
        let tail = pdf.get(last(pdf, b"trailer\n<<")?..)?;
        let tail = String::from_utf8(tail.to_vec()).ok()?;
        let (trailer, place) = tail
            .strip_prefix("trailer\n<<")?
            .split_once("\nstartxref\n")?;
        Some(Self {
            id,
            packet,
            table: place.lines().next()?.parse().ok()?,
            trailer: trailer.to_owned(),
        })
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn first(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

/// The packet with the schema among the described ones, and the properties.
fn described(packet: &str) -> Option<String> {
    const BAG_END: &str = "</rdf:Bag></pdfaExtension:schemas>";
    const END: &str = "</rdf:RDF>";
    let (before, after) = packet.split_once(BAG_END)?;
    let (between, after) = after.split_once(END)?;
    let schema: String = PROPERTIES
        .iter()
        .map(|(name, _, meaning)| {
            format!(
                r#"<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"#
            )
        })
        .collect();
    let values: String = PROPERTIES
        .iter()
        .map(|(name, value, _)| format!("<fx:{name}>{value}</fx:{name}>"))
        .collect();
    Some(format!(
        r#"{before}{SCHEMA}{schema}{SCHEMA_END}{BAG_END}{between}<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">{values}</rdf:Description>{END}{after}"#
    ))
}
