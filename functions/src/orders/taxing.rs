//! What an order is taxed by.

use super::placing::Terms;
use domain::id::AccountId;
use domain::vat::{Buyer, Registration, needs_facts};
use domain::vat_check::{TaxFacts, VatCheck};
use domain::vat_number::VatDigest;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Failure, Reason};
use platform::store::taxes::FactKeys;
use platform::vies::Patience;

impl Terms {
    /// What there is to read before a sale on these terms is taxed. Of a number
    /// only the account knows anything.
    pub(super) fn fact_keys(&self, account: Option<AccountId>, now: Timestamp) -> Option<FactKeys> {
        let address = (self.country, self.postal_code.as_str());
        let number = account.zip(self.digest());
        FactKeys::of(address, number.as_ref(), now)
    }

    /// By what the number is named that the sale is taxed by, where one is.
    pub(super) fn digest(&self) -> Option<VatDigest> {
        let number = self.vat_number.as_ref();
        number
            .filter(|_| needs_facts(self.country, &self.postal_code))
            .map(|number| number.digest())
    }

    /// What tax depends on about the buyer.
    pub(super) fn buyer<'a>(&'a self, facts: &'a TaxFacts) -> Buyer<'a> {
        Buyer {
            country: self.country,
            postal_code: &self.postal_code,
            number: facts.number(),
        }
    }
}

/// What is known of the number; one given for the first time is to be asked
/// about, and taken for good until then if its digits are. Of one with wrong
/// digits the register is asked at once, for there are such: but only for who
/// has an account.
///
/// # Errors
/// A refusal of the number when its digits are wrong, unless it is registered
/// all the same.
pub(super) async fn check_number(
    app: &App,
    account: Option<AccountId>,
    terms: &Terms,
    facts: &mut TaxFacts,
    now: Timestamp,
) -> Result<Option<VatCheck>, Failure> {
    let Some(number) = &terms.vat_number else {
        return Ok(None);
    };
    let is_registered = matches!(facts.number, Some((_, Registration::Valid)));
    let mut registration = Registration::Pending;
    let mut answer = None;
    if !number.has_good_digits() && !is_registered {
        let refused = || Failure::field("/vatNumber", Reason::InvalidVatNumber);
        account.ok_or_else(refused)?;
        let seller = &app.config().seller.vat_number;
        let register = app.register().map_err(|error| Failure::fault(&error))?;
        let asked = register.ask(number, seller, Patience::Customer).await;
        answer = asked.ok().filter(|answer| answer.is_registered);
        answer.as_ref().ok_or_else(refused)?;
        registration = Registration::Valid;
    }
    if terms.digest().is_none() || facts.number.is_some() {
        return Ok(None);
    }
    facts.number = Some((number.clone(), registration));
    Ok(account.map(|account| {
        let begun = VatCheck::begin(account, number.clone(), now);
        match answer {
            Some(answer) => begun.answered(answer, now),
            None => begun,
        }
    }))
}
