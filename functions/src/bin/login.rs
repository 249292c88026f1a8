//! The Lambda function `login`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::login::Login>()
}
