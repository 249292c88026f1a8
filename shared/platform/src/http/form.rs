//! Reading a request once: path, query and body become typed values, and
//! every error is told at once.
//!
//! The same declaration describes the request: run over
//! [`Form::describe`], it yields the parameters and the body schema of the
//! API description, so that the two cannot differ.

use super::problem::{FieldError, Reason};
use serde_json::{Map, Value, json};
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

#[derive(Debug, Default)]
struct Shape {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Shape {
    fn into_schema(self) -> Value {
        let mut schema =
            json!({"type": "object", "properties": self.properties, "additionalProperties": false});
        if let (false, Some(map)) = (self.required.is_empty(), schema.as_object_mut()) {
            map.insert("required".to_owned(), json!(self.required));
        }
        schema
    }
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
                description.body = Some(object.shape.into_schema());
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

/// One JSON object of the body.
pub struct Object<'a> {
    fields: Option<&'a Map<String, Value>>,
    at: String,
    known: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
    shape: Shape,
}

impl<'a> Object<'a> {
    fn reading(fields: &'a Map<String, Value>, at: String) -> Self {
        Self {
            fields: Some(fields),
            at,
            known: BTreeSet::new(),
            errors: Vec::new(),
            shape: Shape::default(),
        }
    }

    fn describing() -> Self {
        Self {
            fields: None,
            at: String::new(),
            known: BTreeSet::new(),
            errors: Vec::new(),
            shape: Shape::default(),
        }
    }

    fn describe(&mut self, name: &'static str, schema: Value, required: bool) -> Recorded {
        self.shape.properties.insert(name.to_owned(), schema);
        if required {
            self.shape.required.push(name.to_owned());
        }
        Recorded
    }

    /// Writes an error at one field down.
    pub fn refuse(&mut self, name: &str, reason: Reason) -> Recorded {
        self.errors.push(FieldError {
            path: format!("{}/{name}", self.at),
            reason,
        });
        Recorded
    }

    fn given(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.fields.and_then(|fields| fields.get(name))
    }

    /// A field that must be there.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Read<T> {
        match self.optional_as(name, true)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(name, Reason::Required)),
        }
    }

    /// A field that may be absent.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Read<Option<T>> {
        self.optional_as(name, false)
    }

    fn optional_as<T: Field>(&mut self, name: &'static str, required: bool) -> Read<Option<T>> {
        if self.fields.is_none() {
            return Err(self.describe(name, T::schema(), required));
        }
        let Some(value) = self.given(name) else {
            return Ok(None);
        };
        match T::from_json(value) {
            Ok(value) => Ok(Some(value)),
            Err(reason) => Err(self.refuse(name, reason)),
        }
    }

    /// A nested object that must be there.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Object<'_>) -> Read<T>,
    ) -> Read<T> {
        match self.object_as(name, true, read)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(name, Reason::Required)),
        }
    }

    /// A nested object that may be absent.
    pub fn optional_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Object<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        self.object_as(name, false, read)
    }

    fn object_as<T>(
        &mut self,
        name: &'static str,
        required: bool,
        read: impl FnOnce(&mut Object<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        if self.fields.is_none() {
            let mut inner = Object::describing();
            let _ = read(&mut inner);
            return Err(self.describe(name, inner.shape.into_schema(), required));
        }
        match self.given(name) {
            None => Ok(None),
            Some(Value::Object(map)) => {
                let path = format!("{}/{name}", self.at);
                self.nested(map, path, read).map(Some)
            }
            Some(_) => Err(self.refuse(name, Reason::WrongType)),
        }
    }

    /// A list of objects that may be absent, with 1 to `most` of them.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Object<'_>) -> Read<T>,
    ) -> Read<Option<Vec<T>>> {
        if self.fields.is_none() {
            let mut inner = Object::describing();
            let _ = read(&mut inner);
            let schema = json!({"type": "array", "items": inner.shape.into_schema(), "minItems": 1, "maxItems": most});
            return Err(self.describe(name, schema, false));
        }
        let items = match self.given(name) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.refuse(name, Reason::WrongType)),
        };
        if items.is_empty() || items.len() > most {
            let reason = if items.is_empty() {
                Reason::OutOfRange
            } else {
                Reason::TooManyLines
            };
            return Err(self.refuse(name, reason));
        }
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}/{name}/{index}", self.at);
            match item {
                Value::Object(map) => values.push(self.nested(map, path, &mut read)),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => values.push(Err(
                    self.refuse(&format!("{name}/{index}"), Reason::WrongType)
                )),
            }
        }
        values.into_iter().collect::<Read<Vec<T>>>().map(Some)
    }

    fn nested<T>(
        &mut self,
        map: &Map<String, Value>,
        path: String,
        read: impl FnOnce(&mut Object<'_>) -> Read<T>,
    ) -> Read<T> {
        let mut inner = Object::reading(map, path);
        let value = read(&mut inner);
        let errors = inner.finish();
        let failed = !errors.is_empty();
        self.errors.extend(errors);
        if failed { Err(Recorded) } else { value }
    }

    /// The errors written down, unknown fields included.
    fn finish(mut self) -> Vec<FieldError> {
        let unknown: Vec<String> = self
            .fields
            .into_iter()
            .flat_map(Map::keys)
            .filter(|name| !self.known.contains(name.as_str()))
            .map(|name| escape(name))
            .collect();
        for name in unknown {
            self.refuse(&name, Reason::UnknownField);
        }
        self.errors
    }
}

/// A member name inside a JSON pointer (RFC 6901), cut so that an answer never
/// carries a long piece of input.
fn escape(name: &str) -> String {
    let short: String = name
        .chars()
        .filter(|c| !domain::text::is_unsafe(*c))
        .take(64)
        .collect();
    short.replace('~', "~0").replace('/', "~1")
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
