//! What the tax of a sale depends on beside the address: the buyer's VAT
//! number and what was sold across the borders of the Union.

use super::item::{Entity, Stored};
use super::keys::{self, Due, Job, Key};
use super::{Batch, Store, StoreError, Transaction};
use domain::id::AccountId;
use domain::invoice::{Series, SeriesCounter, issue_date};
use domain::subscription::Subscription;
use domain::vat::{CountryCode, CrossBorderSales, needs_facts};
use domain::vat_check::{TaxFacts, VatCheck};
use domain::vat_number::VatDigest;
use jiff::Timestamp;

impl Entity for VatCheck {
    const TYPE: &'static str = "vat_check";

    fn key(&self) -> Key {
        keys::vat_number(self.account, &self.digest())
    }

    fn due(&self) -> Option<Due> {
        self.check_at.map(|at| Due {
            job: Job::CheckVatNumbers,
            at,
        })
    }
}

/// Where the facts lie that a sale is taxed by.
#[derive(Debug)]
pub struct FactKeys {
    number: Option<Key>,
    this_year: Key,
    year_before: Key,
}

impl FactKeys {
    /// Those of a sale to a buyer at this address, under this number of an
    /// account, at this tax point. None where the address alone decides.
    pub fn of(
        (country, postal_code): (CountryCode, &str),
        number: Option<&(AccountId, VatDigest)>,
        tax_point: Timestamp,
    ) -> Option<Self> {
        let year = issue_date(tax_point).year();
        needs_facts(country, postal_code).then(|| Self {
            number: number.map(|(account, number)| keys::vat_number(*account, number)),
            this_year: keys::series_counter(Series::Invoice, year),
            year_before: keys::series_counter(Series::Invoice, year.saturating_sub(1)),
        })
    }

    /// What to read.
    pub fn wanted(&self) -> impl Iterator<Item = Key> {
        let series = [self.this_year.clone(), self.year_before.clone()];
        self.number.clone().into_iter().chain(series)
    }

    /// The facts, from what was read.
    ///
    /// # Errors
    /// [`StoreError`] when any of them is not what it should be.
    pub fn take(&self, batch: &mut Batch, one_stop_shop: bool) -> Result<ReadFacts, StoreError> {
        let number: Option<Stored<VatCheck>> = match &self.number {
            Some(key) => batch.take(key)?,
            None => None,
        };
        let mut sold = |key: &Key| -> Result<i64, StoreError> {
            let counter: Option<Stored<SeriesCounter>> = batch.take(key)?;
            Ok(counter.map_or(0, |counter| counter.value.cross_border))
        };
        let sales = CrossBorderSales {
            one_stop_shop,
            year_before: sold(&self.year_before)?,
            this_year: sold(&self.this_year)?,
        };
        Ok(ReadFacts {
            known: TaxFacts {
                number: number.as_ref().map(|number| number.value.known()),
                sales,
            },
            number,
        })
    }
}

/// The facts as they were read.
#[derive(Debug, Default)]
pub struct ReadFacts {
    /// What is known.
    pub known: TaxFacts,
    number: Option<Stored<VatCheck>>,
}

impl ReadFacts {
    /// Lets an act hold only while the register has not answered anew. What was
    /// sold across borders may grow meanwhile, and not only for a moment: a sale
    /// counts once its invoice has a number, so between an order and that, up to
    /// the life of its page, the sales that come after do not see it. Those of
    /// that window may be taxed at origin although together they pass the
    /// threshold; the next sale is not.
    pub fn guard<R: Copy>(&self, act: &mut Transaction<R>, refusal: R) {
        if let Some(number) = &self.number {
            act.unchanged(&number.value.key(), number.version, refusal);
        }
    }

    /// The same for an act that is a new order: it lets the register be asked
    /// again about a number it was not asked about any more.
    pub fn guard_order<R: Copy>(&self, act: &mut Transaction<R>, now: Timestamp, refusal: R) {
        match &self.number {
            Some(number) if number.value.check_at.is_none() => {
                let again = number.value.clone().ordered(now);
                act.replace(number.version, &again, refusal);
            }
            Some(_) | None => self.guard(act, refusal),
        }
    }
}

impl Store {
    /// AP-73: what a later period of a subscription is taxed by, at this tax
    /// point. Nothing is read where the address alone decides.
    ///
    /// # Errors
    /// [`StoreError`] when any of it cannot be read.
    pub async fn tax_facts(
        &self,
        subscription: &Subscription,
        tax_point: Timestamp,
        one_stop_shop: bool,
    ) -> Result<ReadFacts, StoreError> {
        let address = (subscription.country, subscription.postal_code.as_str());
        let number = subscription.vat_number.clone();
        let number = number.map(|number| (subscription.account, number));
        let Some(keys) = FactKeys::of(address, number.as_ref(), tax_point) else {
            return Ok(ReadFacts::default());
        };
        let wanted: Vec<Key> = keys.wanted().collect();
        keys.take(&mut self.batch(&wanted).await?, one_stop_shop)
    }
}
