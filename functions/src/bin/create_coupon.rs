//! The Lambda function `create_coupon`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::coupons::create_coupon::CreateCoupon>()
}
