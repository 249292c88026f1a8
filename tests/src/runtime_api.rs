//! A Lambda Runtime API (version 2018-06-01) for one process: what hands
//! events to a function inside Lambda, as a small server.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use platform::clock::{Clock as _, SystemClock};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

const ROOT: &str = "/2018-06-01/runtime/";

/// The longest a function may run. What it makes of its deadline is its own
/// affair: nothing here cuts it off.
const TIMEOUT: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// What a function said to an event.
#[derive(Debug)]
pub enum Outcome {
    /// Its answer.
    Answer(Value),
    /// An error of the function: Lambda would count it, and the gateway answer
    /// 500 without an envelope.
    Error(Diagnostic),
}

/// How a function tells of an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// A name for its kind.
    pub error_type: String,
    /// What went wrong.
    pub error_message: String,
}

/// An outcome, and how long it took.
#[derive(Debug)]
pub struct Invocation {
    /// What the function said.
    pub outcome: Outcome,
    /// From handing out the event to having read what the function said.
    pub took: Duration,
}

/// An event that waits for the function.
struct Waiting {
    event: Bytes,
    told: oneshot::Sender<Invocation>,
}

/// An event the function has.
struct Open {
    since: Instant,
    told: oneshot::Sender<Invocation>,
}

struct State {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Waiting>>,
    open: Mutex<HashMap<String, Open>>,
    invocations: AtomicU64,
    first_poll: watch::Sender<Option<Instant>>,
}

/// A Runtime API. It ends when it is dropped, and its function with it.
pub struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Waiting>,
    state: Arc<State>,
    _server: JoinSet<()>,
}

impl RuntimeApi {
    /// Opens it on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, waiting) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            waiting: tokio::sync::Mutex::new(waiting),
            open: Mutex::default(),
            invocations: AtomicU64::new(0),
            first_poll: watch::channel(None).0,
        });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            events,
            state,
            _server: server,
        })
    }

    /// What a function finds as `AWS_LAMBDA_RUNTIME_API`: host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// When the function first asked for an event. Waits until it does.
    pub async fn first_poll(&self) -> Instant {
        let mut first_poll = self.state.first_poll.subscribe();
        loop {
            if let Some(at) = *first_poll.borrow_and_update() {
                return at;
            }
            // The sender lives as long as this borrow of its owner.
            let _ = first_poll.changed().await;
        }
    }

    /// Hands an event to the function. None when the API ended before the
    /// function said anything; a function that never does lets this wait.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Option<Invocation> {
        let (told, hear) = oneshot::channel();
        self.events
            .send(Waiting {
                event: event.into(),
                told,
            })
            .ok()?;
        hear.await.ok()
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Small answers must not wait for the acknowledgement of others.
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(|request| respond(Arc::clone(&state), request));
            // A connection that breaks is that of a process that ended.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn respond(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let method = request.method().clone();
    let path = request
        .uri()
        .path()
        .strip_prefix(ROOT)
        .unwrap_or_default()
        .to_owned();
    let path: Vec<&str> = path.split('/').collect();
    match (&method, path.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&state).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            hear(&state, id, request, Outcome::Answer).await
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            hear(&state, id, request, Outcome::Error).await
        }
        _ => Ok(status(StatusCode::NOT_FOUND)),
    }
}

/// Waits for an event and hands it out.
async fn next(state: &State) -> Result<Response<Full<Bytes>>, io::Error> {
    state.first_poll.send_if_modified(|first| {
        let is_first = first.is_none();
        first.get_or_insert_with(now);
        is_first
    });
    let waiting = state.waiting.lock().await.recv().await;
    let Waiting { event, told } = waiting.ok_or_else(|| io::Error::other("no more events"))?;
    let number = state.invocations.fetch_add(1, Ordering::Relaxed);
    let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
    let deadline = SystemClock
        .now()
        .saturating_add(TIMEOUT)
        .map_err(io::Error::other)?
        .as_millisecond();
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-3:000000000000:function:test",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        )
        .body(Full::new(event))
        .map_err(io::Error::other)?;
    open(state).insert(id, Open { since: now(), told });
    Ok(response)
}

/// Takes what the function said to an event.
async fn hear<T: serde::de::DeserializeOwned>(
    state: &State,
    id: &str,
    request: Request<Incoming>,
    outcome: impl FnOnce(T) -> Outcome,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let until = now();
    let Some(Open { since, told }) = open(state).remove(id) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    let Ok(said) = serde_json::from_slice(&body) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    // Nobody listens when a test gave up waiting.
    let _ = told.send(Invocation {
        outcome: outcome(said),
        took: until.duration_since(since),
    });
    Ok(status(StatusCode::ACCEPTED))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn open(state: &State) -> MutexGuard<'_, HashMap<String, Open>> {
    state.open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The real time: how long a process takes is what is asked here.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measures real processes")]
    Instant::now()
}
