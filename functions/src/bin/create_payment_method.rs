//! The Lambda function `create_payment_method`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cards::create_payment_method::CreatePaymentMethod>()
}
