//! The Lambda function `no_route`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::system::no_route::NoRoute>()
}
