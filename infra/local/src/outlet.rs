//! Functions in another place than this process: who runs them there, and
//! where what they ask of AWS and of the provider arrives. It passes the
//! connector, so that it is counted, kept and made to fail as if they ran here.

use crate::cloud::Cloud;
use crate::connector::{self, Environment};
use crate::functions::FunctionError;
use crate::server::read;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Runs functions in another place than this process.
pub trait Elsewhere: Send + Sync {
    /// Runs one on an event: what it answers.
    fn run<'a>(
        &'a self,
        function: &'a str,
        event: Value,
    ) -> BoxFuture<'a, Result<Value, FunctionError>>;
}

/// Under which path the web is reached, and there the provider and the register
/// of VAT numbers.
const WEB: &str = "/_local";

/// Where the calls of one function arrive that runs in another process. It
/// ends when it is dropped.
#[derive(Debug)]
pub struct Outlet {
    address: SocketAddr,
    environment: Environment,
    _server: JoinSet<()>,
}

impl Cloud {
    /// Lets functions run elsewhere from now on, or here again.
    pub fn run_elsewhere(&self, elsewhere: Option<Arc<dyn Elsewhere>>) {
        self.functions().run_elsewhere(elsewhere);
    }

    /// Opens an outlet for a function, on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn outlet(&self, function: &str) -> io::Result<Outlet> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let environment = Environment::new(function);
        let address = listener.local_addr()?;
        let ways = Ways {
            aws: connector::here(&self.0.backends, &environment, false),
            web: connector::here(&self.0.backends, &environment, true),
        };
        let mut server = JoinSet::new();
        server.spawn(accept(listener, ways));
        Ok(Outlet {
            address,
            environment,
            _server: server,
        })
    }
}

impl Outlet {
    /// Where AWS is reached.
    pub fn aws(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the provider and the register of VAT numbers are reached.
    pub fn web(&self) -> String {
        format!("http://{}{WEB}", self.address)
    }

    /// Says that the function has started: what it does from now on it does
    /// for an event.
    pub fn has_started(&self) {
        self.environment.cold.store(false, Ordering::Relaxed);
    }

    /// Waits for what the function does. None as soon as it meets a planned
    /// crash: then it must be killed.
    pub async fn unless_it_crashes<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let crashed = self.environment.crash.notified();
        tokio::pin!(crashed);
        crashed.as_mut().enable();
        tokio::select! {
            biased;
            () = crashed => None,
            done = work => Some(done),
        }
    }
}

/// The two ways out.
#[derive(Clone)]
struct Ways {
    aws: SharedHttpConnector,
    web: SharedHttpConnector,
}

async fn accept(listener: TcpListener, ways: Ways) {
    let mut connections = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        // Small answers must not wait for the acknowledgement of others.
        let _ = stream.set_nodelay(true);
        let ways = ways.clone();
        connections.spawn(async move {
            let service = service_fn(|request| ways.answer(request, peer));
            // A connection that breaks is that of a process that was killed.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Ways {
    /// Answers as the connector does. Where that says that nothing arrived, the
    /// connection ends without an answer.
    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> io::Result<Response<Full<Bytes>>> {
        let request = read(request, peer)
            .await
            .map_err(|status| io::Error::other(status.to_string()))?;
        let way = if request.uri().path().starts_with(WEB) {
            &self.web
        } else {
            &self.aws
        };
        let request =
            HttpRequest::try_from(request.map(SdkBody::from)).map_err(io::Error::other)?;
        let response = way.call(request).await.map_err(io::Error::other)?;
        let response = response.try_into_http1x().map_err(io::Error::other)?;
        let body = |body: SdkBody| Bytes::copy_from_slice(body.bytes().unwrap_or_default());
        Ok(response.map(|sdk| Full::new(body(sdk))))
    }
}
