//! Tokens that are compared rather than read: of sessions and of carts.

use crate::{template, text, world};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::identity::refresh_token::read;
use platform::store::carts::GuestToken;

/// Only a token that was given out, to the letter, is read; what is read can
/// be proved by no other session.
pub(crate) fn refresh_token(data: &[u8]) {
    let filled = template::fill(data);
    let token = text(&filled);
    world::with(|world| {
        let minted = ["refresh", "cookie", "logout"];
        let minted = minted.into_iter().any(|name| token == world.get(name));
        let found = world
            .block_on(read(&world.app, &token))
            .expect("the secret");
        assert_eq!(found.is_some(), minted, "{token:?}");
        if let Some(found) = found {
            let named = format!("{}.{}.{}", found.user, found.session, found.n);
            assert!(token.contains(&named), "{token:?}");
        }
    });
}

/// A cart token is the one text of 32 bytes, and its owner depends on every
/// character of it.
pub(crate) fn cart_token(data: &[u8]) {
    let filled = template::fill(data);
    let token = text(&filled);
    let Some(read) = GuestToken::parse(&token) else {
        assert!(token.len() != 43 || URL_SAFE_NO_PAD.decode(token.as_bytes()).is_err());
        return;
    };
    assert_eq!(read.as_str(), token);
    let bytes: [u8; 32] = URL_SAFE_NO_PAD
        .decode(token.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .expect("32 bytes");
    assert_eq!(GuestToken::from_random(bytes).as_str(), token);
    let mut other = bytes;
    for (to, from) in other.iter_mut().zip([1_u8; 1]) {
        *to ^= from;
    }
    assert_ne!(GuestToken::from_random(other).owner(), read.owner());
}
