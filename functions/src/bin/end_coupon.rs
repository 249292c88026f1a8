//! The Lambda function `end_coupon`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::coupons::end_coupon::EndCoupon>()
}
