//! The Lambda function `get_cart`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cart::get_cart::GetCart>()
}
