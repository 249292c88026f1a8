//! The stack behind sockets: what `make run` starts.

use crate::cloud::Cloud;
use crate::event::SourceIp;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// More than this is not even read; the gateway refuses at 10 MB.
const MOST_READ: usize = 16 * 1024 * 1024;

/// How often the background looks for something to carry.
const PULSE: Duration = Duration::from_millis(50);

/// How long open requests may take once the stack is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Which of the two endpoints a socket serves.
#[derive(Debug, Clone, Copy)]
enum Endpoint {
    Api,
    Table,
}

/// Serves the API, and the DynamoDB endpoint if there is a socket for it,
/// until `stop` is over. Stream, webhooks and schedules run in the background.
pub async fn serve(
    cloud: Cloud,
    api: TcpListener,
    table: Option<TcpListener>,
    stop: impl Future<Output = ()>,
) {
    let (stopping, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(cloud.clone(), api, Endpoint::Api, stopped.clone()));
    if let Some(table) = table {
        tasks.spawn(accept(
            cloud.clone(),
            table,
            Endpoint::Table,
            stopped.clone(),
        ));
    }
    tasks.spawn(background(cloud.clone(), stopped));
    stop.await;
    // Nobody listens only if every task has ended already.
    let _ = stopping.send(true);
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all).await;
    if let Err(error) = cloud.save() {
        cloud.complain(&error.to_string());
    }
}

async fn background(cloud: Cloud, mut stopped: watch::Receiver<bool>) {
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut beats: u32 = 0;
    loop {
        tokio::select! {
            _ = pulse.tick() => {}
            _ = stopped.changed() => return,
        }
        beats = beats.wrapping_add(1);
        let each_second = beats.is_multiple_of(20);
        cloud.beat(each_second).await;
        if each_second && let Err(error) = cloud.save() {
            cloud.complain(&error.to_string());
        }
    }
}

async fn accept(
    cloud: Cloud,
    listener: TcpListener,
    endpoint: Endpoint,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // A client that went away, or no file descriptors: go on.
                Err(_) => continue,
            },
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => continue,
        };
        // Small answers must not wait for the acknowledgement of others.
        let _ = stream.set_nodelay(true);
        connections.spawn(connection(
            cloud.clone(),
            TokioIo::new(stream),
            peer,
            endpoint,
            stopped.clone(),
        ));
    }
    while connections.join_next().await.is_some() {}
}

async fn connection(
    cloud: Cloud,
    io: TokioIo<tokio::net::TcpStream>,
    peer: SocketAddr,
    endpoint: Endpoint,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| {
        let cloud = cloud.clone();
        async move {
            let response = match (read(request, peer).await, endpoint) {
                (Ok(request), Endpoint::Api) => cloud.request(request).await,
                (Ok(request), Endpoint::Table) => table(&cloud, &request),
                (Err(status), _) => empty(status),
            };
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Reads a request whole.
pub(crate) async fn read(
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Request<Bytes>, StatusCode> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST_READ)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            }
        })?;
    let mut request = Request::from_parts(parts, body.to_bytes());
    request.extensions_mut().insert(SourceIp(peer.ip()));
    Ok(request)
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// Answers a request of any DynamoDB client; of one of Secrets Manager as
/// well, since a function that runs beside the stack is told one endpoint.
fn table(cloud: &Cloud, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return Response::new(Bytes::from_static(b"healthy: dynamodb, table cyna"));
    }
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let action = target
        .strip_prefix("DynamoDB_20120810.")
        .unwrap_or_default();
    let (status, body) = match serde_json::from_slice::<Value>(request.body()) {
        Ok(body) if target == "secretsmanager.GetSecretValue" => {
            let (status, answer) = cloud.backends().vault.answer(&body);
            (status, answer.to_string())
        }
        Ok(body) => cloud.table().call("", action, &body),
        Err(_) => (
            400,
            r#"{"__type":"com.amazon.coral.service#SerializationException"}"#.to_owned(),
        ),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.0"),
    );
    response
}
