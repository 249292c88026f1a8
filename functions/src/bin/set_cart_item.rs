//! The Lambda function `set_cart_item`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cart::set_cart_item::SetCartItem>()
}
