//! Invoices: drafts until the first outcome of their payment, then numbered
//! without gaps and never changed. A credit note corrects one: the same
//! document in a series of its own, its amounts above zero.

pub use crate::credit_note::Correction;
pub use crate::series::{DateGoesBack, InvoiceNumber, Series, SeriesCounter, issue_date};

use crate::id::{AccountId, InvoiceId, PaymentId, PlanId};
use crate::locale::Locale;
use crate::localized::Localized;
use crate::money::Money;
use crate::payment::{Captured, Purpose};
use crate::rounding::ArithmeticError;
use crate::sealed::Sealed;
use crate::vat::{RateTotal, TaxDecision, tax_by_rate};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The plan.
    pub plan: PlanId,
    /// The product's slug.
    pub product_slug: String,
    /// What was sold.
    pub name: Localized,
    /// How many.
    pub quantity: u64,
    /// Price of one, where one number says it.
    pub unit_price: Option<Money>,
    /// Amount before discount, without VAT.
    pub subtotal: Money,
    /// Discount.
    pub discount: Money,
    /// Amount after discount, without VAT.
    pub total: Money,
    /// Start of the service period.
    pub period_start: Timestamp,
    /// End of the service period.
    pub period_end: Timestamp,
}

/// The amounts of an invoice. `subtotal` is before discount; VAT is rounded
/// once per rate (EN 16931, BR-CO-17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTotals {
    /// Sum of the lines before discount, without VAT.
    pub subtotal: Money,
    /// Sum of the discounts.
    pub discount: Money,
    /// Sum of the lines after discount, without VAT.
    pub net: Money,
    /// VAT by rate, in minor units.
    pub taxes: Vec<RateTotal>,
    /// What is due in all.
    pub total: Money,
}

impl InvoiceTotals {
    /// Adds up lines taxed alike.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow or mixed currencies.
    pub fn of(
        lines: &[InvoiceLine],
        tax: &TaxDecision,
        currency: crate::money::Currency,
    ) -> Result<Self, ArithmeticError> {
        let sum =
            |amount: fn(&InvoiceLine) -> Money| Money::sum(lines.iter().map(amount), currency);
        let nets: Vec<(i64, u32)> = lines
            .iter()
            .map(|line| (line.total.amount(), tax.rate_basis_points))
            .collect();
        let taxes = tax_by_rate(&nets)?;
        let net = sum(|line| line.total)?;
        let vat = taxes.iter().try_fold(Money::zero(currency), |vat, rate| {
            vat.checked_add(Money::new(rate.tax, currency))
        })?;
        Ok(Self {
            subtotal: sum(|line| line.subtotal)?,
            discount: sum(|line| line.discount)?,
            net,
            total: net.checked_add(vat)?,
            taxes,
        })
    }
}

/// How an invoice stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// No number, not shown, waiting for the first outcome of its payment.
    Draft,
    /// The outcome is known, the number is to be given.
    Ready {
        /// When its payment was captured; none when it was declined.
        paid_at: Option<Timestamp>,
    },
    /// Numbered, not paid.
    Open {
        /// Its number.
        number: InvoiceNumber,
        /// When it was issued.
        issued_at: Timestamp,
    },
    /// Numbered and paid.
    Paid {
        /// Its number.
        number: InvoiceNumber,
        /// When it was issued.
        issued_at: Timestamp,
        /// When it was paid.
        paid_at: Timestamp,
    },
}

/// An invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Who is billed.
    pub account: AccountId,
    /// How it stands.
    pub status: InvoiceStatus,
    /// The payment that pays it.
    pub payment: PaymentId,
    /// What for.
    pub purpose: Purpose,
    /// The billing address.
    pub buyer: Sealed,
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// The amounts.
    pub totals: InvoiceTotals,
    /// The tax and why.
    pub tax: TaxDecision,
    /// For a credit note: what it corrects, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// Language it is written in.
    pub locale: Locale,
    /// When the draft was made.
    pub created_at: Timestamp,
    /// When the sweep is to number it, if it waits for a number.
    pub finalise_at: Option<Timestamp>,
}

/// An act the invoice's state forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an invoice that is {state} cannot be {action}")]
pub struct InvoiceRefusal {
    /// What was tried.
    pub action: &'static str,
    /// How it stands.
    pub state: &'static str,
}

impl InvoiceStatus {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Draft | Self::Ready { .. } => "draft",
            Self::Open { .. } => "open",
            Self::Paid { .. } => "paid",
        }
    }

    /// When an issued invoice was paid, or a credit note paid back.
    pub fn paid_at(&self) -> Option<Timestamp> {
        match self {
            Self::Draft | Self::Ready { .. } | Self::Open { .. } => None,
            Self::Paid { paid_at, .. } => Some(*paid_at),
        }
    }
}

impl Invoice {
    /// The invoice whose payment was captured: a draft becomes ready, an open
    /// one paid.
    ///
    /// # Errors
    /// [`InvoiceRefusal`] when it is paid already.
    pub fn pay(self, proof: &Captured) -> Result<Self, InvoiceRefusal> {
        let paid_at = proof.at();
        let status = match self.status {
            InvoiceStatus::Draft | InvoiceStatus::Ready { paid_at: None } => {
                return Ok(self.ready(Some(paid_at), paid_at));
            }
            InvoiceStatus::Open { number, issued_at } => InvoiceStatus::Paid {
                number,
                issued_at,
                paid_at,
            },
            InvoiceStatus::Ready { paid_at: Some(_) } | InvoiceStatus::Paid { .. } => {
                return Err(self.refuse("paid"));
            }
        };
        Ok(Self { status, ..self })
    }

    /// The invoice whose first attempt was declined: a draft gets a number
    /// and is due at once; any other stays as it is.
    pub fn decline(self, now: Timestamp) -> Self {
        match self.status {
            InvoiceStatus::Draft => self.ready(None, now),
            InvoiceStatus::Ready { .. }
            | InvoiceStatus::Open { .. }
            | InvoiceStatus::Paid { .. } => self,
        }
    }

    /// A credit note, whose money went back before it is numbered.
    pub(crate) fn settled(self, now: Timestamp) -> Self {
        self.ready(Some(now), now)
    }

    fn ready(self, paid_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            status: InvoiceStatus::Ready { paid_at },
            finalise_at: Some(
                now.saturating_add(SignedDuration::from_mins(1))
                    .unwrap_or(now),
            ),
            ..self
        }
    }

    /// The invoice with its number.
    ///
    /// # Errors
    /// [`InvoiceRefusal`] unless it is ready and says what was sold.
    pub fn finalise(self, number: InvoiceNumber, now: Timestamp) -> Result<Self, InvoiceRefusal> {
        if self.lines.is_empty() {
            return Err(self.refuse("finalised without lines"));
        }
        let status = match self.status {
            InvoiceStatus::Ready {
                paid_at: Some(paid_at),
            } => InvoiceStatus::Paid {
                number,
                issued_at: now,
                paid_at,
            },
            InvoiceStatus::Ready { paid_at: None } => InvoiceStatus::Open {
                number,
                issued_at: now,
            },
            InvoiceStatus::Draft | InvoiceStatus::Open { .. } | InvoiceStatus::Paid { .. } => {
                return Err(self.refuse("finalised"));
            }
        };
        Ok(Self {
            status,
            finalise_at: None,
            ..self
        })
    }

    /// The series its number is of.
    pub fn series(&self) -> Series {
        match self.correction {
            Some(_) => Series::CreditNote,
            None => Series::Invoice,
        }
    }

    fn refuse(&self, action: &'static str) -> InvoiceRefusal {
        InvoiceRefusal {
            action,
            state: self.status.name(),
        }
    }

    /// True while it waits for its number.
    pub fn is_ready(&self) -> bool {
        self.ready_paid_at().is_some()
    }

    /// For an invoice that waits for its number: when it was paid, if it was.
    pub fn ready_paid_at(&self) -> Option<Option<Timestamp>> {
        match self.status {
            InvoiceStatus::Ready { paid_at } => Some(paid_at),
            InvoiceStatus::Draft | InvoiceStatus::Open { .. } | InvoiceStatus::Paid { .. } => None,
        }
    }

    /// Its number and date, once issued.
    pub fn issued(&self) -> Option<(InvoiceNumber, Timestamp)> {
        match self.status {
            InvoiceStatus::Draft | InvoiceStatus::Ready { .. } => None,
            InvoiceStatus::Open { number, issued_at }
            | InvoiceStatus::Paid {
                number, issued_at, ..
            } => Some((number, issued_at)),
        }
    }

    /// What of it counts as sold to consumers elsewhere in the Union, in cents
    /// without VAT. A credit note is not counted back: the threshold is passed
    /// rather too early than too late.
    pub fn cross_border(&self) -> i64 {
        if self.tax.reason.is_cross_border() && self.correction.is_none() {
            self.totals.net.amount()
        } else {
            0
        }
    }

    /// What the law wants said of it, in its language; the reason of the tax
    /// last.
    pub fn mentions(&self) -> Vec<String> {
        let mut said: Vec<String> = match &self.correction {
            Some(correction) => vec![correction.mention(self.locale)],
            None => mentions(self.locale, self.amount_due().is_zero())
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        said.push(self.tax.reason.text(self.locale).to_owned());
        said
    }

    /// What is still to be paid.
    pub fn amount_due(&self) -> Money {
        match self.status {
            InvoiceStatus::Paid { .. } | InvoiceStatus::Ready { paid_at: Some(_) } => {
                Money::zero(self.totals.total.currency())
            }
            InvoiceStatus::Draft
            | InvoiceStatus::Ready { paid_at: None }
            | InvoiceStatus::Open { .. } => self.totals.total,
        }
    }
}

/// The legal identity of the seller, printed on every invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seller {
    /// Company name.
    pub name: String,
    /// Legal form.
    pub legal_form: String,
    /// Share capital, as printed.
    pub capital: String,
    /// SIREN.
    pub siren: String,
    /// Register and city.
    pub rcs: String,
    /// VAT number.
    pub vat_number: String,
    /// Street and number.
    pub line1: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Country code.
    pub country: String,
}

/// The mentions French law asks for on an invoice to a professional
/// (C. com. L441-9, L441-10, D441-5), to be checked by a lawyer.
pub fn mentions(locale: Locale, paid: bool) -> Vec<&'static str> {
    let mut mentions = match locale {
        Locale::Fr => vec![
            "Catégorie de l'opération : prestation de services.",
            "Pas d'escompte pour paiement anticipé.",
            "Pénalités de retard : trois fois le taux d'intérêt légal. Indemnité forfaitaire pour frais de recouvrement : 40 €.",
        ],
        Locale::En => vec![
            "Category of operation: supply of services.",
            "No discount for early payment.",
            "Late payment penalty: three times the French legal interest rate. Fixed recovery indemnity: EUR 40.",
        ],
    };
    mentions.push(match (locale, paid) {
        (Locale::Fr, true) => "Facture acquittée.",
        (Locale::Fr, false) => "Payable à réception.",
        (Locale::En, true) => "Paid.",
        (Locale::En, false) => "Payable on receipt.",
    });
    mentions
}
