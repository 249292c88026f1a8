//! Orders: what they cost, and how they are left.

use crate::samples::{PER_UNIT, dollar, eur, french_vat, later, line, order, plan, product, tiers};
use domain::id::{Id as _, SubscriptionId};
use domain::money::{Currency, Money};
use domain::order::{Order, OrderLine, OrderRefusal, OrderStatus, Totals};
use domain::rounding::ArithmeticError;
use domain::tiers::PriceScheme;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn vat_is_owed_on_what_is_left_after_the_discount() {
    let lines = [line(9_000, 1_000), line(3, 0)];
    let totals = Totals::of(&lines, Currency::EUR, &french_vat()).unwrap();
    let expected = Totals {
        subtotal: eur(10_003),
        discount: eur(1_000),
        // 20 % of 90.03 € are 18.006 €.
        tax: eur(1_801),
        total: eur(10_804),
    };
    assert_eq!(totals, expected);
}

#[test]
fn a_line_remembers_what_was_sold_at_which_price_and_revision() {
    let plan = plan(11, "monthly", PER_UNIT);
    let product = product(1, "cyna-edr", vec![plan.clone()]);
    let subscription = SubscriptionId::from_bits(31);
    let sold = (3, Money::new(14_970, dollar()));
    let line = OrderLine::new((&product, &plan), sold, PER_UNIT, subscription);
    assert_eq!((line.plan, line.product), (plan.id, product.id));
    assert_eq!((line.quantity, line.revision), (3, 7));
    assert_eq!((line.subtotal, line.total), (sold.1, sold.1));
    assert_eq!(line.discount, Money::zero(dollar()));
    assert_eq!(
        (line.subscription, line.interval),
        (subscription, plan.interval)
    );
    assert_eq!(
        (line.name.en.as_str(), line.product_slug.as_str()),
        ("CYNA Detection – Monthly", "cyna-edr")
    );
}

#[test]
fn an_order_has_one_currency() {
    let mixed = Totals::of(&[line(100, 0)], dollar(), &french_vat());
    assert_eq!(mixed, Err(ArithmeticError::CurrencyMismatch));
}

#[test]
fn a_unit_has_a_price_unless_it_depends_on_how_many_are_bought() {
    let sold_by = |scheme| {
        let line = line(4_990, 0);
        OrderLine { scheme, ..line }.unit_price()
    };
    assert_eq!(sold_by(PER_UNIT), Some(eur(4_990)));
    assert_eq!(sold_by(PriceScheme::Graduated(tiers())), None);
    assert_eq!(sold_by(PriceScheme::Volume(tiers())), None);
    let dollars = OrderLine {
        subtotal: Money::new(4_990, dollar()),
        ..line(4_990, 0)
    };
    assert_eq!(dollars.unit_price(), Some(Money::new(4_990, dollar())));
}

/// Each way out of `pending`, what it is called, and where it leads.
type Exit = (
    &'static str,
    fn(Order, Timestamp) -> Result<Order, OrderRefusal>,
    OrderStatus,
);

fn exits() -> [Exit; 3] {
    let at = later(5);
    [
        ("paid", Order::pay, OrderStatus::Paid { at }),
        ("canceled", Order::cancel, OrderStatus::Canceled { at }),
        ("expired", Order::expire, OrderStatus::Expired { at }),
    ]
}

#[test]
fn a_pending_order_is_paid_canceled_or_expires_and_nothing_else_of_it_changes() {
    for (action, leave, expected) in exits() {
        let pending = order(vec![line(4_990, 0)]);
        let left = leave(pending.clone(), later(5)).unwrap();
        assert_eq!((left.status, left.status.name()), (expected, action));
        assert_eq!((left.id, left.totals), (pending.id, pending.totals));
        assert_eq!(left.lines, pending.lines);
    }
}

#[test]
fn an_order_that_is_decided_stays_as_it_is() {
    let refunded = OrderStatus::Refunded { at: later(5) };
    let decided = exits().map(|(_, _, status)| status);
    for status in decided.into_iter().chain([refunded]) {
        for (action, leave, _) in exits() {
            let order = Order {
                status,
                ..order(vec![line(4_990, 0)])
            };
            let state = status.name();
            let refusal = leave(order, later(6)).unwrap_err();
            assert_eq!(refusal, OrderRefusal { action, state });
        }
    }
}

#[test]
fn what_was_paid_can_be_refunded_and_nothing_else() {
    let pending = order(vec![line(4_990, 0)]);
    let state = "pending";
    let action = "refunded";
    let refusal = pending.clone().refund(later(6)).unwrap_err();
    assert_eq!(refusal, OrderRefusal { action, state });
    let refunded = pending.pay(later(5)).unwrap().refund(later(6)).unwrap();
    assert_eq!(refunded.status, OrderStatus::Refunded { at: later(6) });
    let state = "refunded";
    let refusal = refunded.refund(later(7)).unwrap_err();
    assert_eq!(refusal, OrderRefusal { action, state });
}

#[test]
fn an_order_was_paid_even_if_it_was_refunded_since() {
    let at = later(5);
    for (status, name, was_paid) in [
        (OrderStatus::Pending, "pending", false),
        (OrderStatus::Paid { at }, "paid", true),
        (OrderStatus::Canceled { at }, "canceled", false),
        (OrderStatus::Expired { at }, "expired", false),
        (OrderStatus::Refunded { at }, "refunded", true),
    ] {
        let order = Order {
            status,
            ..order(vec![line(4_990, 0)])
        };
        assert_eq!((order.status.name(), order.was_paid()), (name, was_paid));
    }
}

#[test]
fn lines_that_cost_a_cent_share_the_cent_of_vat() {
    // 20 % of 3 cents are 0.6 cents: one, and the first line bears it.
    let order = order(vec![line(1, 0), line(1, 0), line(1, 0)]);
    assert_eq!(
        order.line_totals_with_tax(),
        Ok(vec![eur(2), eur(1), eur(1)])
    );
}

proptest! {
    #[test]
    fn the_lines_with_their_vat_sum_to_what_is_paid(nets in vec(0_i64..10_000_000, 1..20)) {
        let order = order(nets.iter().map(|net| line(*net, 0)).collect());
        let with_tax = order.line_totals_with_tax().unwrap();
        prop_assert_eq!(with_tax.len(), nets.len());
        for (gross, net) in with_tax.iter().zip(&nets) {
            // At most a cent from the exact VAT of the line, and the cent of
            // the rounding of the sum.
            let exact = net * 12;
            prop_assert!((gross.amount() * 10 - exact).abs() < 20);
        }
        prop_assert_eq!(Money::sum(with_tax, Currency::EUR), Ok(order.totals.total));
    }
}
