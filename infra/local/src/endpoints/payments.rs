//! The provider's API, mounted under `/_local/stripe`.

use super::{Answer, Refused};
use crate::cloud::Cloud;
use bytes::Bytes;
use http::{Request, StatusCode};
use stripe_simulator::Reply;

impl Cloud {
    pub(super) fn provider_api(&self, request: &Request<Bytes>) -> Answer {
        match self.simulator().handle(self.now(), request) {
            Reply::Answer(response) => Ok(response),
            // Over HTTP the nearest thing to an answer that never comes.
            Reply::Lost => Err(Refused(
                StatusCode::GATEWAY_TIMEOUT,
                "a fault: the answer was lost".to_owned(),
            )),
            Reply::Refused => Err(Refused(
                StatusCode::BAD_GATEWAY,
                "a fault: no connection".to_owned(),
            )),
        }
    }
}
