//! Invoices and credit notes as PDF: whose they are, and that the invoice for
//! machines in them is the one the API tells.

use domain::id::{Id as _, InvoiceId};
use domain::invoice::{Invoice, InvoiceStatus};
use flate2::read::ZlibDecoder;
use platform::store::{Transaction, keys};
use serde_json::Value;
use std::io::Read as _;
use tests::shop::{Answer, EDR_MONTHLY, PASSWORD, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

/// Between two texts.
fn between<'a>(whole: &'a [u8], start: &str, end: &str) -> &'a [u8] {
    let find = |whole: &[u8], what: &str| {
        let mut windows = whole.windows(what.len());
        windows.position(|window| window == what.as_bytes())
    };
    let after = &whole[find(whole, start).expect(start) + start.len()..];
    &after[..find(after, end).expect(end)]
}

/// The invoice for machines.
fn embedded(pdf: &[u8]) -> String {
    let start = between(pdf, "/Type/EmbeddedFile", "endstream");
    let packed = &start[start.windows(7).position(|it| it == b"stream\n").unwrap() + 7..];
    let mut xml = String::new();
    ZlibDecoder::new(packed).read_to_string(&mut xml).unwrap();
    xml
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let found = between(xml.as_bytes(), &format!("<ram:{name}>"), "</");
    std::str::from_utf8(found).unwrap()
}

/// The PDF of what the API tells, by the address it tells.
async fn pdf(user: &User, invoice: &Value) -> Answer {
    let answer = user.get(&text(&invoice["pdfUrl"])).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("cache-control"), "no-store");
    let number = text(&invoice["number"]);
    let inline = format!("inline; filename=\"{number}.pdf\"");
    assert_eq!(answer.header("content-disposition"), inline);
    assert!(answer.bytes.starts_with(b"%PDF-1.7"));
    answer
}

/// Both say the same.
fn assert_agree(pdf: &Answer, invoice: &Value) {
    let number = text(&invoice["number"]);
    // The title in the metadata, which readers show above the page.
    let title = between(&pdf.bytes, "<dc:title>", "</dc:title>");
    assert!(String::from_utf8_lossy(title).contains(&number));
    let xml = embedded(&pdf.bytes);
    assert_eq!(element(&xml, "ID"), "S1", "the process is the first id");
    assert!(xml.contains(&format!("<ram:ID>{number}</ram:ID>")), "{xml}");
    let cents = |name| element(&xml, name).replace('.', "").parse::<i64>().unwrap();
    for (name, told) in [
        ("GrandTotalAmount", &invoice["total"]),
        ("TaxBasisTotalAmount", &invoice["taxes"][0]["base"]),
        ("DuePayableAmount", &invoice["amountDue"]),
    ] {
        assert_eq!(cents(name), told["amount"], "{name}");
    }
    for mention in invoice["mentions"].as_array().unwrap() {
        assert!(xml.contains(&text(mention)), "{mention} in {xml}");
    }
}

#[tokio::test]
async fn the_invoice_of_a_paid_order_is_a_pdf_with_the_same_invoice_in_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 30).await;
    let invoice = &ada.invoices().await[0];
    let first = pdf(&ada, invoice).await;
    assert_agree(&first, invoice);
    assert_eq!(element(&embedded(&first.bytes), "TypeCode"), "380");
    shop.advance("PT1H").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    let later = pdf(&ada, invoice).await;
    assert_eq!(first.bytes, later.bytes, "an issued invoice never changes");
}

#[tokio::test]
async fn a_credit_note_is_a_pdf_that_names_the_invoice_it_corrects() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let finance = staff(&shop, "finance").await;
    let payment = payment_of(&shop, &ada.buy(EDR_MONTHLY, 30).await).await;
    let path = format!("/v1/admin/payments/{payment}/refunds");
    let call = finance.call("POST", &path).key("k");
    call.json(&refund_of(6_000)).send().await.data(201);
    shop.cloud.settle().await;
    let invoices = ada.invoices().await;
    let note = invoices.iter().find(|it| it["kind"] == "credit_note");
    let note = note.unwrap();
    let answer = pdf(&ada, note).await;
    assert_agree(&answer, note);
    let xml = embedded(&answer.bytes);
    assert_eq!(element(&xml, "TypeCode"), "381");
    let corrected = text(&note["corrects"]["number"]);
    assert_eq!(element(&xml, "IssuerAssignedID"), corrected);
}

#[tokio::test]
async fn another_s_invoice_and_a_draft_have_no_pdf() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let eve = shop.customer("eve@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let invoice = ada.invoices().await.remove(0);
    let foreign = eve.get(&text(&invoice["pdfUrl"])).await;
    foreign.refused(404, "not_found");

    let app = shop.cloud.app("test");
    let id = InvoiceId::parse(&text(&invoice["id"])).unwrap();
    let key = keys::invoice(ada.account, id);
    let numbered = app.store().get::<Invoice>(&key).await.unwrap().unwrap();
    let draft = Invoice {
        id: app.new_id().unwrap(),
        status: InvoiceStatus::Draft,
        ..numbered.value
    };
    let mut act = Transaction::new(app.new_id().unwrap());
    act.insert(&draft, ());
    app.store().commit(act).await.unwrap();
    for ending in ["", "/pdf"] {
        let path = format!("/v1/invoices/{}{ending}", draft.id);
        ada.get(&path).await.refused(404, "not_found");
    }
}
