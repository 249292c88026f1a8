//! The Lambda function `check_vat_numbers`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve_job::<functions::taxes::check_vat_numbers::CheckVatNumbers>()
}
