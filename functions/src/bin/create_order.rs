//! The Lambda function `create_order`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::create_order::CreateOrder>()
}
