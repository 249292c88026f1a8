//! Sessions: opened by a password, kept alive by refresh tokens of which each
//! is good once, ended by logging out or by a token that comes back.

use super::access::{Claims, LIFE_SECONDS};
use super::refresh_token::{self, RefreshToken};
use super::signing::Signer;
use crate::app::App;
use crate::http::problem::{Code, Failure, chain};
use crate::store::identity::{ClientKind, Rotation, Session, SessionEnd};
use crate::store::keys::{self, Key};
use crate::store::{CommitError, StoreError, Stored, Transaction, events};
use domain::account::Login;
use domain::event::{EventKind, Owner};
use domain::id::ActId;
use jiff::{SignedDuration, Timestamp};

/// How long after a rotation the token before is still answered, with the same
/// new token: two tabs that refresh at once, or a reply that got lost.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Tries of ending a session that changes at the same time.
const END_TRIES: u32 = 4;

/// Where the session of an access token is: what moves money, identity or
/// authority reads it, so that logging out ends it at once.
pub fn session_key(claims: &Claims) -> Key {
    keys::session(claims.user, claims.session)
}

/// Refuses a call whose session is gone or over.
///
/// # Errors
/// [`Code::Unauthenticated`].
pub fn require_live(session: Option<Stored<Session>>, now: Timestamp) -> Result<(), Code> {
    match session {
        Some(session) if session.value.is_live(now) => Ok(()),
        Some(_) | None => Err(Code::Unauthenticated),
    }
}

/// What a client is given.
pub struct Tokens {
    /// Says who calls, for [`LIFE_SECONDS`].
    pub access: String,
    /// Good for one refresh.
    pub refresh: String,
    /// How the client keeps it.
    pub client: ClientKind,
}

/// Opens a session for a user whose password was right.
///
/// # Errors
/// When keys, random bytes or the table cannot be had.
pub async fn open(
    app: &App,
    login: &Login,
    client: ClientKind,
    now: Timestamp,
) -> Result<Tokens, Failure> {
    let signer = Signer::load(app).await?;
    let session = Session {
        id: app.new_id()?,
        user: login.user,
        account: login.account,
        role: login.role,
        client,
        n: 0,
        salt: hex::encode(app.random::<16>()?),
        began_at: now,
        rotated_at: now,
        ended: None,
    };
    let tokens = tokens(app, &signer, &session, now).await?;
    app.store()
        .open_session(&session, app.new_id::<ActId>()?)
        .await?;
    Ok(tokens)
}

/// Exchanges a refresh token for the next one and an access token; none if the
/// token is not good. One that was used before ends its session.
///
/// # Errors
/// When keys, random bytes or the table cannot be had.
pub async fn refresh(
    app: &App,
    text: &str,
    client: ClientKind,
    now: Timestamp,
) -> Result<Option<Tokens>, Failure> {
    let Some(token) = refresh_token::read(app, text).await? else {
        return Ok(None);
    };
    // Before the rotation: a token must not be used up for nothing.
    let signer = Signer::load(app).await?;
    let act = app.new_id::<ActId>()?;
    let found = match app
        .store()
        .rotate_session(&token.session_key(), token.n, client, now, act)
        .await?
    {
        Rotation::Done(session) if token.is_proved_by(&session) => {
            return tokens(app, &signer, &session, now).await.map(Some);
        }
        Rotation::Refused(Some(found)) if token.is_proved_by(&found.value) => found,
        Rotation::Done(_) | Rotation::Refused(_) => return Ok(None),
    };
    match judge(&found.value, token.n, client, now) {
        Judgement::Grace => tokens(app, &signer, &found.value, now).await.map(Some),
        Judgement::Reuse => {
            end_reused(app, &token, found, now).await?;
            Ok(None)
        }
        // The update would have succeeded: the token was good until this
        // very millisecond.
        Judgement::Rotate | Judgement::Refused => Ok(None),
    }
}

/// Ends the session of a refresh token, whichever token of it this is. A text
/// that is no token ends nothing.
///
/// # Errors
/// When the secret or the table cannot be had.
pub async fn end(app: &App, text: &str) -> Result<(), Failure> {
    if let Some(token) = refresh_token::read(app, text).await? {
        let act = app.new_id::<ActId>()?;
        app.store()
            .end_session(&token.session_key(), SessionEnd::SignedOut, act)
            .await?;
    }
    Ok(())
}

/// What a refresh token that was made here is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// It is the good one: the next becomes good. The condition of
    /// [`rotate_session`](crate::store::Store::rotate_session) is this case.
    Rotate,
    /// It was the good one until just now: the answer to its use is given
    /// again, and nothing is written.
    Grace,
    /// It was used, and is used again: somebody has a copy (RFC 9700, 4.14.2).
    Reuse,
    /// Nothing.
    Refused,
}

fn judge(session: &Session, n: u32, client: ClientKind, now: Timestamp) -> Judgement {
    if !session.is_live(now) || n > session.n {
        return Judgement::Refused;
    }
    let same_client = session.client == client;
    if n == session.n {
        return if same_client {
            Judgement::Rotate
        } else {
            Judgement::Refused
        };
    }
    let just_rotated = now.duration_since(session.rotated_at) <= GRACE;
    let is_last = n.checked_add(1) == Some(session.n);
    if is_last && just_rotated && same_client {
        Judgement::Grace
    } else {
        Judgement::Reuse
    }
}

async fn tokens(
    app: &App,
    signer: &Signer,
    session: &Session,
    now: Timestamp,
) -> Result<Tokens, Failure> {
    let claims = Claims {
        user: session.user,
        account: session.account,
        session: session.id,
        role: session.role,
        auth_time: session.began_at,
        issued_at: now,
        expires_at: now
            .checked_add(SignedDuration::from_secs(LIFE_SECONDS))
            .unwrap_or(now),
    };
    Ok(Tokens {
        access: signer.sign(&app.config().issuer, &claims)?,
        refresh: refresh_token::write(app, session).await?,
        client: session.client,
    })
}

/// Ends the session of a token that came back, and says so to its user.
async fn end_reused(
    app: &App,
    token: &RefreshToken,
    found: Stored<Session>,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut found = found;
    for _ in 0..END_TRIES {
        let ended = Session {
            ended: Some(SessionEnd::Reused),
            ..found.value
        };
        let kind = EventKind::SessionReused {
            user: ended.user,
            session: ended.id,
        };
        let event = events::event(app.new_id()?, Owner::User { user: ended.user }, kind, now);
        let mut act = Transaction::new(app.new_id::<ActId>()?);
        act.replace(found.version, &ended, ());
        act.insert(&event, ());
        match app.store().commit(act).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Refused(())) => {}
        }
        // Somebody refreshed or logged out meanwhile.
        match app.store().get::<Session>(&token.session_key()).await? {
            Some(session) if session.value.ended.is_none() => found = session,
            Some(_) | None => return Ok(()),
        }
    }
    Err(Failure::Unavailable {
        retry_after: 1,
        cause: chain(&StoreError::Busy),
    })
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
