//! The Lambda function `docs`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::system::docs::Docs>()
}
