//! How calls are spaced, and how long one waits for them.

use super::provider::{CallError, Pace, Provider};
use crate::secrets::SecretText;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use domain::id::{ActId, Id as _};
use futures::future::join_all;
use http_body_util::{BodyExt as _, Full};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happened, in order: `call`, or for how many milliseconds one waited.
#[derive(Debug, Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl AsyncSleep for Diary {
    fn sleep(&self, duration: Duration) -> Sleep {
        // The limit of a try is no pause: it never comes.
        if duration >= Duration::from_secs(1) {
            return Sleep::new(std::future::pending());
        }
        self.write(duration.as_millis().to_string());
        Sleep::new(tokio::task::yield_now())
    }
}

/// A provider that has too much to do.
impl HttpConnector for Diary {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.write("call".to_owned());
        let body = r#"{"error": {"type": "invalid_request_error", "code": "rate_limit"}}"#;
        let status = 429_u16.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

async fn told(pace: Pace, calls: usize) -> Vec<String> {
    let diary = Diary::default();
    let provider = Provider::new(
        SharedHttpConnector::new(diary.clone()),
        SharedAsyncSleep::new(diary.clone()),
        "https://provider.example".to_owned(),
    );
    let calls = (0..calls).map(|_| async {
        let gateway = provider.with_key(SecretText::from("sk_test"), pace, ActId::from_bits(1));
        let refused = gateway.intent("pi_1").await.unwrap_err();
        assert_eq!(refused, CallError::NotStarted("429 rate_limit".to_owned()));
    });
    join_all(calls).await;
    diary.read()
}

#[tokio::test]
async fn a_customer_waits_for_nobody_but_not_even_a_second_try_follows_at_once() {
    assert_eq!(told(Pace::Interactive, 1).await, ["call", "300", "call"]);
}

#[tokio::test]
async fn calls_nobody_waits_for_begin_one_after_the_other() {
    let told = told(Pace::OffSession, 4).await;
    let calls = told.iter().filter(|line| *line == "call").count();
    let places = told.iter().filter(|line| *line == "50").count();
    assert_eq!((calls, places), (8, 8));
    for (n, pair) in told.windows(2).enumerate() {
        assert_ne!(pair, ["50", "50"], "two at once at {n}: {told:?}");
    }
}

/// A provider that never answers, and how long one waited for it.
#[derive(Debug, Clone, Default)]
struct Silence(Arc<Mutex<Duration>>);

impl AsyncSleep for Silence {
    fn sleep(&self, duration: Duration) -> Sleep {
        *self.0.lock().unwrap() += duration;
        Sleep::new(tokio::task::yield_now())
    }
}

impl HttpConnector for Silence {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }
}

/// How long these calls take, one after the other.
async fn waited(pace: Pace, calls: u32) -> Duration {
    let silence = Silence::default();
    let provider = Provider::new(
        SharedHttpConnector::new(silence.clone()),
        SharedAsyncSleep::new(silence.clone()),
        "https://provider.example".to_owned(),
    );
    for _ in 0..calls {
        let gateway = provider.with_key(SecretText::from("sk_test"), pace, ActId::from_bits(1));
        let unheard = gateway.intent("pi_1").await.unwrap_err();
        assert_eq!(unheard, CallError::Unknown("no answer in time".to_owned()));
    }
    *silence.0.lock().unwrap()
}

/// A request has ten seconds, in which it makes a customer and a page.
#[tokio::test]
async fn two_calls_a_customer_waits_for_end_within_the_time_of_a_request() {
    assert_eq!(waited(Pace::Interactive, 1).await, Duration::from_secs(4));
    assert_eq!(waited(Pace::Interactive, 2).await, Duration::from_secs(8));
}

#[tokio::test]
async fn a_call_nobody_waits_for_has_the_better_part_of_a_minute() {
    let turns = Duration::from_millis(2 * 50);
    let waited = waited(Pace::OffSession, 1).await;
    assert_eq!(waited - turns, Duration::from_secs(50));
}

/// A provider that begins an answer and does not end it.
#[derive(Debug)]
struct Endless;

impl HttpConnector for Endless {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let rest = std::future::pending::<Option<Result<http::HeaderMap, Infallible>>>();
        let body = Full::new(Bytes::from_static(b"{\"id\": ")).with_trailers(rest);
        let body = SdkBody::from_body_1_x(body);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200_u16.try_into().unwrap(), body)))
    }
}

/// A provider whose answer is this long.
#[derive(Debug)]
struct Long(usize);

impl HttpConnector for Long {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from(format!("{{\"id\": {:?}}}", "i".repeat(self.0)));
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200_u16.try_into().unwrap(), body)))
    }
}

async fn customer(connector: impl HttpConnector + 'static, sleep: Silence) -> Option<String> {
    let provider = Provider::new(
        SharedHttpConnector::new(connector),
        SharedAsyncSleep::new(sleep),
        "https://provider.example".to_owned(),
    );
    let key = SecretText::from("sk_test");
    let gateway = provider.with_key(key, Pace::Interactive, ActId::from_bits(1));
    match gateway.create_customer("a", "b", "c").await {
        Ok(id) => Some(id),
        Err(CallError::Unknown(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_waited_for_as_long_as_one_that_does_not_begin() {
    let silence = Silence::default();
    let made = customer(Endless, silence.clone());
    let made = tokio::time::timeout(Duration::from_secs(5), made).await;
    assert_eq!(made.expect("it is waited for without end"), None);
    assert_eq!(*silence.0.lock().unwrap(), Duration::from_secs(4));
}

#[tokio::test]
async fn an_answer_without_measure_is_not_kept() {
    let made = customer(Long(8 << 20), Silence::default()).await;
    assert_eq!(made.map(|id| id.len()), None);
    let made = customer(Long(1 << 20), Silence::default()).await;
    assert_eq!(made.map(|id| id.len()), Some(1 << 20));
}
