//! What holds for every operation with a JSON body.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::{World, good_requests};
use functions::registry::Entry;
use platform::http::operation::Media;
use serde_json::{Value, json};

/// An operation with a JSON body, and a good request to it.
struct Subject {
    entry: Entry,
    good: Ask,
    fields: Vec<Field>,
}

/// A field of a body.
struct Field {
    pointer: String,
    schema: Value,
}

impl Field {
    fn is(&self, kind: &str) -> bool {
        self.schema["type"] == kind
    }

    fn is_id(&self) -> bool {
        let pattern = self.schema["pattern"].as_str().unwrap_or_default();
        pattern.contains("_[0-9a-f]{32}")
    }

    fn is_name(&self) -> bool {
        self.pointer.to_lowercase().ends_with("name")
    }

    /// A value of the wrong type with the text of a good one.
    fn as_text(&self) -> Value {
        json!(self.schema["minimum"].as_u64().unwrap_or(1).to_string())
    }
}

/// The fields of a schema and of what it holds, lists by their first item.
fn fields(schema: &Value, at: &str, found: &mut Vec<Field>) {
    let none = serde_json::Map::new();
    for (name, schema) in schema["properties"].as_object().unwrap_or(&none) {
        let pointer = format!("{at}/{name}");
        match schema["type"].as_str() {
            Some("object") => fields(schema, &pointer, found),
            Some("array") => fields(&schema["items"], &format!("{pointer}/0"), found),
            _ => found.push(Field {
                pointer,
                schema: schema.clone(),
            }),
        }
    }
}

/// Every operation with a JSON body.
async fn subjects() -> (World, Vec<Subject>) {
    let (world, all) = good_requests().await;
    let mut subjects = Vec::new();
    for (entry, good) in all {
        let Some(body) = (entry.describe)().body else {
            continue;
        };
        assert_eq!(entry.spec.media, Media::Json, "{}", entry.spec.id);
        let mut found = Vec::new();
        fields(&body, "", &mut found);
        subjects.push(Subject {
            entry,
            good,
            fields: found,
        });
    }
    assert!(subjects.len() >= 9, "{} operations", subjects.len());
    (world, subjects)
}

#[tokio::test]
async fn a_body_that_is_not_one_json_document_is_malformed() {
    let (world, subjects) = subjects().await;
    let mut rows = Vec::new();
    for Subject { entry, good, .. } in subjects {
        let text = String::from_utf8(good.body.to_vec()).unwrap();
        let malformed = |id, ask| Row::refused(id, ask, 400, "malformed_body");
        // Where nothing must be told, no body is an empty object.
        if !entry.spec.body_optional {
            rows.push(malformed(
                "ALL-01",
                good.clone().body("").without("content-type"),
            ));
            rows.push(malformed("ALL-02", good.clone().body("")));
        }
        for after in ["x", "}", "]", "\0", "\u{feff}"] {
            rows.push(malformed(
                "ALL-03",
                good.clone().body(format!("{text}{after}")),
            ));
        }
        rows.push(malformed(
            "ALL-04",
            good.clone().body(format!("{text} {text}")),
        ));
        let inside = |text: &str| good.clone().splice("/x", text);
        for number in ["NaN", "Infinity", "-Infinity", "nan"] {
            rows.push(malformed("ALL-06", inside(number)));
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(200), close.repeat(200));
            rows.push(malformed("ALL-07", inside(&deep)));
            rows.push(malformed("ALL-07", good.clone().text(deep)));
        }
        rows.push(malformed("ALL-10", inside("1e400")));
        for text in [r#""\ud800""#, r#""\udc00\ud800""#, r#""\ud800x""#] {
            rows.push(malformed("ALL-12", inside(text)));
        }
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_body_of_another_kind_or_size_is_not_read() {
    let (world, subjects) = subjects().await;
    let mut rows = Vec::new();
    for Subject { good, .. } in subjects {
        let kind = |id, ask: Ask| Row::refused(id, ask, 415, "unsupported_media_type");
        rows.push(kind("ALL-17", good.clone().without("content-type")));
        for other in [
            "text/plain",
            "application/xml",
            "application/jsonx",
            "json",
            "multipart/form-data; boundary=x",
        ] {
            rows.push(kind("ALL-18", good.clone().with("content-type", other)));
        }
        for charset in ["utf-16", "\"utf-16\"", "iso-8859-1", "utf-8-sig"] {
            let content_type = format!("application/json; charset={charset}");
            rows.push(kind(
                "ALL-20",
                good.clone().with("content-type", &content_type),
            ));
        }
        let mut large = good.body.to_vec();
        large.resize(64 * 1024 + 1, b' ');
        rows.push(Row::refused(
            "ALL-16",
            good.clone().body(large),
            413,
            "body_too_large",
        ));
        for top in ["null", "true", "1", "\"x\"", "[]", "[{}]"] {
            rows.push(Row::fields(
                "ALL-05",
                good.clone().text(top),
                &[("", "wrong_type")],
            ));
        }
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_field_that_is_unknown_or_of_another_form_is_named() {
    let (world, subjects) = subjects().await;
    let count = |is: fn(&Field) -> bool| {
        let fields = subjects.iter().flat_map(|subject| &subject.fields);
        fields.filter(|field| is(field)).count()
    };
    assert!(count(|field| field.is("integer")) >= 2);
    assert!(count(|field| field.is("string")) >= 20);
    assert!(count(Field::is_name) >= 4);
    assert!(count(Field::is_id) >= 1);
    let mut rows = Vec::new();
    for subject in &subjects {
        let good = &subject.good;
        for name in ["isAdmin", "__proto__", "constructor", "$where"] {
            let pointer = format!("/{name}");
            let ask = good.clone().put(&pointer, json!(1));
            rows.push(Row::fields("ALL-08", ask, &[(&pointer, "unknown_field")]));
        }
        // Not even a name is repeated whole.
        let long = good.clone().put(&format!("/{}", "x".repeat(500)), json!(1));
        rows.push(Row::field("ALL-08", long, &format!("/{}", "x".repeat(64))));
        for field in &subject.fields {
            rows.extend(spoilt_numbers(good, field));
            rows.extend(spoilt_texts(good, field));
        }
        rows.extend(padded_paths(subject));
    }
    check_all(&world.shop, rows).await;
}

fn spoilt_numbers(good: &Ask, field: &Field) -> Vec<Row> {
    if !field.is("integer") || good.parsed().pointer(&field.pointer).is_none() {
        return Vec::new();
    }
    let refused = |id, ask| Row::fields(id, ask, &[(&field.pointer, "wrong_type")]);
    let text = good.clone().put(&field.pointer, field.as_text());
    let mut rows = vec![refused("ALL-09", text)];
    for text in ["-0", "1.0", "-0.0", "1e0"] {
        rows.push(refused("ALL-11", good.clone().splice(&field.pointer, text)));
    }
    rows
}

fn spoilt_texts(good: &Ask, field: &Field) -> Vec<Row> {
    if !field.is("string") {
        return Vec::new();
    }
    let (pointer, body) = (&field.pointer, good.parsed());
    let fine = body.pointer(pointer).and_then(Value::as_str).unwrap_or("x");
    let put = |text: String| good.clone().put(pointer, json!(text));
    let mut rows = vec![Row::field("ALL-13", put(format!("{fine}\0")), pointer)];
    if field.is_name() {
        for hidden in ["\u{202e}", "\u{200b}", "\u{2066}", "\u{feff}"] {
            let ask = put(format!("A{hidden}da"));
            rows.push(Row::fields(
                "ALL-14",
                ask,
                &[(pointer, "control_character")],
            ));
        }
    }
    if field.is_id() {
        for padded in [format!(" {fine}"), format!("{fine} "), format!("{fine}\t")] {
            rows.push(Row::field("ALL-15", put(padded), pointer));
        }
    }
    rows
}

/// An id in the path that is none addresses nothing; a plan that is none is
/// refused as a plan nobody has.
fn padded_paths(subject: &Subject) -> Vec<Row> {
    let (entry, good) = (&subject.entry, &subject.good);
    let mut rows = Vec::new();
    for (name, _) in (entry.describe)().path {
        for blank in ["%20", "%09"] {
            let path = padded_path(entry, good, &name, blank);
            let ask = Ask {
                path,
                ..good.clone()
            };
            rows.push(match entry.spec.id {
                "set_cart_item" => Row::fields("ALL-15", ask, &[("/planId", "unknown_value")]),
                _ => Row::refused("ALL-15", ask, 404, "not_found"),
            });
        }
    }
    rows
}

/// The path of a request with a blank after one of its variables.
fn padded_path(entry: &Entry, good: &Ask, name: &str, blank: &str) -> String {
    let variable = format!("{{{name}}}");
    let padded: Vec<String> = entry
        .spec
        .path
        .split('/')
        .zip(good.path.split('/'))
        .map(|(wanted, given)| {
            let blank = if wanted == variable { blank } else { "" };
            format!("{given}{blank}")
        })
        .collect();
    padded.join("/")
}

/// ALL-19. The requests were made before all the refusals: what they rest on
/// is still as it was.
#[tokio::test]
async fn a_media_type_is_read_without_regard_to_case_and_refusals_use_nothing_up() {
    let (world, subjects) = subjects().await;
    let mut rows = Vec::new();
    for Subject { good, .. } in &subjects {
        rows.push(Row::refused(
            "ALL-04",
            good.clone().body("{} {}"),
            400,
            "malformed_body",
        ));
    }
    check_all(&world.shop, rows).await;
    for Subject { entry, good, .. } in subjects {
        let ask = good.with("content-type", "Application/JSON; Charset=UTF-8");
        let answer = ask.send(&world.shop).await;
        assert_eq!(
            answer.status, entry.spec.success,
            "{}: {}",
            entry.spec.id, answer.json
        );
    }
}
