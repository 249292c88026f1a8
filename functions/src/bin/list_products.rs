//! The Lambda function `list_products`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::catalogue::list_products::ListProducts>()
}
