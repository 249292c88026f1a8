//! The Lambda function `list_payments`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::payments::list_payments::ListPayments>()
}
