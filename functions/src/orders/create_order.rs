//! Placing an order: the purchase in three phases, each of which a crash may
//! cut off without harm.
//!
//! 1. one read of everything, one pure decision, one transaction (the order,
//!    its payment with attempt 1, the claim on the idempotency key, the
//!    emptied cart, the event);
//! 2. the payment page at the provider, under a key that names the attempt;
//! 3. one transaction that stores the page and the answer to the client.

use super::answering::{Placed, answer, customer, take_over};
use super::couponing::{count_known, count_try};
use super::honouring::as_quoted;
use super::offering::{Known, items_of};
use super::placing::PlaceOrder;
use super::taxing::spend;
use super::views::PlacedView;
use domain::account::{Account, User};
use domain::event::{EventKind, Owner};
use domain::id::{AccountId, OrderId};
use domain::offer::Offer;
use domain::order::{Order, OrderStatus};
use domain::payment::{Channel, Payment, PaymentStatus, Purpose};
use domain::vat_check::VatCheck;
use platform::app::App;
use platform::http::operation::{Idempotency, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::{Claimed, Reply};
use platform::http::request::{ClaimKey, Request};
use platform::identity::access::Claims;
use platform::identity::session::require_live;
use platform::payments::hosted::{PAGE_LIFE, closing_time};
use platform::sealing::{DataKey, seal};
use platform::store::carts::StoredCart;
use platform::store::claims::{Claim, Work};
use platform::store::coupons::{CouponKeys, ReadCoupon};
use platform::store::events::event;
use platform::store::identity::Session;
use platform::store::taxes::{FactKeys, ReadFacts};
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who learn something of the same VAT number, or redeem
/// the same coupon.
const ROUNDS: u32 = 4;

/// `POST /v1/orders`.
pub struct CreateOrder;

impl Operation for CreateOrder {
    const SPEC: Spec = Spec::post("create_order", "/v1/orders")
        .summary("Place an order from items or from the cart, and open its payment page.")
        .success(201)
        .idempotency(Idempotency::Required)
        .tag(Tag::Version)
        .codes(&[
            Code::CountryNotServed,
            Code::CartAlreadyOrdered,
            Code::CartExpired,
            Code::ConcurrentChange,
            Code::PriceChanged,
            Code::VersionMismatch,
            Code::EmptyCart,
            Code::TooManyRequests,
        ]);
    type Caller = SignedIn;
    type Input = PlaceOrder;
    type Output = PlacedView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: PlaceOrder,
    ) -> Result<Reply<PlacedView>, Failure> {
        let SignedIn(claims) = &request.caller;
        let key = request.claim.clone().ok_or(Code::IdempotencyKeyRequired)?;
        if !app.config().allows_return_url(&input.return_url) {
            return Err(Failure::field("/returnUrl", Reason::ForeignUrl));
        }
        let mut is_counted = false;
        for _ in 0..ROUNDS {
            let (session, found) = read(app, &request, claims, &key, &input).await?;
            require_live(session, request.now)?;
            let claim = found
                .claim
                .clone()
                .filter(|claim| !claim.value.is_over(request.now));
            let placed = match claim.map(|claim| (claim.value.meets(&key, request.now), claim)) {
                Some((Claimed::Answered(answer), _)) => return Ok(Reply::answer(answer)),
                Some((Claimed::Refused(code), _)) => return Err(code.into()),
                Some((Claimed::Free, claim)) => {
                    Some(resume(app, claims.account, claim, &request).await?)
                }
                None => {
                    if !is_counted {
                        // A repetition costs no try, however many were made.
                        let tries = count_try(app, &input.terms, &request.address).await?;
                        count_known(app, tries, &found.known.coupon).await;
                        is_counted = true;
                    }
                    place(app, &request, claims, &key, found, &input).await?
                }
            };
            if let Some(placed) = placed {
                return answer(app, &request, CreateOrder::SPEC, placed).await;
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// What there is before the decision.
struct Found {
    claim: Option<Stored<Claim>>,
    account: Stored<Account>,
    user: Stored<User>,
    data_key: Stored<DataKey>,
    cart: Option<Stored<StoredCart>>,
    known: Known,
}

async fn read(
    app: &App,
    request: &Request<SignedIn>,
    claims: &Claims,
    key: &ClaimKey,
    input: &PlaceOrder,
) -> Result<(Option<Stored<Session>>, Found), Failure> {
    let account = claims.account;
    let session = keys::session(claims.user, claims.session);
    let claim = keys::idempotency(account, CreateOrder::SPEC.id, &key.key_hash);
    let (profile, user, data_key) = (
        keys::account(account),
        keys::user(claims.user),
        keys::data_key(account),
    );
    let cart = keys::account_cart(account);
    let tax = input.terms.fact_keys(Some(account), request.now);
    let mut wanted = [&session, &claim, &profile, &user, &data_key, &cart]
        .map(Clone::clone)
        .to_vec();
    wanted.extend(tax.iter().flat_map(FactKeys::wanted));
    let coupon = input.terms.coupon_keys(Some(account));
    wanted.extend(coupon.iter().flat_map(CouponKeys::wanted));
    let mut batch = app.store().batch(&wanted).await?;
    let missing = |what: &str| Failure::Fault(format!("{what} of {account} is missing"));
    let session = batch.take(&session)?;
    let found = Found {
        claim: batch.take(&claim)?,
        account: batch
            .take(&profile)?
            .ok_or_else(|| missing("the profile"))?,
        user: batch.take(&user)?.ok_or_else(|| missing("the user"))?,
        data_key: batch
            .take(&data_key)?
            .ok_or_else(|| missing("the data key"))?,
        cart: batch.take(&cart)?,
        known: Known {
            tax: match tax {
                Some(tax) => tax.take(&mut batch, app.config().one_stop_shop)?,
                None => ReadFacts::default(),
            },
            coupon: match coupon {
                Some(coupon) => coupon.take(&mut batch)?,
                None => ReadCoupon::default(),
            },
        },
    };
    Ok((session, found))
}

/// What a refused condition of placing means.
#[derive(Debug, Clone, Copy)]
enum Taken {
    Claim,
    Cart,
    Number,
    Coupon,
    Id,
}

/// Places the order by what was read; nothing when something was learnt of its
/// VAT number meanwhile, or its coupon was redeemed by somebody else.
async fn place(
    app: &App,
    request: &Request<SignedIn>,
    claims: &Claims,
    key: &ClaimKey,
    mut found: Found,
    input: &PlaceOrder,
) -> Result<Option<Placed>, Failure> {
    let now = request.now;
    let (items, cart) = items_of(found.cart.as_ref(), &input.wanted, now)?;
    let (account, known) = (claims.account, &mut found.known);
    let at = (request.locale, now);
    let (offer, number) = as_quoted(app, account, &items, input, known, at).await?;
    // Of one that was answered for, it was paid with the question.
    if number.as_ref().is_some_and(|it| it.answered_at.is_none()) {
        spend(app, account).await?;
    }
    let order = decide_order(app, request, claims, &found, input, offer).await?;
    let payment = first_attempt(&order, input.return_url.clone(), now)?;
    let claim = Claim::begin(
        claims.account,
        CreateOrder::SPEC.id,
        key,
        Work::Order(order.id),
        now,
    );

    let new = (&order, &payment, number.as_ref());
    if !write(app, &found, &claim, new, cart).await? {
        return Ok(None);
    }
    let new = found.claim.map_or(1, |old| old.version.saturating_add(1));
    Ok(Some(Placed {
        order: Stored {
            value: order,
            version: 1,
        },
        payment: Stored {
            value: payment,
            version: 1,
        },
        claim: Stored {
            value: claim,
            version: new,
        },
        customer: customer(&found.account.value, &found.user.value),
    }))
}

/// T1: all of it or nothing. False when something was learnt of the VAT number
/// meanwhile, or the coupon was redeemed.
async fn write(
    app: &App,
    found: &Found,
    claim: &Claim,
    (order, payment, number): (&Order, &Payment, Option<&VatCheck>),
    cart: Option<Stored<StoredCart>>,
) -> Result<bool, Failure> {
    let mut act = Transaction::new(app.new_id()?);
    // A claim whose time is over gives way to the new one.
    act.upsert(
        found.claim.as_ref().map(|old| old.version),
        claim,
        Taken::Claim,
    );
    act.insert(order, Taken::Id);
    act.insert(payment, Taken::Id);
    match number {
        Some(given) => act.insert(given, Taken::Number),
        None => {
            let facts = &found.known.tax;
            facts.guard_order(&mut act, order.created_at, Taken::Number);
        }
    }
    found.known.coupon.redeem(&mut act, order.id, Taken::Coupon);
    let account = order.account;
    let placed = EventKind::OrderPlaced { order: order.id };
    let asked = number.and_then(VatCheck::told);
    for kind in std::iter::once(placed).chain(asked) {
        let owner = Owner::Account { account };
        let told = event(app.new_id()?, owner, kind, order.created_at);
        act.insert(&told, Taken::Id);
    }
    if let Some(cart) = cart {
        act.replace(cart.version, &cart.value.emptied(cart.version), Taken::Cart);
    }
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Taken::Number | Taken::Coupon)) => Ok(false),
        Err(CommitError::Refused(Taken::Claim)) => Err(Code::RequestInProgress.into()),
        Err(CommitError::Refused(Taken::Cart)) => Err(Code::ConcurrentChange.into()),
        Err(CommitError::Refused(Taken::Id)) => {
            Err(Failure::Fault("an id was given twice".to_owned()))
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

async fn decide_order(
    app: &App,
    request: &Request<SignedIn>,
    claims: &Claims,
    found: &Found,
    input: &PlaceOrder,
    offer: Offer,
) -> Result<Order, Failure> {
    let address = &input.address;
    Ok(Order {
        id: app.new_id()?,
        account: claims.account,
        user: claims.user,
        status: OrderStatus::Pending,
        lines: offer.lines,
        totals: offer.totals,
        coupon: offer.coupon.map(|coupon| coupon.terms),
        tax: offer.tax,
        country: address.country,
        postal_code: address.postal_code.as_str().to_owned(),
        vat_number: input.terms.digest(),
        buyer: seal(app, &found.data_key.value, address).await?,
        locale: found.user.value.locale,
        payment: app.new_id()?,
        invoice: app.new_id()?,
        created_at: request.now,
    })
}

fn first_attempt(
    order: &Order,
    return_url: String,
    now: jiff::Timestamp,
) -> Result<Payment, Failure> {
    let page = Channel::Hosted {
        return_url,
        closes_at: closing_time(now, PAGE_LIFE),
        page: None,
    };
    Payment {
        id: order.payment,
        account: order.account,
        purpose: Purpose::Order { order: order.id },
        amount: order.totals.total,
        invoice: order.invoice,
        status: PaymentStatus::Pending,
        attempts: Vec::new(),
        surplus: Vec::new(),
        another_page: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        created_at: now,
        check_at: None,
    }
    .begin(page, now)
    .map_err(|error| Failure::fault(&error))
}

/// The order of a claim whose invocation died: it goes on in its place.
async fn resume(
    app: &App,
    account: AccountId,
    claim: Stored<Claim>,
    request: &Request<SignedIn>,
) -> Result<Placed, Failure> {
    let order_id: OrderId = match claim.value.work() {
        Some(Work::Order(order)) => order,
        Some(Work::Card(_)) | None => return Err(Code::RequestInProgress.into()),
    };
    let missing = |what: &str| Failure::Fault(format!("{what} of a claim is missing"));
    let order = app
        .store()
        .order(account, order_id)
        .await?
        .ok_or_else(|| missing("the order"))?;
    let profile = keys::account(account);
    let user = keys::user(order.value.user);
    let payment = keys::payment(account, order.value.payment);
    let mut batch = app
        .store()
        .batch(&[profile.clone(), user.clone(), payment.clone()])
        .await?;
    let account: Stored<Account> = batch
        .take(&profile)?
        .ok_or_else(|| missing("the account"))?;
    let user: Stored<User> = batch.take(&user)?.ok_or_else(|| missing("the user"))?;
    let claim = take_over(app, claim, Work::Order(order_id), request.now).await?;
    Ok(Placed {
        customer: customer(&account.value, &user.value),
        payment: batch
            .take(&payment)?
            .ok_or_else(|| missing("the payment"))?,
        order,
        claim,
    })
}
