//! The Lambda function `renew_subscriptions`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve_job::<functions::subscriptions::renew_subscriptions::RenewSubscriptions>(
    )
}
