//! E-mail addresses, normalised so that one mailbox is one login.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is no e-mail address we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not `local@domain` in the unquoted form of RFC 5321.
    #[error("is not an e-mail address")]
    Malformed,
    /// The local part is over 64 octets, or the whole over 254 (RFC 5321, 4.5.3.1).
    #[error("is too long for an e-mail address")]
    TooLong,
    /// A throw-away mail service.
    #[error("belongs to a disposable mail service")]
    Disposable,
}

/// An address in its normal form: local part in lower case, domain in IDNA
/// (ASCII) form. It is personal data: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Services whose addresses live for minutes. A subscription that bills for
/// years cannot be tied to one.
const DISPOSABLE: [&str; 16] = [
    "10minutemail.com",
    "dispostable.com",
    "fakeinbox.com",
    "getnada.com",
    "guerrillamail.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "mintemail.com",
    "moakt.com",
    "sharklasers.com",
    "temp-mail.org",
    "tempmail.com",
    "throwawaymail.com",
    "trashmail.com",
    "yopmail.com",
];

impl EmailAddress {
    /// Reads an address; no trimming, since a blank is part of what was typed.
    ///
    /// # Errors
    /// See [`EmailError`].
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > 1_000 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Malformed)?;
        if domain.contains('@') || !is_dot_atom(local) || domain.ends_with('.') {
            return Err(EmailError::Malformed);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Malformed)?;
        if !domain.contains('.') || !domain.split('.').all(is_label) {
            return Err(EmailError::Malformed);
        }
        let address = format!("{}@{domain}", local.to_lowercase());
        if local.len() > 64 || address.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let disposable = |name: &&str| domain == **name || domain.ends_with(&format!(".{name}"));
        if DISPOSABLE.iter().any(disposable) {
            return Err(EmailError::Disposable);
        }
        Ok(Self(address))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

fn is_dot_atom(local: &str) -> bool {
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    !local.is_empty()
        && local
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(atom))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_form() {
        let forms = [
            "Ada.L@Exämple.com",
            "ada.l@exämple.com",
            "ada.l@xn--exmple-cua.com",
        ];
        for form in forms {
            assert_eq!(
                EmailAddress::parse(form).unwrap().as_str(),
                "ada.l@xn--exmple-cua.com"
            );
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@b",
            "a@b@example.com",
            "a@example.com.",
            "a\r\nb@example.com",
            "\"a b\"@example.com",
            "a b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-x.com",
            " a@example.com",
            "a@example.com ",
            &long,
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(
            EmailAddress::parse("a@mail.yopmail.com"),
            Err(EmailError::Disposable)
        );
    }

    #[test]
    fn an_address_does_not_show_in_debug_output() {
        assert_eq!(
            format!("{:?}", EmailAddress::parse("a@example.com").unwrap()),
            "EmailAddress(…)"
        );
    }
}
