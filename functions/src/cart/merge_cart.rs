//! Taking what a guest had in the cart into the account's, at login.

use super::view::CartView;
use domain::id::AccountId;
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Idempotency, Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::carts::{CartOwner, GuestToken, StoredCart};
use platform::store::catalogue::Snapshot;
use platform::store::claims::Honoured;
use platform::store::{CommitError, Stored, Transaction};

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
    let mut key = Honoured::of(request, MergeCart::SPEC);
    let SignedIn(claims) = &request.caller;
    let found = read(app, claims.account, guest, &mut key).await?;
    if let Some(answer) = key.earlier()? {
        return Ok(Some(Reply::answer(answer)));
    }
    let guest = found.guest.ok_or(Code::NotFound)?;
    let own = found.own.as_ref();
    let version = own.map_or(0, |own| own.version);
    let expected = request.expected_version()?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(Code::VersionMismatch.into());
    }
    if guest.value.cart.items.is_empty() {
        // Taken in already: a repetition succeeds, with one effect.
        let reply = CartView::of(own, snapshot, request.locale)?.into_reply();
        return Ok(key.keep_alone(app, &reply).await?.then_some(reply));
    }
    let carts = own.into_iter().chain([&guest]);
    if carts
        .map(|cart| &cart.value)
        .any(|cart| cart.is_expired(request.now))
    {
        return Err(Code::CartExpired.into());
    }
    let own_cart = own.map(|own| &own.value);
    let merged = StoredCart::merged(claims.account, own_cart, &guest.value, request.now);
    let merged = Stored {
        value: merged.ok_or_else(|| Failure::field("/guestToken", Reason::TooManyLines))?,
        version: version.saturating_add(1),
    };
    let reply = CartView::of(Some(&merged), snapshot, request.locale)?.into_reply();
    let mut act = Transaction::new(app.new_id()?);
    act.upsert(own.map(|own| own.version), &merged.value, ());
    // What was taken in is not taken in again.
    act.replace(guest.version, &guest.value.taken(), ());
    key.keep(&mut act, &reply, ())
        .map_err(|error| Failure::fault(&error))?;
    match app.store().commit(act).await {
        Ok(()) => Ok(Some(reply)),
        Err(CommitError::Refused(())) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

async fn read(
    app: &App,
    account: AccountId,
    guest: &CartOwner,
    key: &mut Honoured<'_, SignedIn>,
) -> Result<Found, Failure> {
    let (own, guest) = (CartOwner::Account(account).key(), guest.key());
    let mut wanted = vec![own.clone(), guest.clone()];
    wanted.extend(key.wanted());
    let mut batch = app.store().batch(&wanted).await?;
    key.take(&mut batch)?;
    Ok(Found {
        own: batch.take(&own)?,
        guest: batch.take(&guest)?,
    })
}
