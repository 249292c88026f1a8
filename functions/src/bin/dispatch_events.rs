//! The Lambda function `dispatch_events`.

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve_job::<functions::events::dispatch_events::DispatchEvents>()
}
