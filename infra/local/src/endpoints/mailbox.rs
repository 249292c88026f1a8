//! The mails.

use super::{Answer, json, page, query, wants_page};
use crate::cloud::Cloud;
use bytes::Bytes;
use http::Request;
use serde_json::json as object;

impl Cloud {
    pub(super) fn mailbox_page(&self, request: &Request<Bytes>) -> Answer {
        let to = query(request, "to");
        let mails = self.mails(to.as_deref());
        if !wants_page(request) {
            return Ok(json(&mails));
        }
        let newest_first: Vec<_> = mails.into_iter().rev().collect();
        page("mailbox.html", object!({"mails": newest_first, "to": to}))
    }
}
