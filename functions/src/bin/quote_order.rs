//! The Lambda function `quote_order`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::quote_order::QuoteOrder>()
}
