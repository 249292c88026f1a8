//! The Lambda function `list_orders`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::orders::list_orders::ListOrders>()
}
