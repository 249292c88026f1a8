"""What breaks coupons: redeemed too often, given to others, kept for dead orders."""

from .places import DOMAIN, FUNCTIONS, PAYMENTS, STORE, it, unit

STORM = it("storms::orders::a_coupon_is_redeemed_as_often_as_it_may_be_and_no_more")
AGAIN = it("coupons::a_customer_redeems_a_coupon_once_and_again_when_the_order_died_unpaid")
TERMS = unit("domain", "a_coupon_is_redeemed_within_its_limits_and_takes_off_the_periods_that_follow")

COUPONS = [
    ("a coupon that races is redeemed without end", STORE + "coupons.rs",
     "let most = (COUNTER, coupon.value.max_redemptions);", "let most = (COUNTER, coupon.value.max_redemptions.map(|it| it + 99));",
     STORM),
    ("a canceled order keeps its coupon", FUNCTIONS + "orders/cancel_order.rs",
     "    give_back(&mut act, &canceled, ());\n", "",
     AGAIN),
    ("an expired order keeps its coupon", PAYMENTS + "pages.rs",
     "        give_back(&mut writing.transaction, &expired, Changed);\n", "",
     AGAIN),
    ("a coupon can be redeemed at its end", DOMAIN + "coupon.rs",
     "self.ends_at.is_some_and(|end| now >= end)", "self.ends_at.is_some_and(|end| now > end)",
     TERMS),
    ("the last redemption is one too many", DOMAIN + "coupon.rs",
     ".is_some_and(|most| self.redemptions >= most)", ".is_some_and(|most| self.redemptions > most)",
     TERMS),
    ("a customer redeems a coupon twice", DOMAIN + "coupon.rs",
     "self.per_customer.is_some_and(|most| by.redemptions >= most)", "self.per_customer.is_some_and(|most| by.redemptions > most)",
     TERMS),
    ("another's coupon is anybody's", DOMAIN + "coupon.rs",
     "&& by.is_none_or(|by| by.account != owner)", "&& by.is_some_and(|by| by.account == owner && by.has_paid)",
     it("coupons::a_coupon_says_why_it_cannot_be_redeemed")),
    ("a repeating coupon ends one period late", DOMAIN + "coupon.rs",
     "Self::Repeating { periods } => place < periods.get(),", "Self::Repeating { periods } => place <= periods.get(),",
     TERMS),
    ("each subscription gets the whole amount", DOMAIN + "coupon/running.rs",
     "            Reduction::Amount { .. } => Reduction::Amount {\n                value: line.discount,\n            },", "            amount @ Reduction::Amount { .. } => amount,",
     it("coupons::a_fixed_amount_is_shared_by_what_was_bought_together_for_good")),
    ("guesses at codes cost nothing", FUNCTIONS + "orders/couponing.rs",
     "if let Some(tries) = tries.filter(|_| is_theirs) {", "if let Some(tries) = tries.filter(|_| is_theirs || read.coupon.is_none()) {",
     it("coupons::codes_are_not_found_by_trying")),
    ("renewals take nothing off", DOMAIN + "billing.rs",
     "            Some(coupon) => coupon.discount(period.index, self.price()?)?,", "            Some(coupon) => coupon.discount(u32::MAX, self.price()?)?,",
     it("coupons::a_fifth_is_taken_off_the_order_and_off_three_periods_to_the_cent")),
]
