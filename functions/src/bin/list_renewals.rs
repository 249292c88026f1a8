//! The Lambda function `list_renewals`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::subscriptions::list_renewals::ListRenewals>()
}
