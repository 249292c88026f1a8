//! The Lambda function `get_product`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::catalogue::get_product::GetProduct>()
}
