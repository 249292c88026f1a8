//! The Lambda function `list_payment_methods`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cards::list_payment_methods::ListPaymentMethods>()
}
