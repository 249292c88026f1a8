//! Offers: what a sale comes to, and why.

use crate::samples::{eur, line, now, order};
use domain::money::Currency;
use domain::offer::{Offer, Rule};
use domain::tiers::PricePart;
use domain::vat::{Buyer, CountryCode, CrossBorderSales};

fn offer() -> Offer {
    let buyer = Buyer {
        country: CountryCode::FR,
        postal_code: "75001",
        number: None,
    };
    let lines = vec![line(4_990, 0), line(4_990, 0)];
    Offer::of(
        (lines, None),
        Currency::EUR,
        &buyer,
        CrossBorderSales::default(),
        now(),
    )
    .unwrap()
}

#[test]
fn an_offer_is_taxed_and_added_up_as_the_order_made_of_it() {
    let offer = offer();
    let ordered = order(offer.lines.clone());
    assert_eq!((offer.totals, offer.tax), (ordered.totals, ordered.tax));
}

#[test]
fn each_amount_of_an_offer_is_explained_in_the_order_of_the_computation() {
    let steps = offer().explain().unwrap();
    let told: Vec<_> = steps
        .iter()
        .map(|step| (step.path.as_str(), step.amount.amount()))
        .collect();
    let expected = [
        ("/lines/0/subtotal", 4_990),
        ("/lines/1/subtotal", 4_990),
        ("/subtotal", 9_980),
        ("/discount", 0),
        ("/tax/amount", 1_996),
        ("/total", 11_976),
    ];
    assert_eq!(told, expected);
    let part = PricePart {
        units: 1,
        unit_amount: 4_990,
        flat_amount: 0,
    };
    assert_eq!(part.total(), Ok(4_990));
    let mode = "per_unit";
    let parts = vec![part];
    assert_eq!(steps[0].rule, Rule::Price { mode, parts });
    assert_eq!(steps[4].rule, Rule::Tax { base: eur(9_980) });
}
