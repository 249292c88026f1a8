//! The Lambda function `find_payments`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::payments::find_payments::FindPayments>()
}
