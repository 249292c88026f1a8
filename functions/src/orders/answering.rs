//! The second half of placing an order: the payment page, and the answer that
//! a repetition of the request gets as well.

use super::views::{OrderView, PaymentView, PlacedView};
use domain::account::{Account, User};
use domain::id::AccountId;
use domain::order::{Order, OrderStatus};
use domain::payment::{Attempt, HostedPage, Payment};
use jiff::Timestamp;
use platform::app::App;
use platform::http::operation::{SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::payments::hosted::{PageText, can_open, key_of, open_page};
use platform::payments::pages::{close_page, order_title};
use platform::payments::provider::{CallError, Pace};
use platform::payments::{PaymentError, gateway};
use platform::store::claims::{Claim, Work};
use platform::store::{CommitError, Stored, Transaction, keys};

/// An order in the table whose payment page may be missing.
pub struct Placed {
    /// The order.
    pub order: Stored<Order>,
    /// Its payment.
    pub payment: Stored<Payment>,
    /// The claim on the idempotency key.
    pub claim: Stored<Claim>,
    /// The customer at the provider.
    pub customer: Customer,
}

/// The customer at the provider, known or to be made.
pub enum Customer {
    /// Known from an earlier payment.
    Known(String),
    /// To be made.
    New {
        /// Where the provider reaches it.
        email: String,
    },
}

/// The customer an account has, or will have.
pub fn customer(account: &Account, user: &User) -> Customer {
    match &account.provider_customer {
        Some(customer) => Customer::Known(customer.clone()),
        None => Customer::New {
            email: user.email.as_str().to_owned(),
        },
    }
}

/// The claim of an invocation that died, in the hands of this one.
///
/// # Errors
/// [`Code::RequestInProgress`] when somebody else has it already.
pub async fn take_over(
    app: &App,
    claim: Stored<Claim>,
    work: Work,
    now: Timestamp,
) -> Result<Stored<Claim>, Failure> {
    let taken = claim.value.taken_over(work, now);
    let mut act = Transaction::new(app.new_id()?);
    act.replace(claim.version, &taken, ());
    match app.store().commit(act).await {
        Ok(()) => Ok(Stored {
            value: taken,
            version: claim.version.saturating_add(1),
        }),
        Err(CommitError::Refused(())) => Err(Code::RequestInProgress.into()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Why an answer was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overtaken {
    /// Another order made the account's customer at the provider.
    Customer,
    /// Another request or the reconciler went on with this order.
    Order,
}

/// Opens the payment page, and stores it with the answer.
///
/// # Errors
/// [`Failure::Unavailable`] when the page could not be opened or stored now;
/// the same key goes on with the same attempt.
pub async fn answer(
    app: &App,
    request: &Request<SignedIn>,
    spec: Spec,
    mut placed: Placed,
) -> Result<Reply<PlacedView>, Failure> {
    match try_answer(app, request, spec, &placed).await? {
        Ok(reply) => return Ok(reply),
        Err(Overtaken::Order) => return Err(overtaken()),
        Err(Overtaken::Customer) => {}
    }
    // Two first orders at once: this one goes on with the other's customer.
    placed.customer = known_customer(app, placed.order.value.account).await?;
    try_answer(app, request, spec, &placed)
        .await?
        .map_err(|_| overtaken())
}

/// The customer that another request made for the account meanwhile.
///
/// # Errors
/// [`Failure::Unavailable`] when it is not there yet, or cannot be read.
pub async fn known_customer(app: &App, account: AccountId) -> Result<Customer, Failure> {
    let account: Option<Stored<Account>> = app.store().get(&keys::account(account)).await?;
    let known = account.and_then(|account| account.value.provider_customer);
    known.map(Customer::Known).ok_or_else(overtaken)
}

/// Somebody else went on with it: the same key is answered a moment later.
pub fn overtaken() -> Failure {
    Failure::Unavailable {
        retry_after: 1,
        cause: "overtaken".to_owned(),
    }
}

async fn try_answer(
    app: &App,
    request: &Request<SignedIn>,
    spec: Spec,
    placed: &Placed,
) -> Result<Result<Reply<PlacedView>, Overtaken>, Failure> {
    let payment = placed.payment.value.clone();
    let pending = placed.order.value.status == OrderStatus::Pending;
    let Some(attempt) = payment
        .open_attempt()
        .filter(|attempt| pending && can_open(attempt, app.now()))
    else {
        // The page is there already, or there will be none.
        return store_answer(app, request, (spec, placed), payment, None).await;
    };
    match open(app, placed, attempt).await {
        Ok((customer, page)) => {
            let shown = payment.clone().with_page(attempt.number, page, app.now());
            store_answer(app, request, (spec, placed), shown, Some(customer)).await
        }
        Err(PaymentError::Call(error @ CallError::Rejected { .. })) => {
            let scene = app.store().scene_of(&payment).await?;
            close_page(app, scene, attempt.number).await?;
            Err(PaymentError::Call(error).into())
        }
        // Nobody knows, or not now: the same key goes on with this attempt.
        Err(error) => Err(error.into()),
    }
}

/// The customer and the page, both made where they are missing.
async fn open(
    app: &App,
    placed: &Placed,
    attempt: &Attempt,
) -> Result<(String, HostedPage), PaymentError> {
    let gateway = gateway(app, Pace::Interactive).await?;
    let (order, payment) = (&placed.order.value, &placed.payment.value);
    let customer = match &placed.customer {
        Customer::Known(customer) => customer.clone(),
        Customer::New { email } => {
            let (attempt, account) = (key_of(payment, attempt), order.account.to_string());
            gateway.create_customer(&attempt, &account, email).await?
        }
    };
    let text = PageText {
        description: order_title(order),
        locale: order.locale,
    };
    let page = open_page(&gateway, payment, attempt, &customer, &text).await?;
    Ok((customer, page))
}

async fn store_answer(
    app: &App,
    request: &Request<SignedIn>,
    (spec, placed): (Spec, &Placed),
    payment: Payment,
    customer: Option<String>,
) -> Result<Result<Reply<PlacedView>, Overtaken>, Failure> {
    let order = &placed.order.value;
    let view = PlacedView {
        order: OrderView::of(order, request.locale),
        payment: PaymentView::of(&payment),
    };
    let mut reply = Reply::data(view).version(placed.order.version);
    if spec.success == 201 {
        reply = reply.header("location", format!("/v1/orders/{}", order.id));
    }
    let rendered = reply
        .render(spec.success, &request.id.to_string())
        .map_err(|error| Failure::fault(&error))?;
    let mut act = Transaction::new(app.new_id()?);
    let answered = placed.claim.value.clone().answered(rendered);
    act.replace(placed.claim.version, &answered, Overtaken::Order);
    if payment != placed.payment.value {
        // A page is for an order that still waits for it.
        act.unchanged(
            &keys::order(order.account, order.id),
            placed.order.version,
            Overtaken::Order,
        );
        act.replace(placed.payment.version, &payment, Overtaken::Order);
    }
    if let (Some(customer), Customer::New { .. }) = (customer, &placed.customer) {
        act.set_once(
            &keys::account(order.account),
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
