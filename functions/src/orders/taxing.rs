//! How an order is taxed.

use super::placing::PlaceOrder;
use domain::id::AccountId;
use domain::money::Money;
use domain::vat::{Buyer, Registration, TaxDecision, decide, needs_facts};
use domain::vat_check::{TaxFacts, VatCheck};
use domain::vat_number::VatDigest;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Failure, Reason};
use platform::store::taxes::FactKeys;
use platform::vies::Patience;

/// What there is to read before an order is taxed.
pub(super) fn fact_keys(
    account: AccountId,
    input: &PlaceOrder,
    now: Timestamp,
) -> Option<FactKeys> {
    let address = (input.address.country, input.address.postal_code.as_str());
    FactKeys::of(account, address, digest(input).as_ref(), now)
}

/// By what the number is named that the order is taxed by, where one is.
pub(super) fn digest(input: &PlaceOrder) -> Option<VatDigest> {
    let address = &input.address;
    input
        .vat_number
        .as_ref()
        .filter(|_| needs_facts(address.country, address.postal_code.as_str()))
        .map(|number| number.digest())
}

/// What is known of the order's number; a number given for the first time is
/// to be asked about, and taken for good until then if its digits are. Of one
/// with wrong digits the register is asked at once: there are such.
///
/// # Errors
/// A refusal of the number when its digits are wrong, unless it is registered
/// all the same.
pub(super) async fn check_number(
    app: &App,
    account: AccountId,
    input: &PlaceOrder,
    facts: &mut TaxFacts,
    now: Timestamp,
) -> Result<Option<VatCheck>, Failure> {
    let Some(number) = &input.vat_number else {
        return Ok(None);
    };
    let is_registered = facts
        .number
        .as_ref()
        .is_some_and(|known| known.registration == Registration::Valid);
    let mut begun = VatCheck::begin(account, number.clone(), now);
    if !number.has_good_digits() && !is_registered {
        let refused = || Failure::field("/vatNumber", Reason::InvalidVatNumber);
        let seller = &app.config().seller.vat_number;
        let register = app.register().map_err(|error| Failure::fault(&error))?;
        let asked = register.ask(number, seller, Patience::Customer).await;
        let answer = asked.ok().filter(|answer| answer.is_registered);
        begun = begun.answered(answer.ok_or_else(refused)?, now);
    }
    if digest(input).is_none() || facts.number.is_some() {
        return Ok(None);
    }
    facts.number = Some(begun.clone());
    Ok(Some(begun))
}

/// The tax of an order of this much, at this moment.
pub(super) fn tax(input: &PlaceOrder, facts: &TaxFacts, net: Money, now: Timestamp) -> TaxDecision {
    let buyer = Buyer {
        country: input.address.country,
        postal_code: input.address.postal_code.as_str(),
        number: facts.number.as_ref().map(VatCheck::known),
    };
    decide(&buyer, &facts.sales.with(net), now)
}
