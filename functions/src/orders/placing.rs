//! What an order is made of: reading the request, and the pure decision.

use domain::address::BillingAddress;
use domain::cart::MAX_LINES;
use domain::catalogue::{Product, SaleRefusal, find_on_sale};
use domain::id::PlanId;
use domain::money::Currency;
use domain::offer::Offer;
use domain::order::OrderLine;
use domain::payment::{LARGEST_CHARGE, SMALLEST_CHARGE};
use domain::text::Line;
use domain::vat::{CountryCode, is_outside};
use domain::vat_number::{VatNumber, begins_elsewhere, has_union_numbers};
use platform::app::App;
use platform::http::fields::{Accepted, IdField, Text, Whole};
use platform::http::form::{Form, Object, Read};
use platform::http::operation::Input;
use platform::http::problem::{Failure, FieldError, Reason};
use std::collections::BTreeSet;

/// Countries the shop does not sell to (EU and UN sanctions): Iran, North
/// Korea, Syria, Cuba, Russia, Belarus. A list for the lawyers to keep.
const NOT_SERVED: [&str; 6] = ["IR", "KP", "SY", "CU", "RU", "BY"];

/// What is to be bought.
pub enum Wanted {
    /// These plans and quantities.
    Items(Vec<(PlanId, u64)>),
    /// The cart, in this version if one is named.
    Cart(Option<u64>),
}

/// What a price depends on beside what is bought.
#[derive(Debug, Clone)]
pub struct Terms {
    /// In which currency.
    pub currency: Currency,
    /// Country of the billing address.
    pub country: CountryCode,
    /// Its postal code, as typed.
    pub postal_code: String,
    /// The number of a business in that country, where VAT of the Union is due.
    pub vat_number: Option<VatNumber>,
}

/// What an order is placed with.
pub struct PlaceOrder {
    /// What is to be bought.
    pub wanted: Wanted,
    /// On which terms.
    pub terms: Terms,
    /// Who is billed.
    pub address: BillingAddress,
    /// The quote it is placed by, if any.
    pub quote: Option<String>,
    /// Where the payment page sends the customer back to.
    pub return_url: String,
}

impl Input for PlaceOrder {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let wanted = read_wanted(body);
            let vat_number = body.optional::<Line<20>>("vatNumber");
            let address = body.object("billingAddress", read_address);
            let currency = body.optional::<Currency>("currency");
            let return_url = body.required::<Text<2000>>("returnUrl");
            let _accepted: Read<Accepted> = body.required("acceptTerms");
            let quote = body.optional::<Text<300>>("quoteToken");
            let address = address?;
            let place = (address.country, address.postal_code.as_str());
            let (shown, vat_number) = read_vat_number(body, place, vat_number?)?;
            Ok(Self {
                wanted: wanted?,
                terms: Terms {
                    currency: currency?.unwrap_or(Currency::EUR),
                    country: address.country,
                    postal_code: address.postal_code.as_str().to_owned(),
                    vat_number,
                },
                address: BillingAddress {
                    vat_number: shown,
                    ..address
                },
                quote: quote?.map(|Text(token)| token),
                return_url: return_url?.0,
            })
        })
    }
}

/// What is to be quoted: the body of an order, of which only what is to be
/// bought must be there. Without an address the buyer is taken to be in France.
pub struct QuoteInput {
    /// What is to be bought.
    pub wanted: Wanted,
    /// On which terms.
    pub terms: Terms,
}

impl Input for QuoteInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let wanted = read_wanted(body);
            let vat_number = body.optional::<Line<20>>("vatNumber");
            let place = body.optional_object("billingAddress", read_place);
            let currency = body.optional::<Currency>("currency");
            // What an order needs beside them may be there already.
            let _later: Read<Option<Text<2000>>> = body.optional("returnUrl");
            let _later: Read<Option<bool>> = body.optional("acceptTerms");
            let _earlier: Read<Option<Text<300>>> = body.optional("quoteToken");
            let (country, postal_code) = place?.unwrap_or((CountryCode::FR, String::new()));
            let place = (country, postal_code.as_str());
            let (_, vat_number) = read_vat_number(body, place, vat_number?)?;
            Ok(Self {
                wanted: wanted?,
                terms: Terms {
                    currency: currency?.unwrap_or(Currency::EUR),
                    country,
                    postal_code,
                    vat_number,
                },
            })
        })
    }
}

/// The part of an address tax depends on; the rest may be there already.
fn read_place(address: &mut Object<'_>) -> Read<(CountryCode, String)> {
    let postal_code = address.optional::<Line<16>>("postalCode");
    let country = address.required("country");
    let names = ["name", "company", "line1", "line2"];
    let lines = names.map(|name| address.optional::<Line<200>>(name).map(drop));
    let cities = ["city", "region"].map(|name| address.optional::<Line<100>>(name).map(drop));
    lines.into_iter().chain(cities).collect::<Read<()>>()?;
    let postal_code = postal_code?.map_or_else(String::new, String::from);
    Ok((country?, postal_code))
}

fn read_wanted(body: &mut Object<'_>) -> Read<Wanted> {
    let items = body.list("items", MAX_LINES, |item| {
        let plan = item.required::<IdField<PlanId>>("planId");
        let quantity = item.required::<Whole<1, 1_000_000>>("quantity");
        Ok((plan?.0, quantity?.0))
    });
    let from_cart = body.optional::<bool>("fromCart");
    let version = body.optional::<Whole<1, { u64::MAX }>>("cartVersion");
    match (items?, from_cart?.unwrap_or(false), version?) {
        (Some(items), false, None) => {
            let mut plans = BTreeSet::new();
            match items.iter().position(|(plan, _)| !plans.insert(*plan)) {
                Some(index) => {
                    Err(body.refuse(&format!("items/{index}/planId"), Reason::Duplicate))
                }
                None => Ok(Wanted::Items(items)),
            }
        }
        (None, true, version) => Ok(Wanted::Cart(version.map(|Whole(version)| version))),
        (None, false, _) => Err(body.refuse("items", Reason::Required)),
        (Some(_), _, _) => Err(body.refuse("items", Reason::Exclusive)),
    }
}

fn read_address(address: &mut Object<'_>) -> Read<BillingAddress> {
    let name = address.required("name");
    let company = address.optional("company");
    let line1 = address.required("line1");
    let line2 = address.optional("line2");
    let postal_code = address.required("postalCode");
    let city = address.required("city");
    let region = address.optional("region");
    let country = address.required("country");
    Ok(BillingAddress {
        name: name?,
        company: company?,
        line1: line1?,
        line2: line2?,
        postal_code: postal_code?,
        city: city?,
        region: region?,
        country: country?,
        vat_number: None,
    })
}

/// What is shown on the invoice, and the number tax is decided by. Where no VAT
/// of the Union is due, by country and postal code, any text is the buyer's
/// identifier there. Elsewhere a number must have the format of the country of
/// the address, unless it begins like one of another country: then it is shown,
/// and the sale is taxed as if there were none.
fn read_vat_number(
    body: &mut Object<'_>,
    (country, postal_code): (CountryCode, &str),
    typed: Option<Line<20>>,
) -> Read<(Option<Line<20>>, Option<VatNumber>)> {
    let typed = match typed {
        Some(typed) if has_union_numbers(country) && !is_outside(country, postal_code) => typed,
        other => return Ok((other, None)),
    };
    match VatNumber::of(country, typed.as_str()) {
        Ok(number) if number.is_of(country) => {
            let shown = Line::parse(number.as_str()).ok();
            Ok((shown, Some(number)))
        }
        Ok(_of_another_country) => Ok((Some(typed), None)),
        Err(_) if begins_elsewhere(country, typed.as_str()) => Ok((Some(typed), None)),
        Err(_) => Err(body.refuse("vatNumber", Reason::InvalidVatNumber)),
    }
}

/// True when the shop sells to this country.
pub fn is_served(country: CountryCode) -> bool {
    !NOT_SERVED.contains(&country.as_str())
}

/// Checks that the provider will charge an order of this, and later each of its
/// lines when it renews.
///
/// # Errors
/// A refusal that names what is too small or too large.
pub fn is_chargeable(offer: &Offer) -> Result<(), Failure> {
    let fits = |amount: i64| (SMALLEST_CHARGE..=LARGEST_CHARGE).contains(&amount);
    let out_of_range = |path: String| FieldError {
        path,
        reason: Reason::OutOfRange,
    };
    let lines = offer
        .totals
        .with_tax(&offer.lines)
        .map_err(|error| Failure::fault(&error))?;
    let mut errors: Vec<FieldError> = lines
        .iter()
        .enumerate()
        .filter(|(_, total)| !fits(total.amount()))
        .map(|(index, _)| out_of_range(format!("/items/{index}/quantity")))
        .collect();
    if errors.is_empty() && !fits(offer.totals.total.amount()) {
        errors.push(out_of_range("/items".to_owned()));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::fields(errors))
    }
}

/// The lines of an order at today's prices, or every reason why not.
///
/// # Errors
/// A refusal that names each wrong item; a fault when no ids can be made.
pub fn price(
    app: &App,
    products: &[Product],
    items: &[(PlanId, u64)],
    currency: Currency,
) -> Result<Vec<OrderLine>, Failure> {
    let mut lines = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (index, (plan, quantity)) in items.iter().enumerate() {
        match find_on_sale(products, *plan) {
            None => errors.push(FieldError {
                path: format!("/items/{index}/planId"),
                reason: Reason::NotOnSale,
            }),
            Some((product, plan)) => {
                match (plan.amount(*quantity, currency), plan.scheme(currency)) {
                    (Ok(amount), Some(scheme)) => {
                        lines.push(OrderLine::new(
                            (product, plan),
                            (*quantity, amount),
                            scheme.clone(),
                            app.new_id()?,
                        ));
                    }
                    (Err(SaleRefusal::Currency), _) | (Ok(_), None) => {
                        errors.push(FieldError {
                            path: "/currency".to_owned(),
                            reason: Reason::UnknownValue,
                        });
                    }
                    (
                        Err(
                            SaleRefusal::NotOnSale
                            | SaleRefusal::Quantity { .. }
                            | SaleRefusal::Price(_),
                        ),
                        _,
                    ) => {
                        errors.push(FieldError {
                            path: format!("/items/{index}/quantity"),
                            reason: Reason::OutOfRange,
                        });
                    }
                }
            }
        }
    }
    errors.dedup();
    if errors.is_empty() {
        Ok(lines)
    } else {
        Err(Failure::fields(errors))
    }
}
