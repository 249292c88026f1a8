//! Opening a page of the provider on which a card is given and saved.
//!
//! Three phases, like an order: one transaction with the claim on the
//! idempotency key and the card that is expected; the page, under a key that
//! names the card; one transaction that stores the page and the answer.

use super::views::SetupView;
use crate::orders::answering::{Customer, customer, known_customer, overtaken};
use domain::account::{Account, User};
use domain::card::Wallet;
use domain::event::{EventKind, Owner};
use domain::new_card::{CardPage, CardSource, NewCard};
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Idempotency, Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::{Claimed, Reply};
use platform::http::request::{ClaimKey, Request};
use platform::identity::session::require_live;
use platform::payments::cards::open_card_page;
use platform::payments::hosted::{PAGE_LIFE, closing_time};
use platform::payments::provider::Pace;
use platform::payments::{PaymentError, gateway};
use platform::store::claims::{Claim, Work};
use platform::store::events::event;
use platform::store::identity::Session;
use platform::store::{CommitError, Stored, Transaction, keys};

/// `POST /v1/payment-methods`.
pub struct CreatePaymentMethod;

/// Where the page sends the customer afterwards.
pub struct ReturnTo(String);

impl Input for ReturnTo {
    fn read(form: &mut Form) -> Read<Self> {
        let url = form.body(|body| body.required::<Text<2000>>("returnUrl"))?;
        Ok(Self(url.0))
    }
}

impl Operation for CreatePaymentMethod {
    const SPEC: Spec = Spec::post("create_payment_method", "/v1/payment-methods")
        .summary("Open a page of the payment provider on which a card is given and saved.")
        .success(201)
        .idempotency(Idempotency::Required)
        .codes(&[Code::TooManyCards]);
    type Caller = SignedIn;
    type Input = ReturnTo;
    type Output = SetupView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        ReturnTo(return_url): ReturnTo,
    ) -> Result<Reply<SetupView>, Failure> {
        let key = request.claim.clone().ok_or(Code::IdempotencyKeyRequired)?;
        if !app.config().allows_return_url(&return_url) {
            return Err(Failure::field("/returnUrl", Reason::ForeignUrl));
        }
        let found = read(app, &request, &key).await?;
        let claim = found
            .claim
            .as_ref()
            .filter(|claim| !claim.value.is_over(request.now));
        let before = match claim.map(|claim| claim.value.meets(&key, request.now)) {
            Some(Claimed::Answered(answer)) => return Ok(Reply::answer(answer)),
            Some(Claimed::Refused(code)) => return Err(code.into()),
            // The card of a claim whose invocation died: it goes on with it.
            Some(Claimed::Free) => expected(app, &request, &found).await?,
            None => None,
        };
        if before.is_none() && found.wallet.as_ref().is_some_and(|it| it.value.is_full()) {
            return Err(Code::TooManyCards.into());
        }
        let asked = expect(app, &request, &key, &found, before, return_url).await?;
        answer(app, &request, found, asked).await
    }
}

/// What there is before the decision.
struct Found {
    claim: Option<Stored<Claim>>,
    account: Stored<Account>,
    user: Stored<User>,
    wallet: Option<Stored<Wallet>>,
}

async fn read(app: &App, request: &Request<SignedIn>, key: &ClaimKey) -> Result<Found, Failure> {
    let SignedIn(claims) = &request.caller;
    let account = claims.account;
    let session = keys::session(claims.user, claims.session);
    let claim = keys::idempotency(account, CreatePaymentMethod::SPEC.id, &key.key_hash);
    let (profile, user) = (keys::account(account), keys::user(claims.user));
    let wallet = keys::wallet(account);
    let wanted = [&session, &claim, &profile, &user, &wallet].map(Clone::clone);
    let mut batch = app.store().batch(&wanted).await?;
    let session: Option<Stored<Session>> = batch.take(&session)?;
    require_live(session, request.now)?;
    let missing = |what: &str| Failure::Fault(format!("{what} of {account} is missing"));
    Ok(Found {
        claim: batch.take(&claim)?,
        account: batch
            .take(&profile)?
            .ok_or_else(|| missing("the profile"))?,
        user: batch.take(&user)?.ok_or_else(|| missing("the user"))?,
        wallet: batch.take(&wallet)?,
    })
}

/// The card a claim made, while its page can still be opened.
async fn expected(
    app: &App,
    request: &Request<SignedIn>,
    found: &Found,
) -> Result<Option<Stored<NewCard>>, Failure> {
    let work = found.claim.as_ref().and_then(|claim| claim.value.work());
    let card = match work {
        Some(Work::Card(card)) => card,
        Some(Work::Order(_)) | None => return Ok(None),
    };
    let key = keys::new_card(found.account.value.id, card);
    let card: Option<Stored<NewCard>> = app.store().get(&key).await?;
    Ok(card.filter(|card| card.value.can_open(request.now)))
}

/// A card that is expected, and the claim that made it.
struct Asked {
    card: Stored<NewCard>,
    claim: Stored<Claim>,
}

/// T1: the claim, taken or taken over, with the card, unless that is there.
async fn expect(
    app: &App,
    request: &Request<SignedIn>,
    key: &ClaimKey,
    found: &Found,
    before: Option<Stored<NewCard>>,
    return_url: String,
) -> Result<Asked, Failure> {
    let (now, account) = (request.now, found.account.value.id);
    let (is_new, card) = match before {
        Some(card) => (false, card),
        None => {
            let source = CardSource::Page {
                return_url,
                locale: found.user.value.locale,
                closes_at: closing_time(now, PAGE_LIFE),
                page: None,
            };
            let value = NewCard::expected(app.new_id()?, account, source, now);
            (true, Stored { value, version: 1 })
        }
    };
    let work = Work::Card(card.value.id);
    let claim = Claim::begin(account, CreatePaymentMethod::SPEC.id, key, work, now);
    let claim = match &found.claim {
        Some(old) if !old.value.is_over(now) => old.value.clone().taken_over(work, now),
        // A claim whose time is over gives way to the new one.
        Some(_) | None => claim,
    };
    let read = found.claim.as_ref().map(|old| old.version);
    let mut act = Transaction::new(app.new_id()?);
    act.upsert(read, &claim, ());
    if is_new {
        act.insert(&card.value, ());
        let kind = EventKind::CardRequested {
            card: card.value.id,
        };
        act.insert(
            &event(app.new_id()?, Owner::Account { account }, kind, now),
            (),
        );
    }
    match app.store().commit(act).await {
        Ok(()) => {}
        Err(CommitError::Refused(())) => return Err(Code::RequestInProgress.into()),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let version = read.map_or(1, |read| read.saturating_add(1));
    Ok(Asked {
        card,
        claim: Stored {
            value: claim,
            version,
        },
    })
}

/// Why an answer was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overtaken {
    /// Another request made the account's customer at the provider.
    Customer,
    /// Another request or the reconciler went on with this card.
    Card,
}

/// Opens the page, and stores it with the answer.
async fn answer(
    app: &App,
    request: &Request<SignedIn>,
    found: Found,
    asked: Asked,
) -> Result<Reply<SetupView>, Failure> {
    let who = customer(&found.account.value, &found.user.value);
    match try_answer(app, request, &asked, &who).await? {
        Ok(reply) => return Ok(reply),
        Err(Overtaken::Card) => return Err(overtaken()),
        Err(Overtaken::Customer) => {}
    }
    // Two first pages at once: this one goes on with the other's customer.
    let who = known_customer(app, found.account.value.id).await?;
    try_answer(app, request, &asked, &who)
        .await?
        .map_err(|_| overtaken())
}

async fn try_answer(
    app: &App,
    request: &Request<SignedIn>,
    asked: &Asked,
    who: &Customer,
) -> Result<Result<Reply<SetupView>, Overtaken>, Failure> {
    let new = &asked.card.value;
    let (customer, page) = open(app, new, who).await?;
    let shown = new.clone().with_page(page);
    let (page, closes_at) = shown.page().ok_or_else(overtaken)?;
    let reply = Reply::data(SetupView {
        setup_url: page.url.clone(),
        expires_at: closes_at.to_string(),
    })
    .header("location", "/v1/payment-methods");
    let rendered = reply
        .render(CreatePaymentMethod::SPEC.success, &request.id.to_string())
        .map_err(|error| Failure::fault(&error))?;
    let mut act = Transaction::new(app.new_id()?);
    let answered = asked.claim.value.clone().answered(rendered);
    act.replace(asked.claim.version, &answered, Overtaken::Card);
    act.replace(asked.card.version, &shown, Overtaken::Card);
    if let Customer::New { .. } = who {
        let account = keys::account(new.account);
        act.set_once(
            &account,
            "provider_customer",
            &customer,
            Overtaken::Customer,
        );
    }
    match app.store().commit(act).await {
        Ok(()) => Ok(Ok(reply)),
        Err(CommitError::Refused(overtaken)) => Ok(Err(overtaken)),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The customer and the page, both made where they are missing.
async fn open(
    app: &App,
    new: &NewCard,
    who: &Customer,
) -> Result<(String, CardPage), PaymentError> {
    let gateway = gateway(app, Pace::Interactive).await?;
    let customer = match who {
        Customer::Known(customer) => customer.clone(),
        Customer::New { email } => {
            let (attempt, account) = (new.id.to_string(), new.account.to_string());
            gateway.create_customer(&attempt, &account, email).await?
        }
    };
    let page = open_card_page(&gateway, new, &customer).await?;
    Ok((customer, page))
}
