//! The Lambda function `approve_refund`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::refunds::approve_refund::ApproveRefund>()
}
