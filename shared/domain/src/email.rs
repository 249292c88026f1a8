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
        if !is_dot_atom(local) {
            return Err(EmailError::Malformed);
        }
        // Which also refuses a second `@`, labels that are empty, too long or
        // hyphened at an end, and a dot at the end.
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Malformed)?;
        if !domain.contains('.') {
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
    local
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(atom))
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
            "a@x-.com",
            "a@.com",
            "a@b..com",
            "a@b_c.com",
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
    fn lengths_are_those_of_the_mail_protocol() {
        let of = |local: usize, labels: &[usize]| {
            let labels: Vec<String> = labels.iter().map(|length| "a".repeat(*length)).collect();
            EmailAddress::parse(&format!("{}@{}", "a".repeat(local), labels.join("."))).err()
        };
        assert_eq!(of(64, &[7, 3]), None);
        assert_eq!(of(65, &[7, 3]), Some(EmailError::TooLong));
        // 64 + 1 + 189 octets, and one more.
        assert_eq!(of(64, &[63, 63, 61]), None);
        assert_eq!(of(64, &[63, 63, 62]), Some(EmailError::TooLong));
        assert_eq!(of(1, &[64, 3]), Some(EmailError::Malformed));
        // What is absurdly long is not even looked at.
        assert_eq!(
            EmailAddress::parse(&"a".repeat(1_000)),
            Err(EmailError::Malformed)
        );
        assert_eq!(
            EmailAddress::parse(&"a".repeat(1_001)),
            Err(EmailError::TooLong)
        );
    }

    #[test]
    fn disposable_services_are_known_by_their_domain_and_what_is_below_it() {
        for text in ["a@yopmail.com", "a@YopMail.com", "a@mail.yopmail.com"] {
            assert_eq!(
                EmailAddress::parse(text),
                Err(EmailError::Disposable),
                "{text}"
            );
        }
        for text in [
            "a@notyopmail.com",
            "yopmail.com@example.com",
            "a@yopmail.com.example.com",
        ] {
            assert!(EmailAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_address_is_stored_in_its_normal_form() {
        let address: EmailAddress = serde_json::from_str(r#""Ada.L@Example.com""#).unwrap();
        assert_eq!(address.local_part(), "ada.l");
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, r#""ada.l@example.com""#);
        assert!(serde_json::from_str::<EmailAddress>(r#""ada""#).is_err());
    }

    #[test]
    fn an_address_does_not_show_in_debug_output() {
        assert_eq!(
            format!("{:?}", EmailAddress::parse("a@example.com").unwrap()),
            "EmailAddress(…)"
        );
    }
}
