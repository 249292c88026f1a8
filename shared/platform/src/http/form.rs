//! Reading a request once: path, query and body become typed values, and
//! every error is told at once.
//!
//! The same declaration describes the request: run over
//! [`Form::describe`], it yields the parameters and the body schema of the
//! API description, so that the two cannot differ.

pub use super::object::Object;
use super::problem::{FieldError, Reason};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Most errors that are told at once: more than a good client ever makes.
const MOST_ERRORS: usize = 100;

/// Marks that an error was written down in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded;

/// A value, or the mark of an error that was written down.
pub type Read<T> = Result<T, Recorded>;

/// A value that a field, a path segment or a query parameter can hold.
pub trait Field: Sized {
    /// Reads it from JSON.
    ///
    /// # Errors
    /// The [`Reason`] it is refused for.
    fn from_json(value: &Value) -> Result<Self, Reason>;

    /// Reads it from a path segment or query parameter.
    ///
    /// # Errors
    /// The [`Reason`] it is refused for.
    fn from_text(text: &str) -> Result<Self, Reason> {
        Self::from_json(&Value::String(text.to_owned()))
    }

    /// Its JSON schema.
    fn schema() -> Value;
}

/// What a request consists of, for the API description.
#[derive(Debug, Default, Clone)]
pub struct Description {
    /// Path parameters: name and schema.
    pub path: Vec<(String, Value)>,
    /// Query parameters: name and schema.
    pub query: Vec<(String, Value)>,
    /// The body's schema, if there is a body.
    pub body: Option<Value>,
}

enum Source {
    Request(Value),
    Description(Description),
}

/// A request being read, or a description being made of it.
pub struct Form {
    source: Source,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    known_query: BTreeSet<&'static str>,
    unknown_path: bool,
    errors: Vec<FieldError>,
}

impl Form {
    /// A form over a request.
    pub fn new(
        path: BTreeMap<String, String>,
        query: BTreeMap<String, String>,
        body: Option<Value>,
    ) -> Self {
        Self {
            source: Source::Request(body.unwrap_or_else(|| Value::Object(Map::new()))),
            path,
            query,
            known_query: BTreeSet::new(),
            unknown_path: false,
            errors: Vec::new(),
        }
    }

    /// The description of what `read` asks for.
    pub fn describe<T>(read: impl FnOnce(&mut Self) -> Read<T>) -> Description {
        let mut form = Self::new(BTreeMap::new(), BTreeMap::new(), None);
        form.source = Source::Description(Description::default());
        let _ = read(&mut form);
        match form.source {
            Source::Description(description) => description,
            Source::Request(_) => Description::default(),
        }
    }

    /// A path parameter. One that cannot be read addresses nothing.
    pub fn path<T: Field>(&mut self, name: &'static str) -> Read<T> {
        if let Source::Description(description) = &mut self.source {
            description.path.push((name.to_owned(), T::schema()));
            return Err(Recorded);
        }
        let read = self
            .path
            .get(name)
            .ok_or(Recorded)
            .and_then(|text| T::from_text(text).map_err(|_| Recorded));
        self.unknown_path |= read.is_err();
        read
    }

    /// An optional query parameter.
    pub fn query<T: Field>(&mut self, name: &'static str) -> Read<Option<T>> {
        self.known_query.insert(name);
        if let Source::Description(description) = &mut self.source {
            description.query.push((name.to_owned(), T::schema()));
            return Err(Recorded);
        }
        let Some(text) = self.query.get(name) else {
            return Ok(None);
        };
        match T::from_text(text) {
            Ok(value) => Ok(Some(value)),
            Err(reason) => Err(self.refuse(&format!("/{name}"), reason)),
        }
    }

    /// The body, an object read by `read`.
    pub fn body<T>(&mut self, read: impl FnOnce(&mut Object<'_>) -> Read<T>) -> Read<T> {
        match &mut self.source {
            Source::Description(description) => {
                let mut object = Object::describing();
                let _ = read(&mut object);
                description.body = Some(object.into_schema());
                Err(Recorded)
            }
            Source::Request(Value::Object(map)) => {
                let mut object = Object::reading(map, String::new());
                let value = read(&mut object);
                let errors = object.finish();
                let failed = !errors.is_empty();
                self.errors.extend(errors);
                if failed { Err(Recorded) } else { value }
            }
            Source::Request(_) => {
                self.errors.push(FieldError {
                    path: String::new(),
                    reason: Reason::WrongType,
                });
                Err(Recorded)
            }
        }
    }

    /// Writes an error down.
    pub fn refuse(&mut self, path: &str, reason: Reason) -> Recorded {
        self.errors.push(FieldError {
            path: path.to_owned(),
            reason,
        });
        Recorded
    }

    /// True when a path parameter addresses nothing.
    pub fn is_unknown_path(&self) -> bool {
        self.unknown_path
    }

    /// Query parameters nobody asked for.
    pub fn has_unknown_query(&self) -> bool {
        self.query
            .keys()
            .any(|name| !self.known_query.contains(name.as_str()))
    }

    /// The errors written down; the first hundred, so that nobody is answered
    /// with many times what was sent.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        self.errors.truncate(MOST_ERRORS);
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_errors_are_told_than_anybody_reads() {
        let members = (0..5000).map(|n| (n.to_string(), Value::Null)).collect();
        let mut form = Form::new(
            BTreeMap::new(),
            BTreeMap::new(),
            Some(Value::Object(members)),
        );
        assert_eq!(form.body(|_| Ok(())), Err(Recorded));
        assert_eq!(form.into_errors().len(), MOST_ERRORS);
    }
}
