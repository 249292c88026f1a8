//! The Lambda function `export_ledger`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::ledger::export_ledger::ExportLedger>()
}
