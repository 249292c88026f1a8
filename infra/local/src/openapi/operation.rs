//! One operation of the document.

use super::{SCHEMAS, refusals};
use functions::registry::Entry;
use platform::http::form::Description;
use platform::http::operation::{Access, Cookie, Idempotency, Media, Tag};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// The operation object of an entry; schemas it needs go to the generator.
pub(super) fn describe(entry: &Entry, schemas: &mut SchemaGenerator) -> Value {
    let spec = &entry.spec;
    let description = (entry.describe)();
    let mut operation = json!({
        "operationId": spec.id,
        "summary": spec.summary,
        "tags": [tag(spec.path)],
        "parameters": parameters(entry, &description),
        "responses": responses(entry, &description, schemas),
        "security": security(entry),
    });
    if !spec.details.is_empty()
        && let Some(members) = operation.as_object_mut()
    {
        members.insert("description".to_owned(), json!(spec.details));
    }
    if let (Some(body), Some(members)) = (body(entry, &description), operation.as_object_mut()) {
        members.insert("requestBody".to_owned(), body);
    }
    operation
}

/// What an operation is about, by its path.
pub(super) fn tag(path: &str) -> &'static str {
    let mut segments = path.split('/').skip(1);
    let first = match segments.next() {
        Some("v1") => segments.next().unwrap_or_default(),
        Some(_) | None => "",
    };
    match first {
        "auth" => "Authentication",
        "me" => "Profile",
        "account" => "Account",
        "products" | "comparison" => "Catalogue",
        "cart" => "Cart",
        "orders" => "Orders",
        "payments" | "payment-methods" | "webhooks" => "Payments",
        "subscriptions" | "entitlements" => "Subscriptions",
        "invoices" => "Invoices",
        "notifications" => "Notifications",
        "admin" => "Back office",
        _ => "System",
    }
}

fn parameters(entry: &Entry, description: &Description) -> Vec<Value> {
    let path = description.path.iter().map(
        |(name, schema)| json!({"name": name, "in": "path", "required": true, "schema": schema}),
    );
    let query = description.query.iter().map(
        |(name, schema)| json!({"name": name, "in": "query", "required": false, "schema": schema}),
    );
    let mut parameters: Vec<Value> = path.chain(query).collect();
    let shared = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    match entry.spec.idempotency {
        Idempotency::None => {}
        Idempotency::Honoured => parameters.push(shared("IdempotencyKey")),
        Idempotency::Required => parameters.push(shared("RequiredIdempotencyKey")),
    }
    match entry.spec.tag {
        Tag::None | Tag::Version => {}
        Tag::Guard => parameters.push(shared("IfMatch")),
        Tag::Cache => parameters.push(shared("IfNoneMatch")),
    }
    if entry.spec.cookie == Cookie::Exchanged {
        parameters.push(shared("Client"));
    }
    if entry.spec.media == Media::Json {
        parameters.push(shared("AcceptLanguage"));
    }
    parameters
}

/// Parameters that many operations have.
pub(super) fn shared_parameters() -> Value {
    let key = |required: bool| {
        json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": required,
            "description": "The same key with the same request gives the same answer, and one effect, for at least 24 hours.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        })
    };
    let text = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": false,
            "description": description,
            "schema": {"type": "string"},
        })
    };
    json!({
        "IdempotencyKey": key(false),
        "RequiredIdempotencyKey": key(true),
        "IfMatch": text("If-Match", "The `ETag` of what is to be changed; another version is refused with 412."),
        "IfNoneMatch": text("If-None-Match", "The `ETag` of what the caller has; while that holds, the answer is 304."),
        "Client": text("X-CYNA-Client", "Any value; required, beside an allowed Origin, with the cookie."),
        "AcceptLanguage": text("Accept-Language", "Language of texts: fr (default) or en."),
    })
}

fn body(entry: &Entry, description: &Description) -> Option<Value> {
    match (entry.spec.media, entry.spec.method) {
        (Media::Json, "POST" | "PUT" | "PATCH") => {
            let nothing =
                || json!({"type": "object", "properties": {}, "additionalProperties": false});
            let schema = description.body.clone().unwrap_or_else(nothing);
            Some(
                json!({"required": !entry.spec.body_optional, "content": {"application/json": {"schema": schema}}}),
            )
        }
        (Media::Webhook, _) => Some(
            json!({"required": true, "content": {"application/json": {"schema": {"type": "object"}}}}),
        ),
        (Media::Json | Media::Document, _) => None,
    }
}

fn responses(entry: &Entry, description: &Description, schemas: &mut SchemaGenerator) -> Value {
    let mut responses = refusals::responses(entry, description);
    let data = (entry.output)(schemas).to_value();
    let mut success = json!({"description": "Done.", "headers": headers(entry)});
    let content = match entry.spec.media {
        Media::Json | Media::Webhook => json!({"application/json": {"schema": envelope(&data)}}),
        Media::Document if entry.spec.path.ends_with("/jwks.json") => {
            json!({"application/jwk-set+json": {"schema": data}})
        }
        Media::Document if entry.spec.path.ends_with(".json") => {
            json!({"application/json": {"schema": {"type": "object"}}})
        }
        Media::Document if entry.spec.path.ends_with("/pdf") => {
            json!({"application/pdf": {"schema": {"type": "string", "format": "binary"}}})
        }
        Media::Document if entry.spec.path.ends_with("/export") => {
            json!({"text/csv": {"schema": {"type": "string"}}})
        }
        Media::Document => json!({"text/html": {"schema": {"type": "string"}}}),
    };
    if let Some(members) = success.as_object_mut() {
        members.insert("content".to_owned(), content);
    }
    responses.insert(entry.spec.success.to_string(), success);
    if entry.spec.tag == Tag::Cache {
        let unchanged =
            json!({"description": "What the caller has still holds.", "headers": headers(entry)});
        responses.insert("304".to_owned(), unchanged);
    }
    Value::Object(responses)
}

/// A shared header by its name and where it stands.
pub(super) fn header(name: &str, shared: &str) -> (String, Value) {
    let reference = json!({"$ref": format!("#/components/headers/{shared}")});
    (name.to_owned(), reference)
}

/// The headers of a success, beside those every answer has.
fn headers(entry: &Entry) -> Map<String, Value> {
    let mut headers = Map::from_iter([header("X-Request-Id", "RequestId")]);
    if entry.spec.success == 201 {
        headers.extend([header("Location", "Location")]);
    }
    if entry.spec.path.ends_with("/pdf") {
        headers.extend([header("Content-Disposition", "FileName")]);
    }
    if entry.spec.path.ends_with("/export") {
        headers.extend([
            header("Content-Disposition", "FileName"),
            header("Link", "NextPart"),
        ]);
    }
    match entry.spec.tag {
        Tag::None => {}
        Tag::Version | Tag::Guard => headers.extend([header("ETag", "Version")]),
        Tag::Cache => headers.extend([header("ETag", "Tag")]),
    }
    match entry.spec.idempotency {
        Idempotency::None => {}
        Idempotency::Honoured | Idempotency::Required => {
            headers.extend([header("Idempotency-Replayed", "Replayed")]);
        }
    }
    match entry.spec.cookie {
        Cookie::None => {}
        Cookie::Set | Cookie::Exchanged => headers.extend([header("Set-Cookie", "Cookie")]),
    }
    headers
}

/// Headers that many answers have.
pub(super) fn shared_headers() -> Value {
    let of = |kind: &str, required: bool, description: &str| json!({"description": description, "required": required, "schema": {"type": kind}});
    json!({
        "RequestId": of("string", true, "Names this request."),
        "Location": of("string", true, "Where what was made is read."),
        "FileName": of("string", true, "The name of the file."),
        "NextPart": of("string", false, "Where the file goes on, as rel=\"next\"; none on its last part."),
        "Version": of("string", true, "The version of what is answered."),
        "Tag": of("string", true, "Names what is answered."),
        "Replayed": of("string", false, "`true` where an answer of before is given again."),
        "Cookie": of("string", false, "The refresh token, where it travels in the cookie."),
        "Authenticate": of("string", true, "How to prove who calls."),
        "RetryAfter": of("integer", true, "Seconds to wait."),
        "RetryAfterInProgress": of("integer", false, "Seconds to wait, with `request_in_progress`."),
    })
}

fn envelope(data: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "success": {"const": true},
            "data": data,
            "metadata": {"$ref": format!("{SCHEMAS}/Metadata")},
        },
        "required": ["success", "data", "metadata"],
    })
}

/// What an answer tells beside its data.
pub(super) fn metadata() -> Value {
    json!({
        "type": "object",
        "description": "Paging and the like; each operation gives what applies to it.",
        "properties": {
            "count": {"type": "integer", "description": "How many items this page has."},
            "nextCursor": {"type": ["string", "null"], "description": "Gives the next page; null on the last one."},
            "total": {"type": "integer", "description": "How many items there are, where that is known."},
        },
        "additionalProperties": true,
    })
}

fn security(entry: &Entry) -> Value {
    match (entry.access, entry.spec.media) {
        (Access::Public, Media::Webhook) => json!([{"stripeSignature": []}]),
        (Access::Public, Media::Json) if entry.spec.cookie == Cookie::Exchanged => {
            json!([{"refreshToken": []}, {}])
        }
        (Access::Public, Media::Json | Media::Document) => json!([]),
        (Access::User | Access::Staff | Access::Finance | Access::Admin, _) => {
            json!([{"accessToken": []}])
        }
        (Access::UserOrGuest, _) => json!([{"accessToken": []}, {"cartToken": []}, {}]),
    }
}

/// How callers prove who they are.
pub(super) fn security_schemes() -> Map<String, Value> {
    let schemes = [
        (
            "accessToken",
            json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
        ),
        (
            "cartToken",
            json!({"type": "apiKey", "in": "header", "name": "X-Cart-Token", "description": "The token of a guest's cart."}),
        ),
        (
            "refreshToken",
            json!({"type": "apiKey", "in": "cookie", "name": "cyna_refresh", "description": "The refresh token, where it is not in the body."}),
        ),
        (
            "stripeSignature",
            json!({"type": "apiKey", "in": "header", "name": "Stripe-Signature", "description": "The provider's signature over the body."}),
        ),
    ];
    schemes
        .into_iter()
        .map(|(name, scheme)| (name.to_owned(), scheme))
        .collect()
}
