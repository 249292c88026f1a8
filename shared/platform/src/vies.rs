//! The register of VAT numbers of the Union (VIES): one question, and what its
//! answer means. Whatever is no clear answer is none: a register that is out
//! of order, or busy, or silent says nothing about a number.

use crate::http::problem::chain;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use domain::vat_check::Answer;
use domain::vat_number::VatNumber;
use futures::future::{Either, select};
use http_body_util::BodyExt as _;
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

/// What the register's own codes mean that are no failure of its own.
const NEVER_A_NUMBER: &str = "INVALID_INPUT";

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
        let call = self.connector.call(self.request(number, asked_by)?);
        let limit = self.sleep.sleep(patience.limit());
        let response = match select(call, limit).await {
            Either::Left((Ok(response), _)) => response,
            Either::Left((Err(error), _)) => return Err(NoAnswer(chain(&error))),
            Either::Right(((), _)) => return Err(NoAnswer("not in time".to_owned())),
        };
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| NoAnswer(error.to_string()))?;
        read(status, &body.to_bytes())
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

/// What an answer means.
fn read(status: u16, body: &[u8]) -> Result<Answer, NoAnswer> {
    let said: Said =
        serde_json::from_slice(body).map_err(|error| NoAnswer(format!("{status}: {error}")))?;
    let complaint = said.error_wrappers.into_iter().next();
    let complaint = complaint
        .map(|wrapper| wrapper.error)
        .or(said.user_error)
        .filter(|code| !matches!(code.as_str(), "" | "VALID" | "INVALID"));
    match (status, complaint, said.valid) {
        (_, Some(code), _) if code == NEVER_A_NUMBER => Ok(Answer {
            is_registered: false,
            consultation: None,
        }),
        (_, Some(code), _) => Err(NoAnswer(format!("{status} {code}"))),
        (200, None, Some(is_registered)) => Ok(Answer {
            is_registered,
            consultation: said.request_identifier.filter(|id| !id.is_empty()),
        }),
        (_, None, _) => Err(NoAnswer(format!("{status} without an answer"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                400,
                r#"{"actionSucceed": false, "errorWrappers": [{"error": "INVALID_INPUT"}]}"#,
                answered(false, None),
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
}
