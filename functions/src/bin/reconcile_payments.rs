//! The Lambda function `reconcile_payments`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve_job::<functions::payments::reconcile_payments::ReconcilePayments>()
}
