//! The Lambda function `list_subscriptions`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::subscriptions::list_subscriptions::ListSubscriptions>()
}
