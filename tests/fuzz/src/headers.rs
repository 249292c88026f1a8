//! Headers that are read without asking anything: language, version, cookie.

use crate::{split, text};
use domain::id::{Id as _, RequestId};
use domain::locale::Locale;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use platform::http::request::Request;

/// Whatever the header says, it names one of two languages; what comes first
/// with full weight wins; case, blanks and unreadable ranges change nothing;
/// and English is never answered to who did not ask for it.
pub(crate) fn language(data: &[u8]) {
    let header = text(data);
    let chosen = Locale::negotiate(&header);
    let lower = header.to_ascii_lowercase();
    if !lower.contains("en") && !lower.contains('*') {
        assert_eq!(chosen, Locale::Fr, "{header:?}");
    }
    assert_eq!(
        Locale::negotiate(&format!("en,{header}")),
        Locale::En,
        "{header:?}"
    );
    assert_eq!(
        Locale::negotiate(&format!("fr,{header}")),
        Locale::Fr,
        "{header:?}"
    );
    for same in [
        header.to_ascii_uppercase(),
        lower,
        header.replace(',', " , "),
        format!("{header},de;q=0.9"),
        format!("{header},en;q=1.5,fr;q=x,*;q="),
    ] {
        assert_eq!(Locale::negotiate(&same), chosen, "{header:?} and {same:?}");
    }
}

/// A version is asked for by a tag exactly as this API writes it; `*` and no
/// header ask for none; anything else is refused, readable or not.
pub(crate) fn if_match(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let asked = request(HeaderName::from_static("if-match"), &value).expected_version();
    let text = text(data);
    let tag = text.trim();
    let written = |version: &u64| format!("\"{version}\"") == tag;
    let version = tag.trim_matches('"').parse().ok().filter(written);
    match (tag, version) {
        ("*", _) => assert_eq!(asked, Ok(None)),
        (_, Some(version)) => assert_eq!(asked, Ok(Some(version)), "{text:?}"),
        (_, None) => assert!(asked.is_err(), "{text:?}: {asked:?}"),
    }
}

/// A cookie that is found stands in the header, as `name=value` between
/// semicolons; the first of its name.
pub(crate) fn cookie(data: &[u8]) {
    let (name, line) = split(data);
    let (Ok(name), Ok(value)) = (std::str::from_utf8(name), HeaderValue::from_bytes(line)) else {
        return;
    };
    let request = request(http::header::COOKIE, &value);
    let found = request.cookie(name);
    let readable = line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    let wanted = text(line).split(';').find_map(|pair| {
        let pair = pair.trim();
        let (before, after) = pair.split_at_checked(pair.find('=')?)?;
        (before == name).then(|| after.get(1..).unwrap_or_default().to_owned())
    });
    assert_eq!(
        found.map(str::to_owned),
        wanted.filter(|_| readable),
        "{name:?} in {line:?}"
    );
}

/// A request with one header.
fn request(name: HeaderName, value: &HeaderValue) -> Request<()> {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.clone());
    blank(headers, String::new(), Timestamp::UNIX_EPOCH)
}

/// A request in which nothing else stands.
pub(crate) fn blank(headers: HeaderMap, query: String, now: Timestamp) -> Request<()> {
    Request {
        caller: (),
        now,
        locale: Locale::Fr,
        id: RequestId::from_bits(1),
        claim: None,
        address: String::new(),
        headers,
        body: Vec::new(),
        target: String::new(),
        query,
    }
}
