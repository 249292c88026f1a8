//! The register of VAT numbers of the Union (VIES): one question, and what its
//! answer means. Whatever is no clear answer is none: a register that is out
//! of order, or busy, or silent says nothing about a number.

use crate::connector::{Measure, exchange};
use crate::http::problem::chain;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use domain::vat_check::Answer;
use domain::vat_number::VatNumber;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long the register is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A customer waits, and the provider is still to be asked: one second.
    Customer,
    /// Nobody waits: some member states take a quarter of a minute.
    Nobody,
}

impl Patience {
    fn limit(self) -> Duration {
        match self {
            Self::Customer => Duration::from_secs(1),
            Self::Nobody => Duration::from_secs(20),
        }
    }
}

/// The register said nothing about the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the register of VAT numbers gave no answer: {0}")]
pub struct NoAnswer(String);

/// The connection to the register.
#[derive(Debug)]
pub struct Register {
    connector: SharedHttpConnector,
    sleep: SharedAsyncSleep,
    base: String,
}

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// The longest name of an answer that is kept, and of a failure that is logged,
/// in bytes: real ones have some twenty.
const LONGEST_NAME: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    valid: Option<bool>,
    #[serde(default)]
    request_identifier: Option<String>,
    #[serde(default)]
    user_error: Option<String>,
    #[serde(default)]
    error_wrappers: Vec<ErrorWrapper>,
}

#[derive(Deserialize)]
struct ErrorWrapper {
    error: String,
}

impl Register {
    /// The register behind this connector.
    pub fn new(connector: SharedHttpConnector, sleep: SharedAsyncSleep, base: String) -> Self {
        Self {
            connector,
            sleep,
            base,
        }
    }

    /// Asks whether a number is registered, once. `asked_by` is the seller's own
    /// number: only who gives it gets a consultation number as proof.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(
        &self,
        number: &VatNumber,
        asked_by: &str,
        patience: Patience,
    ) -> Result<Answer, NoAnswer> {
        let request = self.request(number, asked_by)?;
        let most = Measure {
            time: patience.limit(),
            bytes: LONGEST,
        };
        let answer = exchange(&self.connector, &self.sleep, request, most).await;
        let (status, body) = answer.map_err(|error| NoAnswer(chain(&error)))?;
        read(status, &body)
    }

    fn request(&self, number: &VatNumber, asked_by: &str) -> Result<HttpRequest, NoAnswer> {
        let (country, digits) = number.parts();
        let mut question = json!({"countryCode": country, "vatNumber": digits});
        if let (Some((country, digits)), Some(members)) =
            (asked_by.split_at_checked(2), question.as_object_mut())
        {
            members.insert("requesterMemberStateCode".to_owned(), json!(country));
            members.insert("requesterNumber".to_owned(), json!(digits));
        }
        let request = http::Request::post(format!("{}/check-vat-number", self.base))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(SdkBody::from(question.to_string()))
            .map_err(|error| NoAnswer(error.to_string()))?;
        HttpRequest::try_from(request).map_err(|error| NoAnswer(error.to_string()))
    }
}

/// What an answer means. No complaint says anything about the number, not even
/// that the input is invalid: a number whose format is wrong is not asked
/// about, so it is the question that is wrong, or our own number in it.
fn read(status: u16, body: &[u8]) -> Result<Answer, NoAnswer> {
    let said: Said =
        serde_json::from_slice(body).map_err(|error| NoAnswer(format!("{status}: {error}")))?;
    let complaint = said.error_wrappers.into_iter().next();
    let complaint = complaint
        .map(|wrapper| wrapper.error)
        .or(said.user_error)
        .filter(|code| !matches!(code.as_str(), "" | "VALID" | "INVALID"));
    match (status, complaint, said.valid) {
        (_, Some(code), _) => Err(NoAnswer(format!("{status} {code:.LONGEST_NAME$}"))),
        (200, None, Some(is_registered)) => Ok(Answer {
            is_registered,
            consultation: said
                .request_identifier
                .filter(|id| (1..=LONGEST_NAME).contains(&id.len())),
        }),
        (_, None, _) => Err(NoAnswer(format!("{status} without an answer"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_async::rt::sleep::TokioSleep;
    use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Full};
    use std::convert::Infallible;

    #[test]
    fn only_a_clear_answer_is_one() {
        let answered = |is_registered, consultation: Option<&str>| {
            Ok(Answer {
                is_registered,
                consultation: consultation.map(str::to_owned),
            })
        };
        let none = |words: &str| Err(NoAnswer(words.to_owned()));
        for (status, body, expected) in [
            (
                200,
                r#"{"valid": true, "requestIdentifier": "WAPI1"}"#,
                answered(true, Some("WAPI1")),
            ),
            (
                200,
                r#"{"valid": true, "requestIdentifier": ""}"#,
                answered(true, None),
            ),
            (
                200,
                r#"{"valid": false, "userError": "INVALID"}"#,
                answered(false, None),
            ),
            (
                200,
                r#"{"valid": true, "userError": "VALID"}"#,
                answered(true, None),
            ),
            // What is out of order says false as well.
            (
                200,
                r#"{"valid": false, "userError": "MS_UNAVAILABLE"}"#,
                none("200 MS_UNAVAILABLE"),
            ),
            (
                200,
                r#"{"actionSucceed": false, "errorWrappers": [{"error": "MS_MAX_CONCURRENT_REQ"}]}"#,
                none("200 MS_MAX_CONCURRENT_REQ"),
            ),
            // Nor does it say which of the two numbers it means.
            (
                400,
                r#"{"actionSucceed": false, "errorWrappers": [{"error": "INVALID_INPUT"}]}"#,
                none("400 INVALID_INPUT"),
            ),
            (
                400,
                r#"{"actionSucceed": false, "errorWrappers": [{"error": "INVALID_REQUESTER_INFO"}]}"#,
                none("400 INVALID_REQUESTER_INFO"),
            ),
            (500, r#"{"valid": true}"#, none("500 without an answer")),
            (200, r#"{"valid": null}"#, none("200 without an answer")),
            (200, "{}", none("200 without an answer")),
        ] {
            assert_eq!(read(status, body.as_bytes()), expected, "{status} {body}");
        }
        assert!(read(502, b"<html>").is_err());
    }

    #[test]
    fn what_is_kept_and_logged_of_an_answer_is_short() {
        let long = "W".repeat(1_000);
        let said = format!(r#"{{"valid": true, "requestIdentifier": "{long}"}}"#);
        let answer = read(200, said.as_bytes()).unwrap();
        assert_eq!(answer.consultation, None);
        let said = format!(r#"{{"userError": "{long}"}}"#);
        let silent = read(200, said.as_bytes()).unwrap_err().to_string();
        assert!(silent.len() < 200, "{silent}");
    }

    /// What a register says, with so many bytes around it, and then it ends or
    /// does not.
    #[derive(Debug, Clone, Copy)]
    struct Talker {
        blanks: usize,
        ends: bool,
    }

    impl HttpConnector for Talker {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let said = format!("{}{{\"valid\": true}}", " ".repeat(self.blanks));
            let body = if self.ends {
                SdkBody::from(said)
            } else {
                let rest = std::future::pending::<Option<Result<http::HeaderMap, Infallible>>>();
                let body = Full::new(Bytes::from(said)).with_trailers(rest);
                SdkBody::from_body_1_x(body)
            };
            let status = 200_u16.try_into().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
        }
    }

    async fn told(talker: Talker) -> Result<bool, String> {
        let register = Register::new(
            SharedHttpConnector::new(talker),
            SharedAsyncSleep::new(TokioSleep::new()),
            "https://vies.example".to_owned(),
        );
        let number = VatNumber::parse("DE136695976").unwrap();
        let asked = register.ask(&number, "FR40303265045", Patience::Customer);
        let asked = tokio::time::timeout(Duration::from_secs(5), asked).await;
        let answer = asked.expect("it is waited for without end");
        answer
            .map(|answer| answer.is_registered)
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_answer_ends_in_time_and_has_a_measure() {
        let short = Talker {
            blanks: 0,
            ends: true,
        };
        assert_eq!(told(short).await, Ok(true));
        let endless = Talker {
            ends: false,
            ..short
        };
        assert!(told(endless).await.unwrap_err().ends_with("in time"));
        let long = Talker {
            blanks: 1 << 16,
            ..short
        };
        let long = told(long).await.unwrap_err();
        assert!(long.contains("cannot be read"), "{long}");
    }
}
