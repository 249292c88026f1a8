//! The Lambda function `register`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::register::Register>()
}
