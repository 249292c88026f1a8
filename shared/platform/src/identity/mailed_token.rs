//! Tokens in mailed links. The text is derived, never stored: the event that
//! has the mail sent names the act, and from that the text is made again.

use super::derive;
use crate::app::App;
use crate::http::problem::Failure;
use crate::secrets::{Secret, SecretError};
use crate::store::identity::{OneTimeToken, TokenPurpose};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{ActId, UserId};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// How long a link to confirm an address is good.
const VERIFICATION_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The text of the token that an act made for a user: 256 bits that need the
/// secret to be known, in characters that need no escaping in a URL.
///
/// # Errors
/// [`Failure::Unavailable`] when the secret cannot be read.
pub async fn derive(app: &App, user: UserId, act: ActId) -> Result<String, Failure> {
    Ok(text(
        app.secret(Secret::TokenKeys).await?.expose(),
        user,
        act,
    ))
}

/// The item that makes the token of an act good: to confirm the address of a
/// user, once, for 24 hours.
///
/// # Errors
/// When the secret cannot be read.
pub async fn verification(
    app: &App,
    user: UserId,
    act: ActId,
    now: Timestamp,
) -> Result<OneTimeToken, SecretError> {
    let secret = app.secret(Secret::TokenKeys).await?;
    Ok(OneTimeToken {
        hash: hash(&text(secret.expose(), user, act)),
        purpose: TokenPurpose::VerifyEmail,
        user,
        ends_at: now.checked_add(VERIFICATION_LIFE).unwrap_or(now),
        used_at: None,
    })
}

/// What a token is stored under: its SHA-256, in hexadecimal.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn text(secret: &str, user: UserId, act: ActId) -> String {
    let key = derive::key(secret, "mailed token");
    URL_SAFE_NO_PAD.encode(derive::mac(
        &key,
        &[user.to_string().as_bytes(), act.to_string().as_bytes()],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::Id as _;

    #[test]
    fn a_token_depends_on_the_secret_the_user_and_the_act() {
        let (user, act) = (UserId::from_bits(1), ActId::from_bits(2));
        let token = text("secret", user, act);
        assert_eq!(text("secret", user, act), token);
        assert_eq!(token.len(), 43);
        for other in [
            text("another", user, act),
            text("secret", UserId::from_bits(3), act),
            text("secret", user, ActId::from_bits(3)),
        ] {
            assert_ne!(other, token);
        }
    }
}
