//! The Lambda function `find_orders`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::find_orders::FindOrders>()
}
