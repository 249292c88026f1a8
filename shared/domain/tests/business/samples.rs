//! Things to decide about: a product, its order, payment, invoice and
//! subscription.

use domain::catalogue::{Plan, Price, Product, ProductStatus, ProductTexts};
use domain::id::{AccountId, Id as _, InvoiceId, OrderId, PaymentId, PlanId, ProductId};
use domain::id::{SubscriptionId, UserId};
use domain::interval::Interval;
use domain::invoice::{Invoice, InvoiceLine, InvoiceStatus, InvoiceTotals};
use domain::locale::Locale;
use domain::localized::Localized;
use domain::money::{Currency, Money};
use domain::order::{Order, OrderLine, OrderStatus, Totals};
use domain::payment::{
    Captured, Channel, HostedPage, Outcome, Payment, PaymentStatus, ProviderOutcome,
    ProviderPayment, Purpose, Reference, Settlement,
};
use domain::sealed::Sealed;
use domain::tiers::{PriceScheme, Tier};
use domain::vat::{Buyer, CountryCode, CrossBorderSales, TaxDecision, decide};
use jiff::{SignedDuration, Timestamp};

/// The moment of the samples.
pub(crate) fn now() -> Timestamp {
    "2026-01-31T09:00:00Z".parse().unwrap()
}

/// Minutes after [`now`].
pub(crate) fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

pub(crate) fn dollar() -> Currency {
    Currency::parse("USD").unwrap()
}

pub(crate) fn both(fr: &str, en: &str) -> Localized {
    Localized {
        fr: fr.to_owned(),
        en: en.to_owned(),
    }
}

pub(crate) const PER_UNIT: PriceScheme = PriceScheme::PerUnit { unit_amount: 4_990 };

/// Ten at 10 €, every further one at 7 €.
pub(crate) fn tiers() -> Vec<Tier> {
    let tier = |up_to, unit_amount| Tier {
        up_to,
        unit_amount,
        flat_amount: 0,
    };
    vec![tier(Some(10), 1_000), tier(None, 700)]
}

pub(crate) fn plan(id: u128, code: &str, scheme: PriceScheme) -> Plan {
    Plan {
        id: PlanId::from_bits(id),
        code: code.to_owned(),
        name: both("Mensuel", "Monthly"),
        interval: Interval::MONTH,
        unit_label: both("poste", "device"),
        prices: vec![Price {
            currency: Currency::EUR,
            scheme,
        }],
        trial_days: 0,
        min_quantity: 1,
        max_quantity: 100,
    }
}

pub(crate) fn product(id: u128, slug: &str, plans: Vec<Plan>) -> Product {
    Product {
        id: ProductId::from_bits(id),
        slug: slug.to_owned(),
        family: "edr".to_owned(),
        status: ProductStatus::Active,
        texts: ProductTexts {
            name: both("CYNA Détection", "CYNA Detection"),
            summary: both("Voit l’intrus.", "Sees the intruder."),
            description: both("Jour et nuit.", "Day and night."),
        },
        attributes: Default::default(),
        features: Vec::new(),
        languages: vec!["fr".to_owned()],
        plans,
        revision: 7,
    }
}

/// French VAT at 20 %.
pub(crate) fn french_vat() -> TaxDecision {
    let buyer = Buyer {
        country: CountryCode::FR,
        postal_code: "75001",
        number: None,
    };
    decide(&buyer, &CrossBorderSales::default(), now())
}

/// A line of this amount after this discount.
pub(crate) fn line(net: i64, discount: i64) -> OrderLine {
    let plan = plan(11, "monthly", PER_UNIT);
    let product = product(1, "cyna-edr", vec![plan.clone()]);
    let subscription = SubscriptionId::from_bits(31);
    let sold = (1, eur(net + discount));
    let line = OrderLine::new((&product, &plan), sold, PER_UNIT, subscription);
    OrderLine {
        discount: eur(discount),
        total: eur(net),
        ..line
    }
}

pub(crate) fn order(lines: Vec<OrderLine>) -> Order {
    let tax = french_vat();
    Order {
        id: OrderId::from_bits(2),
        account: AccountId::from_bits(1),
        user: UserId::from_bits(9),
        status: OrderStatus::Pending,
        totals: Totals::of(&lines, Currency::EUR, &tax).unwrap(),
        lines,
        coupon: None,
        tax,
        country: CountryCode::FR,
        postal_code: "75001".to_owned(),
        vat_number: None,
        buyer: Sealed::from_base64("c2VhbGVk".to_owned()),
        locale: Locale::Fr,
        payment: PaymentId::from_bits(7),
        invoice: InvoiceId::from_bits(3),
        created_at: now(),
    }
}

pub(crate) fn payment() -> Payment {
    Payment {
        id: PaymentId::from_bits(7),
        account: AccountId::from_bits(1),
        purpose: Purpose::Order {
            order: OrderId::from_bits(2),
        },
        amount: eur(5_988),
        invoice: InvoiceId::from_bits(3),
        status: PaymentStatus::Pending,
        attempts: Vec::new(),
        surplus: Vec::new(),
        another_page: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        created_at: now(),
        check_at: None,
    }
}

pub(crate) fn renewal() -> Payment {
    Payment {
        purpose: Purpose::Renewal {
            subscription: SubscriptionId::from_bits(31),
            index: 1,
        },
        ..payment()
    }
}

pub(crate) fn page() -> Channel {
    Channel::Hosted {
        return_url: "https://app.example/back".to_owned(),
        closes_at: later(60),
        page: None,
    }
}

pub(crate) fn saved() -> Channel {
    Channel::OffSession {
        customer: "cus_1".to_owned(),
        payment_method: Some("pm_1".to_owned()),
    }
}

pub(crate) fn made() -> HostedPage {
    HostedPage {
        session: "cs_1".to_owned(),
        url: "https://pay.example".to_owned(),
        opened_at: None,
    }
}

pub(crate) fn open(payment: Payment, channel: Channel) -> Payment {
    payment.begin(channel, now()).unwrap()
}

/// A renewal whose first attempt was declined and whose second is open.
pub(crate) fn second_try() -> Payment {
    let first = open(renewal(), saved());
    let at = later(1);
    let code = "insufficient_funds".to_owned();
    let failed = first.with_outcome(1, Outcome::Failed { at, code });
    failed.begin(saved(), later(2)).unwrap()
}

/// What the provider says about `pi_1`, made by an attempt of [`payment`].
pub(crate) fn seen(attempt: u32, outcome: ProviderOutcome) -> ProviderPayment {
    let received = match outcome {
        ProviderOutcome::Captured => 5_988,
        ProviderOutcome::Declined { .. }
        | ProviderOutcome::NeedsCustomer
        | ProviderOutcome::Processing
        | ProviderOutcome::Canceled => 0,
    };
    ProviderPayment {
        id: "pi_1".to_owned(),
        customer: Some("cus_1".to_owned()),
        payment_method: Some("pm_1".to_owned()),
        amount: eur(5_988),
        received,
        reference: Reference {
            account: AccountId::from_bits(1),
            payment: PaymentId::from_bits(7),
            attempt,
        },
        outcome,
    }
}

/// A capture at this instant, with this payment method.
pub(crate) fn captured(at: Timestamp, payment_method: Option<&str>) -> Captured {
    let seen = ProviderPayment {
        payment_method: payment_method.map(str::to_owned),
        ..seen(1, ProviderOutcome::Captured)
    };
    let open = payment().begin(page(), now()).unwrap();
    let Settlement::Captured(_, proof) = open.settle(&seen, Some("cus_1"), true, at) else {
        panic!("not captured");
    };
    proof
}

pub(crate) fn invoice_line(net: i64, discount: i64) -> InvoiceLine {
    let line = line(net, discount);
    InvoiceLine {
        plan: line.plan,
        product_slug: line.product_slug.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price(),
        subtotal: line.subtotal,
        discount: line.discount,
        total: line.total,
        period_start: now(),
        period_end: later(60),
    }
}

/// A draft of 49.90 € and its VAT.
pub(crate) fn draft() -> Invoice {
    let lines = vec![invoice_line(4_990, 0)];
    Invoice {
        id: InvoiceId::from_bits(3),
        account: AccountId::from_bits(1),
        status: InvoiceStatus::Draft,
        payment: PaymentId::from_bits(7),
        purpose: payment().purpose,
        buyer: Sealed::from_base64("c2VhbGVk".to_owned()),
        totals: InvoiceTotals::of(&lines, &french_vat(), Currency::EUR).unwrap(),
        lines,
        tax: french_vat(),
        correction: None,
        locale: Locale::Fr,
        created_at: now(),
        finalise_at: None,
    }
}
