//! What a period of a subscription costs.

use crate::invoice::{InvoiceLine, InvoiceTotals};
use crate::money::Money;
use crate::period::PeriodBounds;
use crate::subscription::Subscription;
use crate::tiers::{PriceError, PriceScheme};
use crate::vat::{Buyer, TaxDecision, decide};
use crate::vat_check::TaxFacts;

/// What one period of a subscription costs.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Its one line.
    pub lines: Vec<InvoiceLine>,
    /// How it is taxed.
    pub tax: TaxDecision,
    /// The sums.
    pub totals: InvoiceTotals,
}

impl Subscription {
    /// What one full period costs before discount, without VAT.
    ///
    /// # Errors
    /// [`PriceError`] when the amount is out of range.
    pub fn price(&self) -> Result<Money, PriceError> {
        Ok(Money::new(self.scheme.total(self.quantity)?, self.currency))
    }

    /// What a coupon takes off one period.
    fn discount(&self, period: &PeriodBounds) -> Result<Money, PriceError> {
        Ok(match &self.coupon {
            Some(coupon) => coupon.discount(period.index, self.price()?)?,
            None => Money::zero(self.currency),
        })
    }

    /// The invoice line of one period.
    ///
    /// # Errors
    /// [`PriceError`] when the amount is out of range.
    pub fn invoice_line(&self, period: &PeriodBounds) -> Result<InvoiceLine, PriceError> {
        let price = self.price()?;
        let discount = self.discount(period)?;
        let unit_price = match self.scheme {
            PriceScheme::PerUnit { unit_amount } => Some(Money::new(unit_amount, self.currency)),
            PriceScheme::Graduated(_) | PriceScheme::Volume(_) => None,
        };
        Ok(InvoiceLine {
            plan: self.plan,
            product_slug: self.product_slug.clone(),
            name: self.name.clone(),
            quantity: self.quantity,
            unit_price,
            subtotal: price,
            discount,
            total: price.checked_sub(discount)?,
            period_start: period.start,
            period_end: period.end,
        })
    }

    /// What a later period is billed, taxed as at its start by what is known
    /// now: the same for who charges it and for who only shows it.
    ///
    /// # Errors
    /// [`PriceError`] when an amount is out of range.
    pub fn bill(&self, period: &PeriodBounds, facts: &TaxFacts) -> Result<Bill, PriceError> {
        let buyer = Buyer {
            country: self.country,
            postal_code: &self.postal_code,
            number: facts.number(),
        };
        let line = self.invoice_line(period)?;
        let tax = decide(&buyer, &facts.sales.with(line.total), period.start);
        let lines = vec![line];
        let totals = InvoiceTotals::of(&lines, &tax, self.currency)?;
        Ok(Bill { lines, tax, totals })
    }
}
