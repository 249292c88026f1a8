//! What the tests of mails write about.

use super::Addressee;
use domain::account::{StaffRole, User};
use domain::anchor::{Anchor, Zone};
use domain::card::{Card, Expiry, Face};
use domain::email::EmailAddress;
use domain::id::Id;
use domain::interval::Interval;
use domain::invoice::{
    Invoice, InvoiceLine, InvoiceNumber, InvoiceStatus, InvoiceTotals, Seller, Series,
};
use domain::locale::Locale;
use domain::localized::Localized;
use domain::money::{Currency, Money};
use domain::payment::Purpose;
use domain::sealed::Sealed;
use domain::subscription::{Openings, PeriodBounds, Subscription, SubscriptionStatus};
use domain::text::Line;
use domain::tiers::PriceScheme;
use domain::vat::{Buyer, CountryCode, CrossBorderSales, decide};
use jiff::Timestamp;

pub(crate) const APP: &str = "https://app.cyna.example";

/// 20 November 2026, 09:00 in Paris.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

pub(crate) fn id<T: Id>() -> T {
    T::from_bits(7)
}

pub(crate) fn paris() -> Zone {
    Zone::parse("Europe/Paris").unwrap()
}

pub(crate) fn user(first_name: &str, locale: Locale, confirmed: bool) -> User {
    User {
        id: id(),
        email: EmailAddress::parse("ada@example.com").unwrap(),
        first_name: Line::parse(first_name).unwrap(),
        last_name: Line::parse("Lovelace").unwrap(),
        locale,
        email_verified_at: confirmed.then(now),
        role: StaffRole::Customer,
        account: id(),
        created_at: now(),
    }
}

pub(crate) fn addressee(locale: Locale) -> Addressee {
    Addressee::new(user("Ada <b>&", locale, true), locale, paris())
}

pub(crate) fn euros(cents: i64) -> Money {
    Money::new(cents, Currency::EUR)
}

pub(crate) fn seller() -> Seller {
    let text = str::to_owned;
    Seller {
        name: text("CYNA"),
        legal_form: text("SAS"),
        capital: text("10 000 €"),
        siren: text("732829320"),
        rcs: text("RCS Paris 732 829 320"),
        vat_number: text("FR44732829320"),
        line1: text("10 rue de Penthièvre"),
        postal_code: text("75008"),
        city: text("Paris"),
        country: text("FR"),
    }
}

pub(crate) fn name() -> Localized {
    Localized {
        fr: "EDR – Équipe <R&D>".to_owned(),
        en: "EDR – <R&D> team".to_owned(),
    }
}

/// Three units at 100 €, 30 € off, numbered now, with this status.
pub(crate) fn invoice(purpose: Purpose, status: InvoiceStatus) -> Invoice {
    let tax = decide(
        &Buyer {
            country: CountryCode::parse("FR").unwrap(),
            postal_code: "75008",
            number: None,
        },
        &CrossBorderSales::default(),
        now(),
    );
    let lines = vec![InvoiceLine {
        plan: id(),
        product_slug: "edr".to_owned(),
        name: name(),
        quantity: 3,
        unit_price: Some(euros(10_000)),
        subtotal: euros(30_000),
        discount: euros(3_000),
        total: euros(27_000),
        period_start: now(),
        period_end: "2026-12-20T08:00:00Z".parse().unwrap(),
    }];
    Invoice {
        id: id(),
        account: id(),
        status,
        payment: id(),
        purpose,
        buyer: Sealed::from_base64(String::new()),
        totals: InvoiceTotals::of(&lines, &tax, Currency::EUR).unwrap(),
        lines,
        tax,
        correction: None,
        locale: Locale::Fr,
        created_at: now(),
        finalise_at: None,
    }
}

pub(crate) fn number() -> InvoiceNumber {
    InvoiceNumber {
        series: Series::Invoice,
        year: 2026,
        sequence: 42,
    }
}

pub(crate) fn subscription(status: SubscriptionStatus) -> Subscription {
    let anchor = Anchor::new(now(), paris(), Interval::MONTH);
    let (start, end) = anchor.period(0).unwrap();
    Subscription {
        id: id(),
        account: id(),
        order: id(),
        product: id(),
        product_slug: "edr".to_owned(),
        plan: id(),
        name: name(),
        quantity: 3,
        scheme: PriceScheme::PerUnit {
            unit_amount: 10_000,
        },
        currency: Currency::EUR,
        coupon: None,
        anchor,
        status,
        period: PeriodBounds {
            index: 0,
            start,
            end,
        },
        renewal: Some(id()),
        cancel_at_period_end: false,
        payment_method: Some("pm_1".to_owned()),
        country: CountryCode::parse("FR").unwrap(),
        postal_code: "75008".to_owned(),
        vat_number: None,
        buyer: Sealed::from_base64(String::new()),
        locale: Locale::Fr,
        next_action_at: None,
        faults: 0,
        openings: Openings::default(),
    }
}

pub(crate) fn card() -> Card {
    Card {
        id: id(),
        method: "pm_1".to_owned(),
        face: Face {
            brand: "visa".to_owned(),
            last4: "4242".to_owned(),
            expires: Expiry {
                year: 2027,
                month: 3,
            },
            fingerprint: None,
        },
        added_at: now(),
        warned: 0,
    }
}
