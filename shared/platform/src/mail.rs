//! Mail, through Amazon SES.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use domain::email::EmailAddress;

/// A mail, written out: the same words as plain text and as HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Subject: one line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// The mail service.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    from: String,
}

/// A mail that was not taken. Messages of the service may quote addresses, so
/// only its codes are kept.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The service said no.
    #[error("the mail service refused the mail: {code}")]
    Refused {
        /// The service's code.
        code: String,
    },
    /// No answer, or one that says nothing: the mail may be sent or not.
    #[error("the mail service did not answer: {what}")]
    NoAnswer {
        /// Where it ended.
        what: &'static str,
    },
    /// The mail cannot be put into a request.
    #[error("the mail cannot be put into a request")]
    Unsendable(#[from] BuildError),
}

impl Mailer {
    /// The service behind this client, sending as `from`.
    pub fn new(client: Client, from: String) -> Self {
        Self { client, from }
    }

    /// Sends a mail. The service knows no idempotency key: a mail whose
    /// answer was lost, or that is sent again after a crash, arrives twice.
    ///
    /// # Errors
    /// [`MailError`] when it was not taken for delivery.
    pub async fn send(&self, to: &EmailAddress, mail: &Mail) -> Result<(), MailError> {
        let body = Body::builder()
            .text(utf8(&mail.text)?)
            .html(utf8(&mail.html)?)
            .build();
        let message = Message::builder()
            .subject(utf8(&mail.subject)?)
            .body(body)
            .build();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| failure(&error))?;
        Ok(())
    }
}

fn utf8(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

fn failure(error: &SdkError<SendEmailError>) -> MailError {
    let what = match error {
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or("without a code").to_owned();
            return MailError::Refused { code };
        }
        SdkError::ConstructionFailure(_) => "the request could not be made",
        SdkError::TimeoutError(_) => "time-out",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "unreadable answer",
        _ => "unknown error",
    };
    MailError::NoAnswer { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::retry::RetryConfig;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};

    #[derive(Debug, Clone)]
    struct Service {
        status: u16,
        answer: &'static str,
        seen: Arc<Mutex<Vec<Value>>>,
    }

    impl HttpConnector for Service {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            self.seen.lock().unwrap().push(body);
            let answer =
                HttpResponse::new(self.status.try_into().unwrap(), SdkBody::from(self.answer));
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    fn mailer(service: &Service) -> Mailer {
        let connector = SharedHttpConnector::new(service.clone());
        let config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-3"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::disabled())
            .build();
        #[expect(clippy::disallowed_methods, reason = "a client for a test")]
        let client = Client::from_conf(config);
        Mailer::new(client, "CYNA <no-reply@cyna.example>".to_owned())
    }

    fn service(status: u16, answer: &'static str) -> Service {
        Service {
            status,
            answer,
            seen: Arc::default(),
        }
    }

    async fn send(service: &Service) -> Result<(), MailError> {
        let to = EmailAddress::parse("ada@example.com").unwrap();
        let mail = Mail {
            subject: "Reçu".to_owned(),
            text: "Payé".to_owned(),
            html: "<p>Payé</p>".to_owned(),
        };
        mailer(service).send(&to, &mail).await
    }

    #[tokio::test]
    async fn a_mail_goes_out_as_text_and_html_in_utf8() {
        let service = service(200, r#"{"MessageId":"1"}"#);
        send(&service).await.unwrap();
        let content = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
        assert_eq!(
            *service.seen.lock().unwrap(),
            [json!({
                "FromEmailAddress": "CYNA <no-reply@cyna.example>",
                "Destination": {"ToAddresses": ["ada@example.com"]},
                "Content": {"Simple": {
                    "Subject": content("Reçu"),
                    "Body": {"Text": content("Payé"), "Html": content("<p>Payé</p>")},
                }},
            })]
        );
    }

    #[tokio::test]
    async fn a_refusal_keeps_the_code_and_drops_the_address() {
        let service = service(
            400,
            r#"{"__type":"MessageRejected","message":"ada@example.com is not verified"}"#,
        );
        let error = send(&service).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("MessageRejected"), "{shown}");
        assert!(!shown.contains("ada"), "{shown}");
    }
}
