use crate::document::Kind;
use crate::samples::{Sample, samples};
use crate::{Document, DocumentError, cii, pdf};
use domain::invoice::InvoiceStatus;

fn sample(name: &str) -> Sample {
    let found = samples().unwrap().into_iter().find(|it| it.name == name);
    found.unwrap()
}

fn count(pdf: &[u8], what: &[u8]) -> usize {
    pdf.windows(what.len())
        .filter(|window| *window == what)
        .count()
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    for sample in samples().unwrap() {
        let (first, second) = (
            pdf(&sample.document().unwrap()),
            pdf(&sample.document().unwrap()),
        );
        assert_eq!(first, second, "{}", sample.name);
    }
    let (paid, open) = (sample("domestic_paid"), sample("domestic_paid").open());
    assert_ne!(
        pdf(&paid.document().unwrap()),
        pdf(&open.document().unwrap())
    );
}

#[test]
fn a_pdf_says_that_it_is_an_archive_with_an_invoice_in_it() {
    for sample in samples().unwrap() {
        let pdf = pdf(&sample.document().unwrap()).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert!(pdf.ends_with(b"%%EOF"));
        let name = sample.name;
        assert!(count(&pdf, b"(factur-x.xml)") >= 2, "{name}: embedded");
        assert_eq!(count(&pdf, b"/AFRelationship/Alternative"), 1, "{name}");
        assert_eq!(count(&pdf, b"<pdfaid:part>3</pdfaid:part>"), 2, "{name}");
        let level = b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>";
        assert_eq!(count(&pdf, level), 1, "{name}: described once");
    }
}

#[test]
fn the_number_of_the_newer_metadata_is_that_of_the_older() {
    let pdf = pdf(&sample("domestic_paid").document().unwrap()).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let objects: Vec<&str> = text
        .split("endobj")
        .filter(|object| object.contains("<?xpacket begin"))
        .filter_map(|object| object.split(" obj").next()?.rsplit('\n').next())
        .collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0], objects[1]);
}

#[test]
fn another_layout_of_the_file_is_refused() {
    for other in ["", "%PDF-1.7", "<?xpacket begin\n 7 0 obj\nendstream"] {
        let refused = crate::factur_x::describe(other.as_bytes().to_vec());
        assert!(matches!(refused, Err(DocumentError::Pdf(_))), "{other}");
    }
}

#[test]
fn who_accounts_for_vat_has_a_number() {
    let mut sample = sample("reverse_charge");
    sample.buyer.vat_number = None;
    assert_eq!(
        pdf(&sample.document().unwrap()),
        Err(DocumentError::NoBuyerNumber)
    );
    assert_eq!(
        cii(&sample.document().unwrap()),
        Err(DocumentError::NoBuyerNumber)
    );
}

#[test]
fn a_draft_has_no_document_and_an_issued_invoice_its_own() {
    let mut sample = sample("domestic_paid");
    let of = |sample: &Sample| {
        let document = Document::of(&sample.invoice, &sample.buyer, &sample.seller);
        document.map(|it| (it.file_name(), it.settled_at.is_some()))
    };
    let named = |paid| Some(("F2026-000001.pdf".to_owned(), paid));
    assert_eq!(of(&sample), named(true));
    sample = sample.open();
    assert_eq!(of(&sample), named(false));
    for draft in [InvoiceStatus::Ready { paid_at: None }, InvoiceStatus::Draft] {
        sample.invoice.status = draft;
        assert_eq!(of(&sample), None);
    }
}

#[test]
fn a_credit_note_is_a_document_of_its_own_kind() {
    let sample = sample("credit_note");
    let document = sample.document().unwrap();
    assert_eq!(document.file_name(), "A2026-000001.pdf");
    assert!(matches!(document.kind, Kind::CreditNote { corrects, .. }
        if corrects.to_string() == "F2026-000001"));
}
