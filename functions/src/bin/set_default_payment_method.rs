//! The Lambda function `set_default_payment_method`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cards::set_default_payment_method::SetDefaultPaymentMethod>(
    )
}
