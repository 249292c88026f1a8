//! The Lambda function `get_profile`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::profile::get_profile::GetProfile>()
}
