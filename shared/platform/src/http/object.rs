//! One JSON object of a request's body, read or described.

use super::form::{Field, Read, Recorded};
use super::problem::{FieldError, Reason};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

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

/// One JSON object of the body.
pub struct Object<'a> {
    fields: Option<&'a Map<String, Value>>,
    at: String,
    known: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
    shape: Shape,
}

impl<'a> Object<'a> {
    pub(super) fn reading(fields: &'a Map<String, Value>, at: String) -> Self {
        Self {
            fields: Some(fields),
            at,
            known: BTreeSet::new(),
            errors: Vec::new(),
            shape: Shape::default(),
        }
    }

    pub(super) fn describing() -> Self {
        Self {
            fields: None,
            at: String::new(),
            known: BTreeSet::new(),
            errors: Vec::new(),
            shape: Shape::default(),
        }
    }

    /// The schema of what was asked for.
    pub(super) fn into_schema(self) -> Value {
        self.shape.into_schema()
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
    pub(super) fn finish(mut self) -> Vec<FieldError> {
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
