//! The Lambda function `get_invoice`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::invoices::get_invoice::GetInvoice>()
}
