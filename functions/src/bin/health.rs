//! The Lambda function `health`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::system::health::Health>()
}
