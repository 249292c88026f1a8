//! How catalogue answers are cached on their way to the customer.

use platform::http::reply::Reply;

/// A minute fresh, ten minutes good enough while a newer one is fetched.
const CACHE_CONTROL: &str = "public, max-age=60, stale-while-revalidate=600";

/// Marks a reply with its tag and how long it may be kept.
pub(super) fn cached<T>(reply: Reply<T>, tag: &str) -> Reply<T> {
    reply
        .header("etag", tag)
        .header("cache-control", CACHE_CONTROL)
        .header("vary", "Accept-Language, Origin")
}

/// True when `If-None-Match` holds this tag, strong or weak, or `*`
/// (RFC 9110, 13.1.2). A malformed one holds nothing.
pub(super) fn holds(if_none_match: Option<&str>, tag: &str) -> bool {
    if_none_match.is_some_and(|sent| {
        sent.trim() == "*"
            || sent
                .split(',')
                .map(str::trim)
                .any(|held| held.strip_prefix("W/").unwrap_or(held) == tag)
    })
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_tag_is_found_among_others_weak_or_strong() {
        for sent in ["\"a-1\"", "W/\"a-1\"", "\"b\", \"a-1\"", " * "] {
            assert!(holds(Some(sent), "\"a-1\""), "{sent}");
        }
    }

    #[test]
    fn another_tag_and_nonsense_hold_nothing() {
        for sent in ["\"a-2\"", "a-1", "", "\"a-1", "**", ",,"] {
            assert!(!holds(Some(sent), "\"a-1\""), "{sent}");
        }
        assert!(!holds(None, "\"a-1\""));
    }
}
