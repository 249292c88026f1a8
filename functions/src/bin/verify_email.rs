//! The Lambda function `verify_email`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::verify_email::VerifyEmail>()
}
