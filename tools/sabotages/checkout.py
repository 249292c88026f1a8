"""What breaks another payment page, a cart that is looked at later, and a quote."""

from .places import DOMAIN, FUNCTIONS, PAYMENTS, it

AFTER = it("pay_order::after_a_decline_another_page_takes_the_place_of_the_first_and_is_paid_once")
TEN = it("pay_order::the_order_lives_as_long_as_its_last_page_and_has_ten_at_most")
SILENT = it("pay_order::while_the_provider_is_silent_the_page_is_asked_for_and_opens_later")
TABS = it("pay_order::two_tabs_that_ask_at_once_leave_one_open_page")

CHECKOUT = [
    ("a page that was asked for never follows", PAYMENTS + "pages.rs",
     "        .then(|| payment.turn_page(attempt, closes_at, now))?", "        .then(|| payment.turn_page(0, closes_at, now))?",
     AFTER),
    ("another page opens beside the first", PAYMENTS + "pages.rs",
     "let ended = match expire_page(gateway, payment, attempt, &session).await {", "let ended = match gateway.session(&session).await.map(|it| crate::payments::objects::Session { status: Some(\"expired\".to_owned()), ..it }) {",
     AFTER),
    ("a page that was never stored stays open beside the next", PAYMENTS + "pages.rs",
     "(None, Subject::Order { order }) if can_open(attempt, app.now()) => {", "(None, Subject::Order { order }) if false && can_open(attempt, app.now()) => {",
     TABS),
    ("an order has pages without end", DOMAIN + "another_page.rs",
     "if open.number >= MOST_PAGES {", "if open.number >= MOST_PAGES + 1 {",
     TEN),
    ("nobody goes on with a page whose asking died", PAYMENTS + "reconcile.rs",
     "            is_last && order.value.status == OrderStatus::Pending", "            (is_last || !is_last) && order.value.status == OrderStatus::Pending",
     SILENT),
    ("a canceled order has another page", FUNCTIONS + "orders/pay_order.rs",
     "    if order.status != OrderStatus::Pending {\n        return Err(Code::StateConflict.into());\n    }\n", "",
     it("pay_order::an_order_that_is_canceled_or_anothers_has_no_other_page")),
    ("a cart keeps silent about a price that rose", FUNCTIONS + "cart/view.rs",
     "previous_subtotal: (amount != Some(item.shown)).then(|| item.shown.into()),", "previous_subtotal: amount.is_none().then(|| item.shown.into()),",
     it("carts::a_line_says_what_it_cost_when_it_was_put_in_and_that_it_is_not_sold_any_more")),
    ("of two carts the smaller quantity stays", DOMAIN + "cart.rs",
     "if theirs.quantity > mine.quantity {", "if theirs.quantity < mine.quantity {",
     it("merging::")),
    ("a forged quote is answered with a real one", FUNCTIONS + "orders/honouring.rs",
     "    if !is_of(app, token, items, &input.terms, now).await? {\n        return Err(Failure::fields(why));\n    }\n", "",
     it("coupons::limits::who_was_quoted_a_coupon_that_is_used_up_is_quoted_anew_without_it")),
]
