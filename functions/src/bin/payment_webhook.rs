//! The Lambda function `payment_webhook`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::payments::payment_webhook::PaymentWebhook>()
}
