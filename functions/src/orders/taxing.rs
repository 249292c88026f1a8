//! How an order is taxed.

use super::placing::PlaceOrder;
use domain::id::AccountId;
use domain::money::Money;
use domain::vat::{Buyer, Registration, TaxDecision, decide, needs_facts};
use domain::vat_check::{TaxFacts, VatCheck};
use domain::vat_number::VatDigest;
use jiff::Timestamp;
use platform::http::problem::{Failure, Reason};
use platform::store::taxes::FactKeys;

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
/// to be asked about, and taken for good until then if its digits are.
///
/// # Errors
/// A refusal of the number when its digits are wrong, unless it is registered
/// all the same.
pub(super) fn check_number(
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
    if !number.has_good_digits() && !is_registered {
        return Err(Failure::field("/vatNumber", Reason::InvalidVatNumber));
    }
    if digest(input).is_none() || facts.number.is_some() {
        return Ok(None);
    }
    let begun = VatCheck::begin(account, number.clone(), now);
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
