//! The Lambda function `get_payment`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::refunds::get_payment::GetPayment>()
}
