//! The Lambda function `resend_verification`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::resend_verification::ResendVerification>()
}
