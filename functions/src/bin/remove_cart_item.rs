//! The Lambda function `remove_cart_item`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cart::remove_cart_item::RemoveCartItem>()
}
