//! The Lambda function `get_coupon`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::coupons::get_coupon::GetCoupon>()
}
