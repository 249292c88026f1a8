//! The Lambda function `refund`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::refunds::refund::Refund>()
}
