//! The register of VAT numbers: what was asked, and what it says.

use super::{Answer, Refused, json, json_with, read_json};
use crate::cloud::Cloud;
use crate::register::Standing;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    number: String,
    answer: Standing,
}

impl Cloud {
    pub(super) fn register_api(&self, request: &Request<Bytes>) -> Answer {
        let question: Value = read_json(request)?;
        let (status, body) = self.backends().register.answer(&question, self.now());
        let status = StatusCode::from_u16(status).map_err(Refused::fault)?;
        Ok(json_with(status, &body))
    }

    pub(super) fn vat_numbers(&self) -> Answer {
        Ok(json(&self.backends().register.entries()))
    }

    pub(super) fn set_vat_number(&self, request: &Request<Bytes>) -> Answer {
        let Entry { number, answer } = read_json(request)?;
        self.backends().register.set(&number, answer);
        self.vat_numbers()
    }
}
