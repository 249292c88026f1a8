//! What changing the saved cards has in common.

use domain::card::{CardRefusal, Changed, Wallet};
use domain::event::Owner;
use domain::id::CardId;
use domain::new_card::NewCard;
use platform::app::App;
use platform::http::operation::SignedIn;
use platform::http::problem::{Code, Failure};
use platform::http::request::Request;
use platform::identity::session::require_live;
use platform::store::events::event;
use platform::store::identity::Session;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who change the same cards.
pub(super) const ROUNDS: u32 = 4;

/// The caller's cards and how this one came, for a session that is still open.
///
/// # Errors
/// A refusal when the session was ended.
pub(super) async fn read(
    app: &App,
    request: &Request<SignedIn>,
    card: CardId,
) -> Result<(Option<Stored<Wallet>>, Option<Stored<NewCard>>), Failure> {
    let SignedIn(claims) = &request.caller;
    let session = keys::session(claims.user, claims.session);
    let wallet = keys::wallet(claims.account);
    let card = keys::new_card(claims.account, card);
    let wanted = [&session, &wallet, &card].map(Clone::clone);
    let mut batch = app.store().batch(&wanted).await?;
    let session: Option<Stored<Session>> = batch.take(&session)?;
    require_live(session, request.now)?;
    Ok((batch.take(&wallet)?, batch.take(&card)?))
}

/// What a refusal of the domain is to the caller.
pub(super) fn refuse(refusal: CardRefusal) -> Failure {
    match refusal {
        CardRefusal::Unknown => Code::NotFound.into(),
        CardRefusal::Expired => Code::CardExpired.into(),
        CardRefusal::Needed => Code::CardInUse.into(),
        CardRefusal::TooMany => Code::TooManyCards.into(),
    }
}

/// Writes the cards with what is told of them. False when they changed
/// meanwhile.
///
/// # Errors
/// A failure of the table.
pub(super) async fn commit(
    app: &App,
    request: &Request<SignedIn>,
    read: &Stored<Wallet>,
    changed: &Changed,
) -> Result<bool, Failure> {
    let account = changed.wallet.account;
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, &changed.wallet, ());
    for kind in changed.told.clone() {
        let owner = Owner::Account { account };
        act.insert(&event(app.new_id()?, owner, kind, request.now), ());
    }
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(())) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
