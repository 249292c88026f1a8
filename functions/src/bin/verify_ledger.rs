//! The Lambda function `verify_ledger`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::ledger::verify_ledger::VerifyLedger>()
}
