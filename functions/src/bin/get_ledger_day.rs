//! The Lambda function `get_ledger_day`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::ledger::get_ledger_day::GetLedgerDay>()
}
