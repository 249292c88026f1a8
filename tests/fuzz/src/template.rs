//! Inputs with placeholders for what only a running shop makes.
//!
//! `{access}` stands for a good access token, `{access 3 9}` for its bytes 3
//! to 9 alone. What is no placeholder stands as it is, so that every input is
//! one, however it was changed.

use crate::world;

/// Longest placeholder, braces included.
const LONGEST: usize = 48;

/// An input with its placeholders filled in.
pub fn fill(data: &[u8]) -> Vec<u8> {
    fill_with(data, world::value)
}

/// The same, where `value` knows what a name stands for.
pub(crate) fn fill_with(data: &[u8], value: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut filled = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(open) = rest.iter().position(|byte| *byte == b'{') {
        let (before, from) = rest.split_at(open);
        filled.extend_from_slice(before);
        let close = from.iter().take(LONGEST).position(|byte| *byte == b'}');
        let found = close.and_then(|close| {
            let (holder, after) = from.split_at_checked(close.saturating_add(1))?;
            Some((meaning(holder, &value)?, after))
        });
        match found {
            Some((meant, after)) => {
                filled.extend_from_slice(&meant);
                rest = after;
            }
            None => {
                filled.push(b'{');
                rest = from.strip_prefix(b"{").unwrap_or_default();
            }
        }
    }
    filled.extend_from_slice(rest);
    filled
}

/// What `{name}` or `{name from to}` stands for.
fn meaning(holder: &[u8], value: &impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    let inner = std::str::from_utf8(holder).ok()?;
    let inner = inner.strip_prefix('{')?.strip_suffix('}')?;
    let mut words = inner.split(' ');
    let whole = value(words.next()?)?.into_bytes();
    let (Some(from), Some(to)) = (words.next(), words.next()) else {
        return Some(whole);
    };
    let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
    let to = to.min(whole.len());
    Some(whole.get(from.min(to)..to)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::fill_with;

    #[test]
    fn only_placeholders_are_filled_in() {
        let value = |name: &str| (name == "a").then(|| "12345".to_owned());
        for (text, filled) in [
            ("", ""),
            ("{a}", "12345"),
            ("x{a}{a 1 3}{a 4 99}{a 9 1}y", "x12345235y"),
            ("{b}{a", "{b}{a"),
            ("{\"{a}\":{}}", "{\"12345\":{}}"),
            ("{a x y}", "{a x y}"),
        ] {
            assert_eq!(
                fill_with(text.as_bytes(), value),
                filled.as_bytes(),
                "{text}"
            );
        }
    }
}
