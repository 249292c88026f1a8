//! Taking what a guest had in the cart into the account's, at login.

use super::view::CartView;
use domain::id::AccountId;
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Idempotency, Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::{Claimed, Reply};
use platform::http::request::Request;
use platform::store::carts::{CartOwner, GuestToken, StoredCart};
use platform::store::catalogue::Snapshot;
use platform::store::claims::Claim;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who change the same carts.
const ROUNDS: u32 = 4;

/// `POST /v1/cart/merge`: one read and one transaction.
pub struct MergeCart;

/// Whose cart is taken in.
pub struct MergeCartInput {
    guest: CartOwner,
}

impl Input for MergeCartInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let Text(token) = body.required::<Text<100>>("guestToken")?;
            match GuestToken::parse(&token) {
                Some(token) => Ok(Self {
                    guest: token.owner(),
                }),
                None => Err(body.refuse("guestToken", Reason::Malformed)),
            }
        })
    }
}

impl Operation for MergeCart {
    const SPEC: Spec = Spec::post("merge_cart", "/v1/cart/merge")
        .summary("Take a guest's cart into that of the account: of each plan the larger quantity.")
        .idempotency(Idempotency::Honoured)
        .tag(Tag::Guard)
        .codes(&[
            Code::NotFound,
            Code::CartExpired,
            Code::ConcurrentChange,
            Code::VersionMismatch,
        ]);
    type Caller = SignedIn;
    type Input = MergeCartInput;
    type Output = CartView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: MergeCartInput,
    ) -> Result<Reply<CartView>, Failure> {
        let snapshot = app.catalogue().products(app).await?;
        for _ in 0..ROUNDS {
            if let Some(reply) = merge(app, &request, &input.guest, &snapshot).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

struct Found {
    claim: Option<Stored<Claim>>,
    own: Option<Stored<StoredCart>>,
    guest: Option<Stored<StoredCart>>,
}

/// Merges the carts as they stand; nothing when one of them changed meanwhile.
async fn merge(
    app: &App,
    request: &Request<SignedIn>,
    guest: &CartOwner,
    snapshot: &Snapshot,
) -> Result<Option<Reply<CartView>>, Failure> {
    let SignedIn(claims) = &request.caller;
    let found = read(app, request, claims.account, guest).await?;
    let claim = request.claim.as_ref().zip(found.claim.as_ref());
    match claim
        .filter(|(_, claim)| !claim.value.is_over(request.now))
        .map(|(key, claim)| claim.value.meets(key, request.now))
    {
        Some(Claimed::Answered(answer)) => return Ok(Some(Reply::answer(answer))),
        Some(Claimed::Refused(code)) => return Err(code.into()),
        Some(Claimed::Free) | None => {}
    }
    let guest = found.guest.ok_or(Code::NotFound)?;
    let own = found.own.as_ref();
    if guest.value.is_expired(request.now)
        || own.is_some_and(|own| own.value.is_expired(request.now))
    {
        return Err(Code::CartExpired.into());
    }
    let version = own.map(|own| own.version);
    if request
        .expected_version()?
        .is_some_and(|expected| expected != version.unwrap_or(0))
    {
        return Err(Code::VersionMismatch.into());
    }
    let merged = StoredCart::merged(
        claims.account,
        own.map(|own| &own.value),
        &guest.value,
        request.now,
    );
    let merged = merged.ok_or_else(|| Failure::field("/guestToken", Reason::TooManyLines))?;
    commit(
        app,
        request,
        snapshot,
        (own, merged),
        (&guest, found.claim.as_ref()),
    )
    .await
}

async fn read(
    app: &App,
    request: &Request<SignedIn>,
    account: AccountId,
    guest: &CartOwner,
) -> Result<Found, Failure> {
    let claim = request
        .claim
        .as_ref()
        .map(|key| keys::idempotency(account, MergeCart::SPEC.id, &key.key_hash));
    let (own, guest) = (CartOwner::Account(account).key(), guest.key());
    let mut wanted = vec![own.clone(), guest.clone()];
    wanted.extend(claim.clone());
    let mut batch = app.store().batch(&wanted).await?;
    Ok(Found {
        claim: claim.map(|key| batch.take(&key)).transpose()?.flatten(),
        own: batch.take(&own)?,
        guest: batch.take(&guest)?,
    })
}

async fn commit(
    app: &App,
    request: &Request<SignedIn>,
    snapshot: &Snapshot,
    (own, merged): (Option<&Stored<StoredCart>>, StoredCart),
    (guest, old_claim): (&Stored<StoredCart>, Option<&Stored<Claim>>),
) -> Result<Option<Reply<CartView>>, Failure> {
    let SignedIn(claims) = &request.caller;
    let version = own.map(|own| own.version);
    let after = Stored {
        value: merged,
        version: version.unwrap_or(0).saturating_add(1),
    };
    let reply = CartView::of(Some(&after), snapshot, request.locale)?.into_reply();
    let mut act = Transaction::new(app.new_id()?);
    act.upsert(version, &after.value, ());
    // What was taken in is not taken in again.
    act.replace(guest.version, &guest.value.taken(), ());
    if let Some(key) = &request.claim {
        let answer = reply
            .render(MergeCart::SPEC.success, &request.id.to_string())
            .map_err(|error| Failure::fault(&error))?;
        let claim = Claim::complete(claims.account, MergeCart::SPEC.id, key, answer, request.now);
        act.upsert(old_claim.map(|old| old.version), &claim, ());
    }
    match app.store().commit(act).await {
        Ok(()) => Ok(Some(reply)),
        Err(CommitError::Refused(())) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
