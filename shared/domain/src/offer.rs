//! What a sale comes to: the one computation behind quotes and orders, and why
//! each of its amounts is what it is.

use crate::coupon::{AppliedCoupon, Reduction};
use crate::money::{Currency, Money};
use crate::order::{OrderLine, Totals};
use crate::rounding::ArithmeticError;
use crate::tiers::{PriceError, PricePart};
use crate::vat::{Buyer, CrossBorderSales, TaxDecision, decide};
use jiff::Timestamp;

/// Lines with their tax and sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What is sold.
    pub lines: Vec<OrderLine>,
    /// What was taken off the lines, if anything.
    pub coupon: Option<AppliedCoupon>,
    /// How it is taxed, and why.
    pub tax: TaxDecision,
    /// The sums.
    pub totals: Totals,
}

/// One step of the computation: an amount, and the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// JSON pointer to the amount.
    pub path: String,
    /// The amount.
    pub amount: Money,
    /// The rule.
    pub rule: Rule,
}

/// How an amount comes about. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Units at their prices.
    Price {
        /// `per_unit`, `graduated` or `volume`.
        mode: &'static str,
        /// What is added up.
        parts: Vec<PricePart>,
    },
    /// The sum of the lines, before discount.
    SumOfLines,
    /// There is no coupon.
    NoDiscount,
    /// A coupon: a part of the lines it is for, rounded once, half away from
    /// zero; or a fixed amount, as far as the lines reach.
    Coupon {
        /// Its code.
        code: String,
        /// How much it takes off.
        reduction: Reduction,
        /// What the lines it is for come to.
        base: Money,
    },
    /// The line's share of the discount, by largest remainder.
    ShareOfDiscount,
    /// A rate of the sum of the lines after discount, rounded once, half away
    /// from zero (EN 16931, BR-CO-17).
    Tax {
        /// What it is computed on.
        base: Money,
    },
    /// The lines after discount and the tax.
    NetAndTax,
}

impl Offer {
    /// Taxes lines and adds them up, as of now.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow or when a line has another currency.
    pub fn of(
        (lines, coupon): (Vec<OrderLine>, Option<AppliedCoupon>),
        currency: Currency,
        buyer: &Buyer<'_>,
        sales: CrossBorderSales,
        now: Timestamp,
    ) -> Result<Self, ArithmeticError> {
        let net = Money::sum(lines.iter().map(|line| line.total), currency)?;
        let tax = decide(buyer, &sales.with(net), now);
        let totals = Totals::of(&lines, currency, &tax)?;
        Ok(Self {
            lines,
            coupon,
            tax,
            totals,
        })
    }

    /// Every amount with its rule, in the order of the computation.
    ///
    /// # Errors
    /// [`PriceError`] when a line has no price.
    pub fn explain(&self) -> Result<Vec<Step>, PriceError> {
        let mut steps = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            steps.push(Step {
                path: format!("/lines/{index}/subtotal"),
                amount: line.subtotal,
                rule: Rule::Price {
                    mode: line.scheme.mode(),
                    parts: line.scheme.parts(line.quantity)?,
                },
            });
        }
        let Totals {
            subtotal,
            discount,
            tax,
            total,
        } = self.totals;
        let base = subtotal.checked_sub(discount)?;
        let step = |path: &str, amount, rule| Step {
            path: path.to_owned(),
            amount,
            rule,
        };
        steps.push(step("/subtotal", subtotal, Rule::SumOfLines));
        match &self.coupon {
            None => steps.push(step("/discount", discount, Rule::NoDiscount)),
            Some(coupon) => {
                steps.push(step("/discount", discount, Rule::of(coupon)));
                steps.extend(self.shares());
            }
        }
        steps.push(step("/tax/amount", tax, Rule::Tax { base }));
        steps.push(step("/total", total, Rule::NetAndTax));
        Ok(steps)
    }

    /// What of the discount each line bears.
    fn shares(&self) -> impl Iterator<Item = Step> {
        let lines = self.lines.iter().enumerate();
        lines.map(|(index, line)| Step {
            path: format!("/lines/{index}/discount"),
            amount: line.discount,
            rule: Rule::ShareOfDiscount,
        })
    }
}

impl Rule {
    fn of(coupon: &AppliedCoupon) -> Self {
        Self::Coupon {
            code: coupon.terms.code.to_string(),
            reduction: coupon.terms.reduction,
            base: coupon.base,
        }
    }
}
