//! Paying an order that still waits, on another page: after a decline, on
//! another device, or because the address of the first page was lost.
//!
//! 1. one transaction that says that another page is asked for, with the claim
//!    on the idempotency key;
//! 2. the open page is closed at the provider, and with it the attempt: the
//!    next one begins (whoever sees it closed writes that: this request, the
//!    provider's event or the reconciler);
//! 3. the next page, and one transaction that stores it with the answer.

use super::answering::{Placed, answer, customer, overtaken, take_over};
use super::views::PlacedView;
use domain::account::{Account, User};
use domain::id::OrderId;
use domain::order::{Order, OrderStatus};
use domain::payment::{AttemptRefusal, Purpose, Reference};
use jiff::Timestamp;
use platform::app::App;
use platform::http::fields::{IdField, Text};
use platform::http::form::{Form, Read};
use platform::http::operation::{Idempotency, Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::{Claimed, Reply};
use platform::http::request::{ClaimKey, Request};
use platform::identity::session::require_live;
use platform::payments::gateway;
use platform::payments::hosted::can_open;
use platform::payments::objects::Locator;
use platform::payments::pages::{PageEnd, end_page};
use platform::payments::provider::Pace;
use platform::payments::scene::{Scene, Subject};
use platform::store::claims::{Claim, Work};
use platform::store::identity::Session;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who change the same payment.
const ROUNDS: u32 = 4;

/// `POST /v1/orders/{id}/payment`.
pub struct PayOrder;

/// Which order, and where its page sends the customer.
pub struct PayOrderInput {
    order: OrderId,
    return_url: String,
}

impl Input for PayOrderInput {
    fn read(form: &mut Form) -> Read<Self> {
        let order = form.path::<IdField<OrderId>>("id");
        let return_url = form.body(|body| body.required::<Text<2000>>("returnUrl"));
        Ok(Self {
            return_url: return_url?.0,
            order: order?.0,
        })
    }
}

impl Operation for PayOrder {
    const SPEC: Spec = Spec::post("pay_order", "/v1/orders/{id}/payment")
        .summary("Open another payment page for an order that is not paid yet.")
        .idempotency(Idempotency::Required)
        .tag(Tag::Version)
        .codes(&[
            Code::NotFound,
            Code::StateConflict,
            Code::ConcurrentChange,
            Code::TooManyRequests,
        ]);
    type Caller = SignedIn;
    type Input = PayOrderInput;
    type Output = PlacedView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: PayOrderInput,
    ) -> Result<Reply<PlacedView>, Failure> {
        let key = request.claim.clone().ok_or(Code::IdempotencyKeyRequired)?;
        if !app.config().allows_return_url(&input.return_url) {
            return Err(Failure::field("/returnUrl", Reason::ForeignUrl));
        }
        for _ in 0..ROUNDS {
            let found = read(app, &request, &key, input.order).await?;
            let claim = found
                .claim
                .clone()
                .filter(|claim| !claim.value.is_over(request.now));
            let met = claim.map(|claim| (claim.value.meets(&key, request.now), claim));
            let claim = match met {
                Some((Claimed::Answered(answer), _)) => return Ok(Reply::answer(answer)),
                Some((Claimed::Refused(code), _)) => return Err(code.into()),
                // Its invocation died: the page it asked for is still wanted.
                Some((Claimed::Free, claim)) => {
                    let work = Work::Order(input.order);
                    Some(take_over(app, claim, work, request.now).await?)
                }
                None => ask(app, &request, &key, &found, &input).await?,
            };
            if let Some(claim) = claim {
                let scene = turn_page(app, &found.order.value).await?;
                if is_too_late(&scene, app.now()) {
                    return Err(overtaken());
                }
                let placed = found.placed(scene, claim)?;
                return answer(app, &request, PayOrder::SPEC, placed).await;
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
    order: Stored<Order>,
}

async fn read(
    app: &App,
    request: &Request<SignedIn>,
    key: &ClaimKey,
    order: OrderId,
) -> Result<Found, Failure> {
    let SignedIn(claims) = &request.caller;
    let account = claims.account;
    let session = keys::session(claims.user, claims.session);
    let claim = keys::idempotency(account, PayOrder::SPEC.id, &key.key_hash);
    let (profile, user) = (keys::account(account), keys::user(claims.user));
    let order = keys::order(account, order);
    let wanted = [&session, &claim, &profile, &user, &order].map(Clone::clone);
    let mut batch = app.store().batch(&wanted).await?;
    let session: Option<Stored<Session>> = batch.take(&session)?;
    require_live(session, request.now)?;
    let missing = |what: &str| Failure::Fault(format!("{what} of {account} is missing"));
    let order: Stored<Order> = batch.take(&order)?.ok_or(Code::NotFound)?;
    Ok(Found {
        claim: batch.take(&claim)?,
        account: batch
            .take(&profile)?
            .ok_or_else(|| missing("the profile"))?,
        user: batch.take(&user)?.ok_or_else(|| missing("the user"))?,
        order,
    })
}

/// An order with its payment, as both are now.
async fn scene_of(app: &App, order: &Order) -> Result<Scene, Failure> {
    let at = Locator {
        reference: Reference {
            account: order.account,
            payment: order.payment,
            attempt: 0,
        },
        purpose: Purpose::Order { order: order.id },
        invoice: order.invoice,
    };
    let found = app.store().scene(&at, None).await?;
    let missing = || Failure::Fault("the payment of an order is missing".to_owned());
    found.scene.ok_or_else(missing)
}

/// What a refused condition of asking means.
#[derive(Debug, Clone, Copy)]
enum Taken {
    Claim,
    Payment,
}

/// T1: asks for another page of an order that waits; nothing when its payment
/// changed meanwhile.
async fn ask(
    app: &App,
    request: &Request<SignedIn>,
    key: &ClaimKey,
    found: &Found,
    input: &PayOrderInput,
) -> Result<Option<Stored<Claim>>, Failure> {
    let (now, order) = (request.now, &found.order.value);
    if order.status != OrderStatus::Pending {
        return Err(Code::StateConflict.into());
    }
    let payment = scene_of(app, order).await?.payment;
    let asked = payment
        .value
        .ask_page(input.return_url.clone(), now)
        .map_err(refusal)?;
    let work = Work::Order(order.id);
    let claim = Claim::begin(order.account, PayOrder::SPEC.id, key, work, now);
    let mut act = Transaction::new(app.new_id()?);
    let read = found.claim.as_ref().map(|old| old.version);
    act.upsert(read, &claim, Taken::Claim);
    act.replace(payment.version, &asked, Taken::Payment);
    let order = keys::order(order.account, order.id);
    act.unchanged(&order, found.order.version, Taken::Payment);
    match app.store().commit(act).await {
        Ok(()) => {}
        Err(CommitError::Refused(Taken::Claim)) => return Err(Code::RequestInProgress.into()),
        Err(CommitError::Refused(Taken::Payment)) => return Ok(None),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let version = read.map_or(1, |read| read.saturating_add(1));
    Ok(Some(Stored {
        value: claim,
        version,
    }))
}

fn refusal(refused: AttemptRefusal) -> Failure {
    match refused {
        AttemptRefusal::Closed(_) | AttemptRefusal::Open(_) => Code::StateConflict.into(),
        AttemptRefusal::Many(_) => Code::TooManyRequests.into(),
    }
}

/// Closes the open page at the provider, so that the one asked for begins.
async fn turn_page(app: &App, order: &Order) -> Result<Scene, Failure> {
    for _ in 0..ROUNDS {
        let scene = scene_of(app, order).await?;
        let payment = &scene.payment.value;
        let waits = payment.open_attempt().cloned();
        let Some(attempt) = waits.filter(|_| payment.another_page.is_some()) else {
            return Ok(scene);
        };
        let gateway = gateway(app, Pace::Interactive).await?;
        match end_page(app, &gateway, scene, &attempt).await? {
            // It is paid; that is written down where captures are.
            PageEnd::Complete => return Err(Code::StateConflict.into()),
            PageEnd::Closed | PageEnd::Overtaken => {}
        }
    }
    Err(Code::ConcurrentChange.into())
}

/// True when the page that was asked for was never opened and cannot be any
/// more: under this key there is nothing to show, under another one there is.
fn is_too_late(scene: &Scene, now: Timestamp) -> bool {
    let open = scene.payment.value.open_attempt();
    open.is_some_and(|attempt| attempt.page().is_none() && !can_open(attempt, now))
}

impl Found {
    /// What is to be answered about: the order as it is now.
    fn placed(self, scene: Scene, claim: Stored<Claim>) -> Result<Placed, Failure> {
        let order = match scene.subject {
            Subject::Order { order } if order.value.status == OrderStatus::Pending => *order,
            Subject::Order { .. } | Subject::Renewal { .. } => {
                return Err(Code::StateConflict.into());
            }
        };
        Ok(Placed {
            customer: customer(&self.account.value, &self.user.value),
            payment: scene.payment,
            order,
            claim,
        })
    }
}
