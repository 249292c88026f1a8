//! Invoices as JSON.

use domain::address::BillingAddress;
use domain::invoice::{Correction, Invoice, InvoiceLine, Seller, Series};
use domain::locale::Locale;
use platform::http::views::MoneyView;
use serde::Serialize;

/// One line of an invoice, without VAT.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct InvoiceLineView {
    /// The plan.
    pub plan_id: String,
    /// The slug of its product.
    pub product_slug: String,
    /// What was sold.
    pub name: String,
    /// How many.
    pub quantity: u64,
    /// Price of one; null for tiers.
    pub unit_price: Option<MoneyView>,
    /// Before discount.
    pub subtotal: MoneyView,
    /// Discount.
    pub discount: MoneyView,
    /// After discount.
    pub total: MoneyView,
    /// Start of the service period.
    pub period_start: String,
    /// End of the service period.
    pub period_end: String,
}

impl InvoiceLineView {
    fn of(line: &InvoiceLine, locale: Locale) -> Self {
        Self {
            plan_id: line.plan.to_string(),
            product_slug: line.product_slug.clone(),
            name: line.name.get(locale).to_owned(),
            quantity: line.quantity,
            unit_price: line.unit_price.map(MoneyView::from),
            subtotal: line.subtotal.into(),
            discount: line.discount.into(),
            total: line.total.into(),
            period_start: line.period_start.to_string(),
            period_end: line.period_end.to_string(),
        }
    }
}

/// VAT at one rate, in minor units.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct InvoiceTaxView {
    /// Rate in basis points.
    pub rate: u32,
    /// What it is computed on.
    pub base: MoneyView,
    /// The VAT.
    pub amount: MoneyView,
}

/// Who sells, as printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SellerView {
    /// Company name.
    pub name: String,
    /// Legal form and capital.
    pub legal_form: String,
    /// SIREN.
    pub siren: String,
    /// Register and city.
    pub rcs: String,
    /// VAT number.
    pub vat_number: String,
    /// Address in one line.
    pub address: String,
}

/// Who is billed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct BuyerView {
    /// Person or contact.
    pub name: String,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// Building, floor.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Region.
    pub region: Option<String>,
    /// Country code.
    pub country: String,
    /// VAT number.
    pub vat_number: Option<String>,
}

/// What a credit note corrects.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct CorrectionView {
    /// The invoice.
    pub invoice_id: String,
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub issued_at: String,
    /// Why money was given back: `requested_by_customer`, `duplicate`,
    /// `fraudulent`, `billing_error`, `service_issue` or `goodwill`.
    pub reason: &'static str,
}

impl CorrectionView {
    fn of(correction: &Correction) -> Self {
        Self {
            invoice_id: correction.invoice.to_string(),
            number: correction.number.to_string(),
            issued_at: correction.issued_at.to_string(),
            reason: correction.reason.name(),
        }
    }
}

/// An invoice.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct InvoiceView {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// `invoice` or `credit_note`.
    pub kind: &'static str,
    /// `open` or `paid`.
    pub status: &'static str,
    /// When it was issued.
    pub issued_at: String,
    /// When it is due: at once.
    pub due_at: String,
    /// Who sells.
    pub seller: SellerView,
    /// Who is billed.
    pub buyer: BuyerView,
    /// The lines.
    pub lines: Vec<InvoiceLineView>,
    /// Sum of the lines before discount, without VAT.
    pub subtotal: MoneyView,
    /// Discount.
    pub discount: MoneyView,
    /// VAT by rate.
    pub taxes: Vec<InvoiceTaxView>,
    /// What is due in all, VAT included.
    pub total: MoneyView,
    /// What is still to be paid.
    pub amount_due: MoneyView,
    /// For a credit note: the invoice it corrects, and why; null for an invoice.
    pub corrects: Option<CorrectionView>,
    /// What the law wants said.
    pub mentions: Vec<String>,
    /// Where its PDF is, asked for with the same access token. It is an
    /// e-invoice as well (Factur-X, profile EN 16931).
    pub pdf_url: String,
}

impl InvoiceView {
    /// An issued invoice in its own language; none for a draft.
    pub fn of(invoice: &Invoice, buyer: BillingAddress, seller: &Seller) -> Option<Self> {
        let (number, issued_at) = invoice.issued()?;
        let totals = &invoice.totals;
        let currency = totals.total.currency();
        let money = |amount| MoneyView::from(domain::money::Money::new(amount, currency));
        let due = invoice.amount_due();
        Some(Self {
            id: invoice.id.to_string(),
            number: number.to_string(),
            kind: match invoice.series() {
                Series::Invoice => "invoice",
                Series::CreditNote => "credit_note",
            },
            status: invoice.status.name(),
            issued_at: issued_at.to_string(),
            due_at: issued_at.to_string(),
            seller: seller_view(seller),
            buyer: buyer_view(buyer),
            lines: invoice
                .lines
                .iter()
                .map(|line| InvoiceLineView::of(line, invoice.locale))
                .collect(),
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            taxes: totals
                .taxes
                .iter()
                .map(|tax| InvoiceTaxView {
                    rate: tax.rate,
                    base: money(tax.base),
                    amount: money(tax.tax),
                })
                .collect(),
            total: totals.total.into(),
            amount_due: due.into(),
            corrects: invoice.correction.as_ref().map(CorrectionView::of),
            mentions: invoice.mentions(),
            pdf_url: format!("/v1/invoices/{}/pdf", invoice.id),
        })
    }
}

fn seller_view(seller: &Seller) -> SellerView {
    SellerView {
        name: seller.name.clone(),
        legal_form: format!("{} au capital de {}", seller.legal_form, seller.capital),
        siren: seller.siren.clone(),
        rcs: seller.rcs.clone(),
        vat_number: seller.vat_number.clone(),
        address: format!(
            "{}, {} {}, {}",
            seller.line1, seller.postal_code, seller.city, seller.country
        ),
    }
}

fn buyer_view(buyer: BillingAddress) -> BuyerView {
    BuyerView {
        name: buyer.name.into(),
        company: buyer.company.map(Into::into),
        line1: buyer.line1.into(),
        line2: buyer.line2.map(Into::into),
        postal_code: buyer.postal_code.into(),
        city: buyer.city.into(),
        region: buyer.region.map(Into::into),
        country: buyer.country.as_str().to_owned(),
        vat_number: buyer.vat_number.map(Into::into),
    }
}
