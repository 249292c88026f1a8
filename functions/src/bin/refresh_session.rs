//! The Lambda function `refresh_session`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::refresh_session::RefreshSession>()
}
