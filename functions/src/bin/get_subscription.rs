//! The Lambda function `get_subscription`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::subscriptions::get_subscription::GetSubscription>()
}
