//! The Lambda function `list_coupons`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::coupons::list_coupons::ListCoupons>()
}
