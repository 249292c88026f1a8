//! The main function of every binary.

use crate::app::App;
use crate::config::log_level;
use crate::http::guard::mend;
use crate::http::operation::{AtStart, Operation};
use crate::job::Job;
use crate::store::StoreError;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service as _};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use std::convert::Infallible;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;

/// Converts a gateway event with lambda_http, runs the operation, and
/// converts its response back to what a gateway expects.
///
/// # Errors
/// None that a caller can see: an operation always answers.
pub async fn invoke<O: Operation>(
    app: &Arc<App>,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
) -> Result<impl serde::Serialize + use<O>, Error> {
    let app = Arc::clone(app);
    let mut adapter = Adapter::from(service_fn(move |request: lambda_http::Request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(crate::http::handle::<O>(&app, request).await) }
    }));
    let (mut request, context) = event.into_parts();
    mend(&mut request);
    let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(request), context);
    Ok(adapter.call(event).await?)
}

/// Serves an HTTP operation until the environment ends.
///
/// # Errors
/// When the environment is not as it must be, or the runtime stops.
pub fn serve<O: Operation>() -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(start(O::SPEC.at_start).await?);
        lambda_runtime::run(service_fn(|event| invoke::<O>(&app, event))).await
    })
}

/// Serves a job until the environment ends. Its errors become errors of the
/// function, so that retries and dead-letter queues work.
///
/// # Errors
/// When the environment is not as it must be, or the runtime stops.
pub fn serve_job<J: Job>() -> Result<(), Error> {
    block_on(async {
        let app = Arc::new(start(AtStart::Keys).await?);
        lambda_runtime::run(service_fn(|event: LambdaEvent<J::Event>| {
            let app = Arc::clone(&app);
            async move {
                let deadline = event.context.deadline;
                crate::job::run::<J>(&app, event.payload, deadline).await
            }
        }))
        .await
    })
}

/// Builds the app and pays for the connection while the CPU is not throttled.
async fn start(at_start: AtStart) -> Result<App, Error> {
    tell_from(log_level());
    let app = App::from_env()?;
    if let Err(error) = read_at_start(&app, at_start).await {
        tracing::warn!(%error, "nothing could be read at start");
    }
    Ok(app)
}

/// Reads what a function needs before its first request.
///
/// # Errors
/// [`StoreError`]: the first request that needs it reads it itself.
pub async fn read_at_start(app: &App, at_start: AtStart) -> Result<(), StoreError> {
    match at_start {
        AtStart::Keys => app.verifying_keys().refresh(app).await,
        AtStart::Catalogue => app.catalogue().products(app).await.map(|_| ()),
        AtStart::Nothing => Ok(()),
    }
}

/// Writes what the libraries have to say, from this level on, to standard
/// output. `EnvFilter`, the runtime's own choice, brings regular expressions
/// into every binary and builds them anew at every start.
fn tell_from(level: LevelFilter) {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .without_time()
        .with_max_level(level);
    // Another one can only have been set by this same process before.
    let _ = subscriber.try_init();
}

fn block_on(run: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run)
}
