//! The mail service: what was sent stays here to be read.

use crate::lock::lock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Mutex;

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Sender.
    pub from: String,
    /// Recipient; several are separated by commas.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Every link in it, each once, in the order of the text.
    pub links: Vec<String>,
    /// When.
    pub sent_at: Timestamp,
}

/// Every mail, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Mailbox(Mutex<Vec<Mail>>);

impl Mailbox {
    /// Mails to one address, or all of them.
    pub(crate) fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        let wanted = |mail: &&Mail| {
            to.is_none_or(|to| mail.to.split(", ").any(|one| one.eq_ignore_ascii_case(to)))
        };
        lock(&self.0).iter().filter(wanted).cloned().collect()
    }

    /// Replaces everything in it.
    pub(crate) fn restore(&self, mails: Vec<Mail>) {
        *lock(&self.0) = mails;
    }

    /// Answers `SendEmail` of SES v2: status and body.
    pub(crate) fn answer(&self, request: &Value, now: Timestamp) -> (u16, Value) {
        let text = |pointer: &str| {
            request
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let to: Vec<&str> = request
            .pointer("/Destination/ToAddresses")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        if to.is_empty() || request.pointer("/Content/Simple").is_none() {
            let body = json!({"__type": "BadRequestException", "message": "a recipient and a simple content are needed"});
            return (400, body);
        }
        let (plain, html) = (
            text("/Content/Simple/Body/Text/Data"),
            text("/Content/Simple/Body/Html/Data"),
        );
        let links = links_in(if plain.is_empty() { &html } else { &plain });
        let mut mails = lock(&self.0);
        mails.push(Mail {
            from: text("/FromEmailAddress"),
            to: to.join(", "),
            subject: text("/Content/Simple/Subject/Data"),
            text: plain,
            html,
            links,
            sent_at: now,
        });
        (
            200,
            json!({"MessageId": format!("local-{:08}", mails.len())}),
        )
    }
}

/// Every web address in a text, each once.
fn links_in(text: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("http") {
        let (_, from) = rest.split_at(start);
        if !from.starts_with("http://") && !from.starts_with("https://") {
            rest = from.get(4..).unwrap_or_default();
            continue;
        }
        let end = from
            .find(|c: char| c.is_whitespace() || "\"'<>()[]".contains(c))
            .unwrap_or(from.len());
        let (link, after) = from.split_at(end);
        // The full stop of a sentence is none of the link's.
        let link = link
            .trim_end_matches(['.', ',', ';', ':', '!'])
            .replace("&amp;", "&");
        if !links.contains(&link) {
            links.push(link);
        }
        rest = after;
    }
    links
}

#[cfg(test)]
mod tests {
    use super::{Mailbox, links_in};
    use jiff::Timestamp;
    use serde_json::json;

    #[test]
    fn links_are_found_in_text_and_html_each_once() {
        let text = "Open http://127.0.0.1:3000/a?token=x-_1. Or <a href=\"https://b.test/?c=1&amp;d=2\">this</a>, http no, http://127.0.0.1:3000/a?token=x-_1";
        assert_eq!(
            links_in(text),
            [
                "http://127.0.0.1:3000/a?token=x-_1",
                "https://b.test/?c=1&d=2"
            ]
        );
    }

    #[test]
    fn a_sent_mail_is_found_by_its_recipient() {
        let mailbox = Mailbox::default();
        let request = json!({
            "FromEmailAddress": "shop@cyna.test",
            "Destination": {"ToAddresses": ["ada@example.org"]},
            "Content": {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "https://x.test/y"}}}},
        });
        assert_eq!(mailbox.answer(&request, Timestamp::UNIX_EPOCH).0, 200);
        assert_eq!(mailbox.mails(Some("bob@example.org")), []);
        let found = mailbox.mails(Some("Ada@example.org"));
        assert_eq!(
            found.first().map(|mail| mail.links.clone()),
            Some(vec!["https://x.test/y".to_owned()])
        );
    }

    #[test]
    fn a_mail_without_recipient_is_refused() {
        let (status, _) =
            Mailbox::default().answer(&json!({"Content": {"Simple": {}}}), Timestamp::UNIX_EPOCH);
        assert_eq!(status, 400);
    }
}
