//! Orders: what was bought, at which price and tax, and how it stands.

use crate::catalogue::{Plan, Product, fold};
use crate::coupon::CouponTerms;
use crate::id::{
    AccountId, InvoiceId, OrderId, PaymentId, PlanId, ProductId, SubscriptionId, UserId,
};
use crate::interval::Interval;
use crate::locale::Locale;
use crate::localized::Localized;
use crate::money::{Currency, Money};
use crate::rounding::ArithmeticError;
use crate::sealed::Sealed;
use crate::tiers::PriceScheme;
use crate::vat::{CountryCode, TaxDecision};
use crate::vat_number::VatDigest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line: a plan, a quantity and the price it was sold at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The plan.
    pub plan: PlanId,
    /// Its product.
    pub product: ProductId,
    /// The product's slug when it was sold.
    pub product_slug: String,
    /// Product and plan by name when it was sold.
    pub name: Localized,
    /// How many.
    pub quantity: u64,
    /// Length of a billing period.
    pub interval: Interval,
    /// How the quantity became the amount.
    pub scheme: PriceScheme,
    /// Price revision of the catalogue.
    pub revision: u32,
    /// Amount before discount, without VAT.
    pub subtotal: Money,
    /// Discount.
    pub discount: Money,
    /// Amount after discount, without VAT.
    pub total: Money,
    /// The subscription this line becomes once the order is paid.
    pub subscription: SubscriptionId,
}

impl OrderLine {
    /// The line of one plan at today's price.
    pub fn new(
        (product, plan): (&Product, &Plan),
        (quantity, subtotal): (u64, Money),
        scheme: PriceScheme,
        subscription: SubscriptionId,
    ) -> Self {
        Self {
            plan: plan.id,
            product: product.id,
            product_slug: product.slug.clone(),
            name: plan.name_in(product),
            quantity,
            interval: plan.interval,
            scheme,
            revision: product.revision,
            subtotal,
            discount: Money::zero(subtotal.currency()),
            total: subtotal,
            subscription,
        }
    }

    /// The price of one unit, where one number says it: none for tiers.
    pub fn unit_price(&self) -> Option<Money> {
        match self.scheme {
            PriceScheme::PerUnit { unit_amount } => {
                Some(Money::new(unit_amount, self.subtotal.currency()))
            }
            PriceScheme::Graduated(_) | PriceScheme::Volume(_) => None,
        }
    }
}

/// What an order costs. Amounts in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Sum of the lines before discount, without VAT.
    pub subtotal: Money,
    /// Sum of the discounts.
    pub discount: Money,
    /// VAT, rounded once on the sum of the lines.
    pub tax: Money,
    /// What is paid.
    pub total: Money,
}

impl Totals {
    /// Adds up lines and their VAT.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow or when a line has another currency.
    pub fn of(
        lines: &[OrderLine],
        currency: Currency,
        tax: &TaxDecision,
    ) -> Result<Self, ArithmeticError> {
        let sum = |amount: fn(&OrderLine) -> Money| Money::sum(lines.iter().map(amount), currency);
        let subtotal = sum(|line| line.subtotal)?;
        let discount = sum(|line| line.discount)?;
        let net = sum(|line| line.total)?;
        let tax = Money::new(
            crate::vat::vat_on(net.amount(), tax.rate_basis_points)?,
            currency,
        );
        let total = net.checked_add(tax)?;
        Ok(Self {
            subtotal,
            discount,
            tax,
            total,
        })
    }
}

impl Totals {
    /// The amount of each of these lines with its share of the VAT; the parts
    /// sum to the total.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow.
    pub fn with_tax(&self, lines: &[OrderLine]) -> Result<Vec<Money>, ArithmeticError> {
        let nets: Vec<i64> = lines.iter().map(|line| line.total.amount()).collect();
        let shares = crate::allocation::allocate(self.tax.amount(), &nets)?;
        let currency = self.total.currency();
        lines
            .iter()
            .zip(shares)
            .map(|(line, tax)| line.total.checked_add(Money::new(tax, currency)))
            .collect()
    }
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OrderStatus {
    /// Waiting for the payment.
    Pending,
    /// Paid.
    Paid {
        /// When.
        at: Timestamp,
    },
    /// Canceled by the customer before payment.
    Canceled {
        /// When.
        at: Timestamp,
    },
    /// Never paid.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// Paid, then refunded in full.
    Refunded {
        /// When.
        at: Timestamp,
    },
}

impl OrderStatus {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid { .. } => "paid",
            Self::Canceled { .. } => "canceled",
            Self::Expired { .. } => "expired",
            Self::Refunded { .. } => "refunded",
        }
    }
}

/// An order. Its amounts never change after it was placed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who buys.
    pub account: AccountId,
    /// Who clicked.
    pub user: UserId,
    /// How it stands.
    pub status: OrderStatus,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// What it costs.
    pub totals: Totals,
    /// The coupon it was placed with, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponTerms>,
    /// The tax and why.
    pub tax: TaxDecision,
    /// Buyer country, for the tax of renewals.
    pub country: CountryCode,
    /// Buyer postal code, for the tax of renewals.
    pub postal_code: String,
    /// The VAT number it is taxed by, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<VatDigest>,
    /// The billing address.
    pub buyer: Sealed,
    /// Language of mails and invoice.
    pub locale: Locale,
    /// Its payment.
    pub payment: PaymentId,
    /// The invoice it will have once paid.
    pub invoice: InvoiceId,
    /// When it was placed.
    pub created_at: Timestamp,
}

/// An action the order's state forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {state} cannot be {action}")]
pub struct OrderRefusal {
    /// What was tried.
    pub action: &'static str,
    /// How the order stands.
    pub state: &'static str,
}

impl Order {
    /// The order once its payment was captured.
    ///
    /// # Errors
    /// [`OrderRefusal`] unless it is pending.
    pub fn pay(self, at: Timestamp) -> Result<Self, OrderRefusal> {
        self.leave_pending("paid", OrderStatus::Paid { at })
    }

    /// The order canceled by its customer.
    ///
    /// # Errors
    /// [`OrderRefusal`] unless it is pending.
    pub fn cancel(self, at: Timestamp) -> Result<Self, OrderRefusal> {
        self.leave_pending("canceled", OrderStatus::Canceled { at })
    }

    /// The order whose payment page closed unused.
    ///
    /// # Errors
    /// [`OrderRefusal`] unless it is pending.
    pub fn expire(self, at: Timestamp) -> Result<Self, OrderRefusal> {
        self.leave_pending("expired", OrderStatus::Expired { at })
    }

    /// The order whose payment was given back in full.
    ///
    /// # Errors
    /// [`OrderRefusal`] unless it is paid.
    pub fn refund(self, at: Timestamp) -> Result<Self, OrderRefusal> {
        match self.status {
            OrderStatus::Paid { .. } => Ok(Self {
                status: OrderStatus::Refunded { at },
                ..self
            }),
            OrderStatus::Pending
            | OrderStatus::Canceled { .. }
            | OrderStatus::Expired { .. }
            | OrderStatus::Refunded { .. } => Err(OrderRefusal {
                action: "refunded",
                state: self.status.name(),
            }),
        }
    }

    fn leave_pending(
        self,
        action: &'static str,
        status: OrderStatus,
    ) -> Result<Self, OrderRefusal> {
        match self.status {
            OrderStatus::Pending => Ok(Self { status, ..self }),
            OrderStatus::Paid { .. }
            | OrderStatus::Canceled { .. }
            | OrderStatus::Expired { .. }
            | OrderStatus::Refunded { .. } => Err(OrderRefusal {
                action,
                state: self.status.name(),
            }),
        }
    }

    /// True when every word of the query occurs in its id or in a line's name,
    /// in whatever language. Case, accents and composition do not matter.
    pub fn matches(&self, query: &str) -> bool {
        let names = self.lines.iter().map(|line| &line.name);
        let names = names.flat_map(|name| [name.fr.as_str(), name.en.as_str()]);
        let mut haystack = fold(&self.id.to_string());
        for name in names {
            haystack.push(' ');
            haystack.push_str(&fold(name));
        }
        fold(query)
            .split_whitespace()
            .all(|word| haystack.contains(word))
    }

    /// True once it has been paid, refunded or not.
    pub fn was_paid(&self) -> bool {
        match self.status {
            OrderStatus::Paid { .. } | OrderStatus::Refunded { .. } => true,
            OrderStatus::Pending | OrderStatus::Canceled { .. } | OrderStatus::Expired { .. } => {
                false
            }
        }
    }

    /// The amount of each line with its share of the VAT; the parts sum to
    /// the total.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow.
    pub fn line_totals_with_tax(&self) -> Result<Vec<Money>, ArithmeticError> {
        self.totals.with_tax(&self.lines)
    }
}
