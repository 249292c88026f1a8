//! What an order is taxed by.

use super::placing::Terms;
use domain::id::AccountId;
use domain::vat::{Buyer, Registration, needs_facts};
use domain::vat_check::{Answer, TaxFacts, VatCheck};
use domain::vat_number::{VatDigest, VatNumber};
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Failure, Reason};
use platform::identity::throttle::{NUMBERS_PER_ACCOUNT, Subject, take};
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
/// digits the register is asked at once, for there are such: but only once, and
/// for who has an account.
///
/// # Errors
/// A refusal of the number when its digits are wrong, unless it is registered
/// all the same, or until the account may have another one asked about.
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
    let refused = || Failure::field("/vatNumber", Reason::InvalidVatNumber);
    let is_odd = !number.has_good_digits();
    if let Some((_, registration)) = &facts.number {
        return match registration {
            Registration::Pending | Registration::Invalid if is_odd => Err(refused()),
            Registration::Valid | Registration::Pending | Registration::Invalid => Ok(None),
        };
    }
    let answer = match account {
        _ if !is_odd => None,
        Some(account) => {
            spend(app, account).await?;
            Some(ask(app, number).await?.ok_or_else(refused)?)
        }
        None => return Err(refused()),
    };
    if terms.digest().is_none() {
        return Ok(None);
    }
    let begun = account.map(|account| {
        let begun = VatCheck::begin(account, number.clone(), now);
        match answer {
            Some(answer) => begun.answered(answer, now),
            None => begun,
        }
    });
    let known = begun.as_ref().map(VatCheck::known);
    facts.number = known.or_else(|| Some((number.clone(), Registration::Pending)));
    Ok(begun)
}

/// Takes from an account what it costs to name a new number: that it is kept and
/// asked about later, or asked about at once.
///
/// # Errors
/// A refusal when it named too many.
pub(super) async fn spend(app: &App, account: AccountId) -> Result<(), Failure> {
    let buckets = [(NUMBERS_PER_ACCOUNT, Subject::Account(account))];
    take(app, &buckets).await??;
    Ok(())
}

/// The register's answer while a customer waits, if it knows the number.
async fn ask(app: &App, number: &VatNumber) -> Result<Option<Answer>, Failure> {
    let register = app.register().map_err(|error| Failure::fault(&error))?;
    let seller = &app.config().seller.vat_number;
    let asked = register.ask(number, seller, Patience::Customer).await;
    Ok(asked.ok().filter(|answer| answer.is_registered))
}
