//! The Lambda function `get_order_timeline`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::get_order_timeline::GetOrderTimeline>()
}
