//! Refresh tokens: the text of the `n`th token of a session.
//!
//! `<key>.<user>.<session>.<n>.<proof>.<seal>`. The proof is a MAC over the
//! session, the session's salt and `n`: neither the table (which has the salt)
//! nor the secret (which has the key) alone makes one. The seal is a MAC over
//! everything before it, so that what was not made here is refused without
//! asking the table, and nobody can move a session's counter by guessing.

use super::derive;
use crate::app::App;
use crate::secrets::{Secret, SecretError};
use crate::store::identity::Session;
use crate::store::keys::{self, Key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{Id as _, SessionId, UserId};

/// A refresh token that was made here. Whether it is good is the session's to
/// say.
#[derive(Clone)]
pub struct RefreshToken {
    /// Whose session.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
    /// Which token of it.
    pub n: u32,
    proof: Vec<u8>,
    key: [u8; 32],
}

impl RefreshToken {
    /// Where its session is.
    pub fn session_key(&self) -> Key {
        keys::session(self.user, self.session)
    }

    /// True when its proof is the one of this session.
    pub fn is_proved_by(&self, session: &Session) -> bool {
        let n = self.n.to_string();
        derive::is_mac(
            &self.key,
            &proof_parts(&session.id.to_string(), &session.salt, &n),
            &self.proof,
        )
    }
}

/// The text of a session's good token.
///
/// # Errors
/// [`SecretError`] when the secret cannot be read.
pub async fn write(app: &App, session: &Session) -> Result<String, SecretError> {
    Ok(text(app.secret(Secret::TokenKeys).await?.expose(), session))
}

/// Reads the text of a token; none if it was not made here.
///
/// # Errors
/// [`SecretError`] when the secret cannot be read.
pub async fn read(app: &App, text: &str) -> Result<Option<RefreshToken>, SecretError> {
    let current = app.secret(Secret::TokenKeys).await?;
    let Some(parts) = Parts::of(text) else {
        return Ok(None);
    };
    if parts.key_id == derive::key_id(current.expose()) {
        return Ok(parts.open(current.expose()));
    }
    // Only a token that says it is older makes us ask for the older secret.
    let previous = app.secrets().previous(Secret::TokenKeys, app.now()).await;
    Ok(match previous {
        Some(secret) if parts.key_id == derive::key_id(secret.expose()) => {
            parts.open(secret.expose())
        }
        Some(_) | None => None,
    })
}

fn text(secret: &str, session: &Session) -> String {
    let n = session.n.to_string();
    let proof = derive::mac(
        &key(secret),
        &proof_parts(&session.id.to_string(), &session.salt, &n),
    );
    let signed = format!(
        "{}.{}.{}.{n}.{}",
        derive::key_id(secret),
        session.user,
        session.id,
        URL_SAFE_NO_PAD.encode(proof)
    );
    let seal = URL_SAFE_NO_PAD.encode(derive::mac(&seal_key(secret), &[signed.as_bytes()]));
    format!("{signed}.{seal}")
}

fn proof_parts<'a>(session: &'a str, salt: &'a str, n: &'a str) -> [&'a [u8]; 3] {
    [session.as_bytes(), salt.as_bytes(), n.as_bytes()]
}

fn key(secret: &str) -> [u8; 32] {
    derive::key(secret, "refresh token")
}

fn seal_key(secret: &str) -> [u8; 32] {
    derive::key(secret, "refresh token seal")
}

/// The parts of a text that looks like a token.
struct Parts<'a> {
    signed: &'a str,
    key_id: &'a str,
    user: UserId,
    session: SessionId,
    n: u32,
    proof: Vec<u8>,
    seal: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (signed, seal) = text.rsplit_once('.')?;
        let mut parts = signed.split('.');
        let found = Self {
            signed,
            key_id: parts.next()?,
            user: UserId::parse(parts.next()?).ok()?,
            session: SessionId::parse(parts.next()?).ok()?,
            n: parts.next()?.parse().ok()?,
            proof: URL_SAFE_NO_PAD.decode(parts.next()?).ok()?,
            seal: URL_SAFE_NO_PAD.decode(seal).ok()?,
        };
        parts.next().is_none().then_some(found)
    }

    fn open(self, secret: &str) -> Option<RefreshToken> {
        let sealed = derive::is_mac(&seal_key(secret), &[self.signed.as_bytes()], &self.seal);
        sealed.then(|| RefreshToken {
            user: self.user,
            session: self.session,
            n: self.n,
            proof: self.proof,
            key: key(secret),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::identity::ClientKind;
    use domain::account::StaffRole;
    use domain::id::AccountId;
    use jiff::Timestamp;

    fn session(n: u32) -> Session {
        Session {
            id: SessionId::from_bits(7),
            user: UserId::from_bits(8),
            account: AccountId::from_bits(9),
            role: StaffRole::Customer,
            client: ClientKind::Cookie,
            n,
            salt: "salt".to_owned(),
            began_at: Timestamp::UNIX_EPOCH,
            rotated_at: Timestamp::UNIX_EPOCH,
            ended: None,
        }
    }

    #[test]
    fn a_token_reads_back_and_is_proved_by_its_session_alone() {
        let secret = "one";
        let token = Parts::of(&text(secret, &session(3)))
            .unwrap()
            .open(secret)
            .unwrap();
        assert_eq!(
            (token.user, token.session, token.n),
            (UserId::from_bits(8), SessionId::from_bits(7), 3)
        );
        assert!(token.is_proved_by(&session(3)));
        assert!(!token.is_proved_by(&Session {
            salt: "other".to_owned(),
            ..session(3)
        }));
        assert!(!token.is_proved_by(&Session {
            id: SessionId::from_bits(1),
            ..session(3)
        }));
    }

    #[test]
    fn no_changed_character_is_taken_for_a_token() {
        let secret = "one";
        let good = text(secret, &session(3));
        for at in 0..good.len() {
            for other in ["A", "0", ".", "x"] {
                let mut bad = good.clone();
                bad.replace_range(at..=at, other);
                // The last character of base64 carries unused bits, which the
                // reader insists to be zero.
                let opened = Parts::of(&bad).and_then(|parts| parts.open(secret));
                assert!(bad == good || opened.is_none(), "{bad}");
            }
        }
    }

    #[test]
    fn other_texts_and_other_secrets_are_refused() {
        let good = text("one", &session(0));
        assert!(Parts::of(&good).unwrap().open("two").is_none());
        for bad in [
            "",
            ".",
            ".....",
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln",
            &format!("{good}.{good}"),
        ] {
            assert!(
                Parts::of(bad).and_then(|parts| parts.open("one")).is_none(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_token_fits_a_cookie() {
        assert!(text("one", &session(u32::MAX)).len() < 300);
    }
}
