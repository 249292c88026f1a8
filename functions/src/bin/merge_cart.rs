//! The Lambda function `merge_cart`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<functions::cart::merge_cart::MergeCart>()
}
