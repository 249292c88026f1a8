//! The Lambda function `cancel_order`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::cancel_order::CancelOrder>()
}
