//! The Lambda function `logout`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::logout::Logout>()
}
