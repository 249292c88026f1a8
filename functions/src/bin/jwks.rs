//! The Lambda function `jwks`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::auth::jwks::Jwks>()
}
