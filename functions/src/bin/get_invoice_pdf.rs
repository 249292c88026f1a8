//! The Lambda function `get_invoice_pdf`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::invoices::get_invoice_pdf::GetInvoicePdf>()
}
