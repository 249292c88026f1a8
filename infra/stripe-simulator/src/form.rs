//! Form-encoded parameters with bracketed names, as the API takes them:
//! `metadata[order]=ord_1`, `line_items[0][price_data][currency]=eur`.
//!
//! An endpoint *takes* what it knows; what is left at the end is refused, as
//! the provider does, so that a misspelt parameter never passes unnoticed.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// Most entries of a metadata object, and the longest key and value (Stripe's
/// published limits, in characters).
const METADATA_LIMITS: (usize, usize, usize) = (50, 40, 500);

/// The parameters not taken yet, and the bracketed name they stand under.
#[derive(Debug)]
pub(crate) struct Form {
    path: String,
    fields: BTreeMap<String, String>,
    /// What is to be answered as an object, where an id would stand.
    expanded: BTreeSet<String>,
}

impl Form {
    /// Decodes a query string or a body.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let (mut fields, mut expanded) = (BTreeMap::new(), BTreeSet::new());
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            if name.starts_with("expand[") || name == "expand" {
                expanded.insert(decode(value)?);
            } else {
                fields.insert(name, decode(value)?);
            }
        }
        Ok(Self {
            path: String::new(),
            fields,
            expanded,
        })
    }

    /// Whether this is to be answered as an object.
    pub(crate) fn expands(&self, what: &str) -> bool {
        self.expanded.contains(what)
    }

    /// One text for all parameters, whatever order they were sent in.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:?}", self.fields)
    }

    /// The full name of a parameter, for error bodies.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            nested(&self.path, key)
        }
    }

    /// A parameter; an empty one counts as absent.
    pub(crate) fn take(&mut self, key: &str) -> Option<String> {
        self.fields.remove(key).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    pub(crate) fn require(&mut self, key: &str) -> Result<String, ApiError> {
        self.take(key)
            .ok_or_else(|| ApiError::missing(&self.name(key)))
    }

    /// A whole number.
    pub(crate) fn take_integer(&mut self, key: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let number = text.parse::<i64>().map_err(|_| {
            let message = format!("Invalid integer: {text}");
            ApiError::invalid_as("parameter_invalid_integer", &self.name(key), message)
        })?;
        Ok(Some(number))
    }

    /// An amount in minor units: a whole number, zero or more.
    pub(crate) fn take_amount(&mut self, key: &str) -> Result<Option<u64>, ApiError> {
        let Some(number) = self.take_integer(key)? else {
            return Ok(None);
        };
        u64::try_from(number).map(Some).map_err(|_| {
            ApiError::invalid(
                &self.name(key),
                "This value must be greater than or equal to 0.",
            )
        })
    }

    /// `true` or `false`; absent is `false`.
    pub(crate) fn take_flag(&mut self, key: &str) -> Result<bool, ApiError> {
        match self.take(key).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(
                &self.name(key),
                format!("Invalid boolean: {other}"),
            )),
        }
    }

    /// A three-letter currency code, in lower case as the provider gives it.
    pub(crate) fn require_currency(&mut self, key: &str) -> Result<String, ApiError> {
        let code = self.require(key)?.to_ascii_lowercase();
        if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_lowercase()) {
            Ok(code)
        } else {
            Err(ApiError::invalid(
                &self.name(key),
                format!("Invalid currency: {code}."),
            ))
        }
    }

    /// Everything under `key[…]`, as a form of its own.
    pub(crate) fn group(&mut self, key: &str) -> Self {
        let opening = format!("{key}[");
        let path = self.name(key);
        let mut fields = BTreeMap::new();
        for (name, value) in std::mem::take(&mut self.fields) {
            let inner = name
                .strip_prefix(&opening)
                .and_then(|rest| rest.split_once(']'));
            match inner {
                Some((first, rest)) => fields.insert(format!("{first}{rest}"), value),
                None => self.fields.insert(name, value),
            };
        }
        Self {
            path,
            fields,
            expanded: BTreeSet::new(),
        }
    }

    /// The groups `key[0]`, `key[1]`, … as far as they follow each other.
    pub(crate) fn list(&mut self, key: &str) -> Vec<Self> {
        let mut all = self.group(key);
        let mut groups = Vec::new();
        loop {
            let group = all.group(&groups.len().to_string());
            if group.fields.is_empty() {
                break;
            }
            groups.push(group);
        }
        // What has no place in the row stays, for `finish` to refuse.
        for (name, value) in all.fields {
            self.fields.insert(nested(key, &name), value);
        }
        groups
    }

    /// The metadata under `metadata[…]`, within the provider's limits.
    pub(crate) fn take_metadata(&mut self) -> Result<BTreeMap<String, String>, ApiError> {
        let group = self.group("metadata");
        let (entries, key_length, value_length) = METADATA_LIMITS;
        if group.fields.len() > entries {
            return Err(ApiError::invalid(
                &group.path,
                "Metadata can have up to 50 keys.",
            ));
        }
        let metadata: BTreeMap<_, _> = group
            .fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        for (key, value) in &metadata {
            if key.chars().count() > key_length || value.chars().count() > value_length {
                let message = "Metadata keys can have up to 40 characters, values up to 500.";
                return Err(ApiError::invalid(
                    &format!("{}[{key}]", group.path),
                    message,
                ));
            }
        }
        Ok(metadata)
    }

    /// Drops parameters that change nothing here, with all they hold.
    pub(crate) fn discard(&mut self, keys: &[&str]) {
        self.fields.retain(|name, _| {
            let first = name.split('[').next().unwrap_or(name);
            !keys.contains(&first)
        });
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(left) => Err(ApiError::unknown(&self.name(left))),
        }
    }
}

/// `outer[name]`, or `outer[first][rest]` where the name has brackets itself.
fn nested(outer: &str, name: &str) -> String {
    match name.split_once('[') {
        Some((first, rest)) => format!("{outer}[{first}][{rest}"),
        None => format!("{outer}[{name}]"),
    }
}

fn decode(text: &str) -> Result<String, ApiError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ApiError::invalid("", "Invalid request: the parameters are not valid UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_names_open_like_boxes() {
        let mut form = Form::parse("a=1&b%5Bc%5D%5Bd%5D=x+y%2B&l[0][n]=p&l[1][n]=q").unwrap();
        assert_eq!(form.take("a").as_deref(), Some("1"));
        let mut inner = form.group("b").group("c");
        assert_eq!(inner.take("d").as_deref(), Some("x y+"));
        let mut rows = form.list("l");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].take("n").as_deref(), Some("q"));
        assert!(form.finish().is_ok());
    }

    #[test]
    fn what_is_left_is_refused_by_its_full_name() {
        let mut form = Form::parse("l[0][n]=p&l[0][oops]=1").unwrap();
        let mut row = form.list("l").remove(0);
        row.take("n");
        let error = row.finish().unwrap_err();
        assert_eq!(error.body()["error"]["param"], "l[0][oops]");
    }

    #[test]
    fn a_gap_in_a_row_is_refused() {
        let mut form = Form::parse("l[0][n]=p&l[2][n]=q").unwrap();
        assert_eq!(form.list("l").len(), 1);
        assert!(form.finish().is_err());
    }

    #[test]
    fn metadata_has_limits() {
        let long = "v".repeat(501);
        let mut form = Form::parse(&format!("metadata[k]={long}")).unwrap();
        assert!(form.take_metadata().is_err());
    }

    #[test]
    fn the_fingerprint_ignores_the_order_of_parameters() {
        let one = Form::parse("a=1&b=2").unwrap().fingerprint();
        let other = Form::parse("b=2&a=1").unwrap().fingerprint();
        assert_eq!(one, other);
    }
}
