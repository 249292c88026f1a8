//! The Lambda function `get_order`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::get_order::GetOrder>()
}
