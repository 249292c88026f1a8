//! The Lambda function `get_series`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::ledger::get_series::GetSeries>()
}
