use crate::samples::{Sample, samples};
use crate::{DocumentError, cii};
use domain::invoice::{InvoiceLine, InvoiceTotals};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::refund::RefundReason;
use domain::vat::{TaxDecision, TaxReason, TaxTreatment, VatCategory};
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

fn sample(name: &str) -> Sample {
    let found = samples().unwrap().into_iter().find(|it| it.name == name);
    found.unwrap()
}

/// Every text whose path ends like this.
fn texts(xml: &str, end: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut found) = (String::new(), Vec::new());
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                path.push('/');
                path.push_str(start.local_name().as_ref());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "apos" => "'",
                "quot" => "\"",
                other => panic!("{other}"),
            }),
            Event::End(_) => {
                if path.ends_with(end) {
                    found.push(text.clone());
                }
                path.truncate(path.rfind('/').unwrap());
                text.clear();
            }
            Event::Eof => return found,
            Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

fn text(xml: &str, end: &str) -> String {
    let found = texts(xml, end);
    assert_eq!(found.len(), 1, "{end} in {xml}");
    found[0].clone()
}

/// A decimal with two digits, in cents.
fn cents(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2);
    format!("{whole}{fraction}").parse().unwrap()
}

const SUMS: &str = "SpecifiedTradeSettlementHeaderMonetarySummation";

fn sum(xml: &str, name: &str) -> i128 {
    cents(&text(xml, &format!("{SUMS}/{name}")))
}

/// What EN 16931 says of the totals of any document.
fn assert_adds_up(xml: &str) {
    let lines: i128 = texts(
        xml,
        "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
    )
    .iter()
    .map(|amount| cents(amount))
    .sum();
    let vat: i128 = texts(xml, "ApplicableTradeTax/CalculatedAmount")
        .iter()
        .map(|amount| cents(amount))
        .sum();
    let net = sum(xml, "LineTotalAmount");
    assert_eq!(net, lines, "BR-CO-10");
    // There is neither allowance nor charge on the whole document.
    assert_eq!(sum(xml, "TaxBasisTotalAmount"), net, "BR-CO-13");
    assert_eq!(sum(xml, "TaxTotalAmount"), vat, "BR-CO-14");
    let total = sum(xml, "GrandTotalAmount");
    assert_eq!(total, net + vat, "BR-CO-15");
    let due = total - sum(xml, "TotalPrepaidAmount");
    assert_eq!(sum(xml, "DuePayableAmount"), due, "BR-CO-16");
}

#[test]
fn the_amounts_are_those_of_the_document() {
    for sample in samples().unwrap() {
        let xml = cii(&sample.document().unwrap()).unwrap();
        let totals = &sample.invoice.totals;
        let name = sample.name;
        assert_adds_up(&xml);
        assert_eq!(
            sum(&xml, "LineTotalAmount"),
            totals.net.amount().into(),
            "{name}"
        );
        assert_eq!(
            sum(&xml, "GrandTotalAmount"),
            totals.total.amount().into(),
            "{name}"
        );
        let due = sample.invoice.amount_due().amount();
        assert_eq!(sum(&xml, "DuePayableAmount"), due.into(), "{name}");
        let lines = texts(&xml, "IncludedSupplyChainTradeLineItem");
        assert_eq!(lines.len(), sample.invoice.lines.len());
        let (number, _) = sample.invoice.issued().unwrap();
        assert_eq!(text(&xml, "ExchangedDocument/ID"), number.to_string());
    }
}

/// A line that costs so much, less so much.
fn line(model: &InvoiceLine, quantity: u64, price: i64, tiers: bool, discount: i64) -> InvoiceLine {
    let euros = |amount| Money::new(amount, Currency::EUR);
    let subtotal = euros(price).checked_mul(quantity).unwrap();
    let discount = euros(discount.min(subtotal.amount()));
    InvoiceLine {
        quantity,
        unit_price: (!tiers).then(|| euros(price)),
        subtotal,
        discount,
        total: subtotal.checked_sub(discount).unwrap(),
        ..model.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_lines_add_up(
        lines in prop::collection::vec(
            (1..100_000_u64, 0..10_000_000_i64, any::<bool>(), 0..1_000_000_i64), 1..20),
        rate in prop::sample::select(vec![850_u32, 1_700, 2_000, 2_550]),
        paid in any::<bool>(),
    ) {
        let mut sample = sample("domestic_open");
        let model = sample.invoice.lines[0].clone();
        sample.invoice.lines = lines
            .into_iter()
            .map(|(quantity, price, tiers, discount)| line(&model, quantity, price, tiers, discount))
            .collect();
        sample.invoice.tax.rate_basis_points = rate;
        sample.invoice.totals =
            InvoiceTotals::of(&sample.invoice.lines, &sample.invoice.tax, Currency::EUR).unwrap();
        if !paid {
            sample = sample.open();
        }
        let xml = cii(&sample.document().unwrap()).unwrap();
        assert_adds_up(&xml);
        prop_assert_eq!(sum(&xml, "GrandTotalAmount"), i128::from(sample.invoice.totals.total.amount()));
        for (line, (price, net)) in sample.invoice.lines.iter().zip(
            texts(&xml, "NetPriceProductTradePrice/ChargeAmount").iter().zip(
            texts(&xml, "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"))) {
            // Price by quantity, less the allowance, is the line's amount.
            let each = i128::from(line.quantity);
            let gross = if line.unit_price.is_some() { cents(price) * each } else { cents(price) };
            prop_assert_eq!(gross - i128::from(line.discount.amount()), cents(&net));
        }
    }
}

#[test]
fn tiers_are_a_price_for_the_whole_quantity() {
    let xml = cii(&sample("tiers_and_discount").document().unwrap()).unwrap();
    let price = "NetPriceProductTradePrice";
    assert_eq!(
        texts(&xml, &format!("{price}/ChargeAmount")),
        ["65432.17", "1234567.89"]
    );
    assert_eq!(texts(&xml, &format!("{price}/BasisQuantity")), ["1250"]);
    assert_eq!(
        texts(&xml, "SpecifiedTradeAllowanceCharge/ActualAmount"),
        ["123.45", "10000.00"]
    );
}

#[test]
fn a_taxed_sale_says_its_rate_and_both_numbers() {
    let xml = cii(&sample("domestic_paid").document().unwrap()).unwrap();
    let tax = "ApplicableHeaderTradeSettlement/ApplicableTradeTax";
    assert_eq!(text(&xml, &format!("{tax}/CategoryCode")), "S");
    assert_eq!(text(&xml, &format!("{tax}/RateApplicablePercent")), "20.00");
    assert!(texts(&xml, "ExemptionReasonCode").is_empty());
    assert_eq!(
        texts(&xml, "SpecifiedTaxRegistration/ID"),
        ["FR00000000000", "FR40303265045"]
    );
    assert_eq!(text(&xml, "SpecifiedLegalOrganization/ID"), "000000000");
}

#[test]
fn a_reverse_charge_says_why_and_who() {
    let xml = cii(&sample("reverse_charge").document().unwrap()).unwrap();
    assert_eq!(text(&xml, "ExemptionReasonCode"), "VATEX-EU-AE");
    assert!(text(&xml, "ExemptionReason").starts_with("Reverse charge"));
    assert_eq!(
        text(&xml, "BuyerTradeParty/SpecifiedTaxRegistration/ID"),
        "DE136695976"
    );
    assert!(
        texts(&xml, "RateApplicablePercent")
            .iter()
            .all(|rate| rate == "0.00")
    );
}

#[test]
fn what_is_outside_the_scope_has_neither_rate_nor_numbers() {
    let xml = cii(&sample("outside_scope").document().unwrap()).unwrap();
    assert_eq!(text(&xml, "ExemptionReasonCode"), "VATEX-EU-O");
    assert!(texts(&xml, "RateApplicablePercent").is_empty());
    assert!(texts(&xml, "SpecifiedTaxRegistration/ID").is_empty());
}

#[test]
fn a_number_that_is_none_of_the_union_says_nothing_to_machines() {
    let mut sample = sample("domestic_paid");
    sample.buyer.vat_number = Some("about 12".to_owned().try_into().unwrap());
    let xml = cii(&sample.document().unwrap()).unwrap();
    assert_eq!(
        texts(&xml, "SpecifiedTaxRegistration/ID"),
        ["FR00000000000"]
    );
}

#[test]
fn a_credit_note_names_the_invoice_it_corrects() {
    let xml = cii(&sample("credit_note").document().unwrap()).unwrap();
    assert_eq!(text(&xml, "ExchangedDocument/TypeCode"), "381");
    assert_eq!(
        text(&xml, "InvoiceReferencedDocument/IssuerAssignedID"),
        "F2026-000001"
    );
    assert_eq!(
        text(&xml, "FormattedIssueDateTime/DateTimeString"),
        "20260201"
    );
    assert_eq!(
        texts(&xml, "IncludedNote/Content")[0],
        format!(
            "Avoir sur la facture F2026-000001 du 1er février 2026. Motif\u{a0}: {}",
            RefundReason::RequestedByCustomer.text(Locale::Fr)
        )
    );
    let invoice = cii(&sample("domestic_paid").document().unwrap()).unwrap();
    assert_eq!(text(&invoice, "ExchangedDocument/TypeCode"), "380");
    assert!(texts(&invoice, "InvoiceReferencedDocument/IssuerAssignedID").is_empty());
}

#[test]
fn days_are_those_of_paris_and_a_period_ends_with_its_last_instant() {
    let mut sample = sample("domestic_paid");
    sample.invoice.lines.truncate(1);
    for (start, end, days) in [
        (
            "2026-01-31T09:00:01Z",
            "2026-02-28T09:00:01Z",
            ["20260131", "20260228"],
        ),
        (
            "2026-01-31T23:00:00Z",
            "2026-02-28T23:00:00Z",
            ["20260201", "20260228"],
        ),
        (
            "2026-01-31T09:00:01Z",
            "2026-01-31T09:00:01Z",
            ["20260131", "20260131"],
        ),
    ] {
        sample.invoice.lines[0].period_start = start.parse().unwrap();
        sample.invoice.lines[0].period_end = end.parse().unwrap();
        let xml = cii(&sample.document().unwrap()).unwrap();
        let period = |end| {
            text(
                &xml,
                &format!("BillingSpecifiedPeriod/{end}/DateTimeString"),
            )
        };
        assert_eq!([period("StartDateTime"), period("EndDateTime")], days);
    }
    let xml = cii(&sample.document().unwrap()).unwrap();
    assert_eq!(text(&xml, "IssueDateTime/DateTimeString"), "20260201");
}

#[test]
fn texts_come_through_as_they_are_but_for_what_xml_cannot_hold() {
    let mut sample = sample("domestic_paid");
    sample.invoice.lines.truncate(1);
    sample.invoice.lines[0].name.fr = "a<b>&amp;\"'\u{1}\u{ffff}c".to_owned();
    let xml = cii(&sample.document().unwrap()).unwrap();
    assert_eq!(text(&xml, "SpecifiedTradeProduct/Name"), "a<b>&amp;\"'  c");
    assert_eq!(
        text(&xml, "BuyerTradeParty/Name"),
        "Ateliers Čapek & Fils <SARL>"
    );
}

#[test]
fn amounts_that_do_not_fit_are_refused() {
    let mut sample = sample("domestic_paid");
    sample.invoice.tax = TaxDecision {
        treatment: TaxTreatment::Domestic,
        rate_basis_points: 2_000,
        category: VatCategory::Standard,
        provisional: false,
        reason: TaxReason::FrenchVat,
    };
    sample.invoice.totals.net = Money::new(i64::MIN, Currency::EUR);
    assert!(matches!(
        cii(&sample.document().unwrap()),
        Err(DocumentError::Amounts(_))
    ));
}
