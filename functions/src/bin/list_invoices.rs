//! The Lambda function `list_invoices`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::invoices::list_invoices::ListInvoices>()
}
