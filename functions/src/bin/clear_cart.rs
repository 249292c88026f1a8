//! The Lambda function `clear_cart`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cart::clear_cart::ClearCart>()
}
