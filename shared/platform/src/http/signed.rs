//! Short texts a client keeps for us and brings back: signed so that only this
//! API makes them, and good for a while.

use super::problem::Failure;
use crate::app::App;
use crate::identity::derive;
use crate::secrets::{Secret, SecretText};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// For how long after a rotation a function may not have heard of it.
const UNHEARD: SignedDuration = SignedDuration::from_mins(5);

/// What such texts are for. One made for something else is none.
#[derive(Debug, Clone, Copy)]
pub struct Purpose {
    /// Names the key they are signed with.
    pub name: &'static str,
    /// How long they are good for.
    pub life: SignedDuration,
}

/// What somebody brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The text.
    Good(String),
    /// The text of one whose time is over.
    Over(String),
    /// It was never ours, or not for this.
    Foreign,
}

impl Purpose {
    /// A token that holds `text`, is bound to `to`, and ends after this
    /// purpose's life.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the key cannot be read.
    pub async fn seal(
        &self,
        app: &App,
        to: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let ends = now.as_second().saturating_add(self.life.as_secs());
        let plain = format!("{ends}\n{text}");
        let secret = app.secret(Secret::TokenKeys).await?;
        let mut bytes = derive::mac(&self.key(&secret), &parts(to, &plain)).to_vec();
        bytes.extend_from_slice(plain.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a token holds that is bound to `to`. One signed before a rotation
    /// of the secret is good to its end.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the key cannot be read.
    pub async fn open(
        &self,
        app: &App,
        to: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Opened, Failure> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else {
            return Ok(Opened::Foreign);
        };
        let Some((mac, plain)) = bytes.split_at_checked(32) else {
            return Ok(Opened::Foreign);
        };
        let Ok(plain) = std::str::from_utf8(plain) else {
            return Ok(Opened::Foreign);
        };
        if !self.is_ours(app, &parts(to, plain), mac, now).await? {
            return Ok(Opened::Foreign);
        }
        Ok(match plain.split_once('\n') {
            Some((ends, text)) => match ends.parse::<i64>() {
                Ok(ends) if ends > now.as_second() => Opened::Good(text.to_owned()),
                Ok(_) => Opened::Over(text.to_owned()),
                Err(_) => Opened::Foreign,
            },
            None => Opened::Foreign,
        })
    }

    async fn is_ours(
        &self,
        app: &App,
        parts: &[&[u8]; 2],
        mac: &[u8],
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let secret = Secret::TokenKeys;
        let fits = |secret: &SecretText| derive::is_mac(&self.key(secret), parts, mac);
        let overlap = self.life.checked_add(UNHEARD).unwrap_or(self.life);
        Ok(fits(&app.secret(secret).await?)
            || app
                .secrets()
                .latest(secret, overlap, now)
                .await?
                .iter()
                .any(fits))
    }

    fn key(&self, secret: &SecretText) -> [u8; 32] {
        derive::key(secret.expose(), self.name)
    }
}

fn parts<'a>(to: &'a str, plain: &'a str) -> [&'a [u8]; 2] {
    [to.as_bytes(), plain.as_bytes()]
}
