//! The Lambda function `remove_payment_method`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cards::remove_payment_method::RemovePaymentMethod>()
}
