//! The Lambda function `openapi`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::system::openapi::Openapi>()
}
