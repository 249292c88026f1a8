//! Orders and their payments as JSON.

use domain::locale::Locale;
use domain::money::Money;
use domain::order::Order;
use domain::payment::{Channel, Payment};
use domain::vat::{TaxDecision, TaxTreatment};
use platform::http::views::{LineView, MoneyView};
use serde::Serialize;

/// The tax of an order and why.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct TaxView {
    /// VAT in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Rate in basis points.
    pub rate: u32,
    /// `domestic`, `origin`, `reverse_charge`, `destination` or `outside_scope`.
    pub treatment: &'static str,
    /// True while a later answer may still change it.
    pub provisional: bool,
    /// Why, in words.
    pub reason: &'static str,
}

/// An order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct OrderView {
    /// Its id.
    pub id: String,
    /// `pending`, `paid`, `canceled`, `expired` or `refunded`.
    pub status: &'static str,
    /// What was bought, without VAT.
    pub lines: Vec<LineView>,
    /// Sum of the lines before discount, without VAT.
    pub subtotal: MoneyView,
    /// Discount.
    pub discount: MoneyView,
    /// The coupon it was placed with.
    pub coupon_code: Option<String>,
    /// VAT.
    pub tax: TaxView,
    /// What is paid, VAT included.
    pub total: MoneyView,
    /// When it was placed.
    pub created_at: String,
    /// One for each line; empty until it is paid.
    pub subscription_ids: Vec<String>,
    /// Null until it is paid.
    pub invoice_id: Option<String>,
    /// Its payment.
    pub payment_id: String,
}

impl TaxView {
    /// A decision and what it comes to, in a language.
    pub fn of(tax: &TaxDecision, amount: Money, locale: Locale) -> Self {
        Self {
            amount: amount.amount(),
            currency: amount.currency().as_str(),
            rate: tax.rate_basis_points,
            treatment: treatment_name(tax.treatment),
            provisional: tax.provisional,
            reason: tax.reason.text(locale),
        }
    }
}

impl OrderView {
    /// The order in a language.
    pub fn of(order: &Order, locale: Locale) -> Self {
        let paid = order.was_paid();
        let total = order.totals.total;
        Self {
            id: order.id.to_string(),
            status: order.status.name(),
            lines: order
                .lines
                .iter()
                .map(|line| LineView::of(line, locale))
                .collect(),
            subtotal: order.totals.subtotal.into(),
            discount: order.totals.discount.into(),
            coupon_code: order.coupon.as_ref().map(|it| it.code.to_string()),
            tax: TaxView::of(&order.tax, order.totals.tax, locale),
            total: total.into(),
            created_at: order.created_at.to_string(),
            subscription_ids: order
                .lines
                .iter()
                .filter(|_| paid)
                .map(|line| line.subscription.to_string())
                .collect(),
            invoice_id: paid.then(|| order.invoice.to_string()),
            payment_id: order.payment.to_string(),
        }
    }
}

fn treatment_name(treatment: TaxTreatment) -> &'static str {
    match treatment {
        TaxTreatment::Domestic => "domestic",
        TaxTreatment::Origin => "origin",
        TaxTreatment::ReverseCharge => "reverse_charge",
        TaxTreatment::Destination => "destination",
        TaxTreatment::OutsideScope => "outside_scope",
    }
}

/// A payment that waits for the customer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PaymentView {
    /// Its id.
    pub id: String,
    /// `stripe`.
    pub provider: &'static str,
    /// `pending`, `paid`, `failed`, `expired` or `refunded`.
    pub status: &'static str,
    /// The payment page; null once it is closed.
    pub checkout_url: Option<String>,
    /// When the page closes.
    pub expires_at: Option<String>,
}

impl PaymentView {
    /// The payment with the page of its open attempt.
    pub fn of(payment: &Payment) -> Self {
        let open = payment.open_attempt();
        let expires_at = open.and_then(|attempt| match &attempt.channel {
            Channel::Hosted { closes_at, .. } => Some(closes_at.to_string()),
            Channel::OffSession { .. } => None,
        });
        Self {
            id: payment.id.to_string(),
            provider: "stripe",
            status: payment.state_name(),
            checkout_url: open
                .and_then(|attempt| attempt.page())
                .map(|page| page.url.clone()),
            expires_at,
        }
    }
}

/// A new order with the payment that waits for the customer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PlacedView {
    /// The order.
    pub order: OrderView,
    /// Its payment.
    pub payment: PaymentView,
}
