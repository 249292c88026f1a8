//! Canceling an order that is not paid.

use super::views::OrderView;
use domain::event::{EventKind, Owner};
use domain::id::OrderId;
use domain::order::{Order, OrderStatus};
use domain::payment::Payment;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Idempotency, Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::session::require_live;
use platform::payments::gateway;
use platform::payments::hosted::expire_page;
use platform::payments::provider::Pace;
use platform::store::claims::Honoured;
use platform::store::events::event;
use platform::store::identity::Session;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who change the same order.
const ROUNDS: u32 = 4;

/// `POST /v1/orders/{id}/cancellation`.
pub struct CancelOrder;

/// Which order.
pub struct CancelOrderInput {
    order: OrderId,
}

impl Input for CancelOrderInput {
    fn read(form: &mut Form) -> Read<Self> {
        let order = form.path::<IdField<OrderId>>("id");
        form.body(|_| Ok(()))?;
        Ok(Self { order: order?.0 })
    }
}

impl Operation for CancelOrder {
    const SPEC: Spec = Spec::post("cancel_order", "/v1/orders/{id}/cancellation")
        .summary("Cancel an order that is not paid yet.")
        .idempotency(Idempotency::Honoured)
        .body_optional()
        .tag(Tag::Guard)
        .codes(&[
            Code::NotFound,
            Code::StateConflict,
            Code::ConcurrentChange,
            Code::VersionMismatch,
        ]);
    type Caller = SignedIn;
    type Input = CancelOrderInput;
    type Output = OrderView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: CancelOrderInput,
    ) -> Result<Reply<OrderView>, Failure> {
        for _ in 0..ROUNDS {
            if let Some(reply) = try_cancel(app, &request, input.order).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Cancels the order as it stands; nothing when it changed meanwhile.
async fn try_cancel(
    app: &App,
    request: &Request<SignedIn>,
    order: OrderId,
) -> Result<Option<Reply<OrderView>>, Failure> {
    let mut key = Honoured::of(request, CancelOrder::SPEC);
    let found = read(app, request, order, &mut key).await?;
    require_live(found.session, request.now)?;
    if let Some(answer) = key.earlier()? {
        return Ok(Some(Reply::answer(answer)));
    }
    let order = found.order.ok_or(Code::NotFound)?;
    let expected = request.expected_version()?;
    if expected.is_some_and(|version| version != order.version) {
        return Err(Code::VersionMismatch.into());
    }
    if let OrderStatus::Canceled { .. } = order.value.status {
        // A repetition succeeds, with one effect.
        let view = OrderView::of(&order.value, request.locale);
        let reply = Reply::data(view).version(order.version);
        return Ok(key.keep_alone(app, &reply).await?.then_some(reply));
    }
    let canceled = order.value.clone().cancel(request.now);
    let canceled = canceled.map_err(|_| Code::StateConflict)?;
    let reply = commit(app, request, &order, canceled, &key).await?;
    if reply.is_some() {
        close_pages(app, &order.value).await;
    }
    Ok(reply)
}

struct Found {
    session: Option<Stored<Session>>,
    order: Option<Stored<Order>>,
}

async fn read(
    app: &App,
    request: &Request<SignedIn>,
    order: OrderId,
    key: &mut Honoured<'_, SignedIn>,
) -> Result<Found, Failure> {
    let SignedIn(claims) = &request.caller;
    let session = keys::session(claims.user, claims.session);
    let order = keys::order(claims.account, order);
    let mut wanted = vec![session.clone(), order.clone()];
    wanted.extend(key.wanted());
    let mut batch = app.store().batch(&wanted).await?;
    key.take(&mut batch)?;
    Ok(Found {
        session: batch.take(&session)?,
        order: batch.take(&order)?,
    })
}

async fn commit(
    app: &App,
    request: &Request<SignedIn>,
    read: &Stored<Order>,
    canceled: Order,
    key: &Honoured<'_, SignedIn>,
) -> Result<Option<Reply<OrderView>>, Failure> {
    let account = canceled.account;
    let version = read.version.saturating_add(1);
    let reply = Reply::data(OrderView::of(&canceled, request.locale)).version(version);
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, &canceled, ());
    let kind = EventKind::OrderCanceled { order: canceled.id };
    act.insert(
        &event(app.new_id()?, Owner::Account { account }, kind, request.now),
        (),
    );
    key.keep(&mut act, &reply, ())
        .map_err(|error| Failure::fault(&error))?;
    match app.store().commit(act).await {
        Ok(()) => Ok(Some(reply)),
        Err(CommitError::Refused(())) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Closes the payment page at the provider, as far as it answers. What is
/// still paid on it comes back as a refund.
async fn close_pages(app: &App, order: &Order) {
    let payment = app
        .store()
        .get::<Payment>(&keys::payment(order.account, order.payment))
        .await;
    let Ok(Some(payment)) = payment else { return };
    let Ok(gateway) = gateway(app, Pace::Interactive).await else {
        return;
    };
    for attempt in payment
        .value
        .attempts
        .iter()
        .filter(|attempt| attempt.is_open())
    {
        if let Some(page) = attempt.page() {
            let _the_reconciler_reads_it_later =
                expire_page(&gateway, &payment.value, attempt, &page.session).await;
        }
    }
}
