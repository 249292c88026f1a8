//! Invoices and their numbers.

use super::item::{Entity, Stored};
use super::keys::{self, Due, Job, Key};
use super::{Page, PageRequest, Store, StoreError};
use domain::id::{AccountId, InvoiceId};
use domain::invoice::{Invoice, InvoiceNumber, Series, SeriesCounter};
use serde::{Deserialize, Serialize};

impl Entity for Invoice {
    const TYPE: &'static str = "invoice";

    fn key(&self) -> Key {
        keys::invoice(self.account, self.id)
    }

    fn due(&self) -> Option<Due> {
        self.finalise_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }
}

impl Entity for SeriesCounter {
    const TYPE: &'static str = "series_counter";

    fn key(&self) -> Key {
        keys::series_counter(self.series, self.year)
    }
}

/// A number and the invoice that has it. Put only if absent, so no number is
/// given twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GivenNumber {
    /// The number.
    pub number: InvoiceNumber,
    /// Whose invoice.
    pub account: AccountId,
    /// The invoice.
    pub invoice: InvoiceId,
}

impl Entity for GivenNumber {
    const TYPE: &'static str = "invoice_number";

    fn key(&self) -> Key {
        keys::series_number(self.number)
    }
}

impl Store {
    /// AP-15: one invoice of an account.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn invoice(
        &self,
        account: AccountId,
        invoice: InvoiceId,
    ) -> Result<Option<Stored<Invoice>>, StoreError> {
        self.get(&keys::invoice(account, invoice)).await
    }

    /// AP-16: the invoices of an account, newest first; drafts among them.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn invoices_of(
        &self,
        account: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Invoice>, StoreError> {
        self.page(&keys::account_partition(account), keys::INVOICES, page)
            .await
    }

    /// AP-75: the numbers given in a series, from the first.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn numbers_of(
        &self,
        series: Series,
        year: i16,
        page: &PageRequest,
    ) -> Result<Page<GivenNumber>, StoreError> {
        let partition = keys::series_partition(series, year);
        self.page(&partition, keys::NUMBERS, page).await
    }

    /// AP-17: the counter of a series of numbers.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn series(
        &self,
        series: Series,
        year: i16,
    ) -> Result<Option<Stored<SeriesCounter>>, StoreError> {
        self.get(&keys::series_counter(series, year)).await
    }
}
