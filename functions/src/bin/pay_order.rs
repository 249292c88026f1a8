//! The Lambda function `pay_order`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::pay_order::PayOrder>()
}
