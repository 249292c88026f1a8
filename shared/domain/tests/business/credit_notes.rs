//! Credit notes: what they say of the invoice they correct.

use crate::refunds::{asked, paid, taxed};
use crate::samples::{eur, later, now};
use domain::invoice::{InvoiceNumber, Series};
use domain::locale::Locale;

#[test]
fn a_credit_note_names_its_invoice_and_the_reason() {
    let invoice = taxed(&[9_980], 2_000);
    let payment = paid(&invoice)
        .request_refund(asked(1, eur(1_200)), &invoice, now())
        .unwrap();
    let note = invoice.credit_note(&payment.refunds[0], later(3)).unwrap();
    let correction = note.correction.unwrap();
    let said = correction.mention(Locale::Fr);
    assert_eq!(
        said,
        "Avoir sur la facture F2026-000001 du 31 janvier 2026. Motif\u{a0}: erreur de facturation"
    );
    let said = correction.mention(Locale::En);
    assert_eq!(
        said,
        "Credit note to invoice F2026-000001 of 31 January 2026. Reason: billing error"
    );
}

#[test]
fn a_line_nothing_is_taken_of_is_not_on_the_credit_note() {
    let invoice = taxed(&[1, 10_000], 0);
    let payment = paid(&invoice)
        .request_refund(asked(1, eur(1)), &invoice, now())
        .unwrap();
    assert_eq!(payment.refunds[0].nets, [0, 1]);
    let note = invoice.credit_note(&payment.refunds[0], now()).unwrap();
    assert_eq!(note.lines.len(), 1);
}

/// In the table an invoice's number says no series, as before there were others.
#[test]
fn a_number_says_its_series_unless_it_is_an_invoices() {
    let number = |series| InvoiceNumber {
        series,
        year: 2026,
        sequence: 1,
    };
    let written = serde_json::json!(number(Series::Invoice));
    assert_eq!(written, serde_json::json!({"year": 2026, "sequence": 1}));
    let written = serde_json::json!(number(Series::CreditNote));
    assert_eq!(written["series"], "credit_note");
    for series in [Series::Invoice, Series::CreditNote] {
        let written = serde_json::json!(number(series));
        let read: InvoiceNumber = serde_json::from_value(written).unwrap();
        assert_eq!(read, number(series));
    }
}
