//! Reading an account's orders, newest first.

use super::filter::Filter;
use super::views::OrderView;
use crate::listing::{ListInput, Listing};
use domain::id::AccountId;
use domain::locale::Locale;
use domain::order::Order;
use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::{PageRequest, keys};

/// Most orders that are read for one page: the rest is for the next one.
const MOST_READ: usize = 300;

/// Orders that are read at a time where some are left out.
const AT_A_TIME: u32 = 100;

/// `GET /v1/orders`.
pub struct ListOrders;

/// Which orders, and which part of the list.
pub struct ListOrdersInput {
    list: ListInput,
    filter: Filter,
}

impl Input for ListOrdersInput {
    fn read(form: &mut Form) -> Read<Self> {
        let list = ListInput::read(form);
        let filter = Filter::read(form);
        Ok(Self {
            list: list?,
            filter: filter?,
        })
    }
}

impl Operation for ListOrders {
    const SPEC: Spec = Spec::get("list_orders", "/v1/orders")
        .summary("List the account's orders, newest first.")
        .details(
            "Filters may be combined; an order is listed when all of them fit. `from` is the \
             first day and `to` the day after the last, both beginning at midnight UTC, of \
             `createdAt`. `q` is looked for in the names of the lines and the order's id, \
             without regard to case and accents. At most 300 orders are read for a page: one \
             whose filters fit few may hold fewer than `limit`, even none, and yet have a \
             `nextCursor`; the list ends where that is null.",
        )
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListOrdersInput;
    type Output = Vec<OrderView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListOrdersInput,
    ) -> Result<Reply<Vec<OrderView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input.list, true).await?;
        let SignedIn(claims) = &request.caller;
        answer(app, &listing, claims.account, &input.filter, request.locale).await
    }
}

/// One page of an account's orders that fit.
///
/// # Errors
/// [`Failure`] when the table cannot be read, or the cursor not be signed.
pub(super) async fn answer(
    app: &App,
    listing: &Listing,
    account: AccountId,
    filter: &Filter,
    locale: Locale,
) -> Result<Reply<Vec<OrderView>>, Failure> {
    let found = find(app, account, filter, &listing.page).await?;
    let orders = found.orders.iter();
    let orders: Vec<OrderView> = orders.map(|order| OrderView::of(order, locale)).collect();
    let (count, next) = (orders.len(), listing.next(app, found.next).await?);
    Ok(Reply::data(orders).page(count, next))
}

/// Orders that fit, and after which key the list goes on.
struct Found {
    orders: Vec<Order>,
    next: Option<String>,
}

/// Reads on until the page is full, the list is over, or enough was read.
async fn find(
    app: &App,
    account: AccountId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Found, Failure> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut ask = PageRequest {
        limit: match filter.takes_all() {
            true => page.limit,
            false => AT_A_TIME,
        },
        ..page.clone()
    };
    let (mut orders, mut read) = (Vec::new(), 0_usize);
    loop {
        let part = app.store().orders_of(account, filter.span(), &ask).await?;
        read = read.saturating_add(part.items.len());
        let mut rest = part.items.into_iter().map(|order| order.value);
        for order in rest.by_ref().filter(|order| filter.admits(order)) {
            orders.push(order);
            if orders.len() >= limit {
                break;
            }
        }
        if orders.len() >= limit {
            let more = rest.next().is_some() || part.next.is_some();
            let last = orders.last().map(|order| keys::order(account, order.id).sk);
            let next = last.filter(|_| more);
            return Ok(Found { orders, next });
        }
        if part.next.is_none() || read >= MOST_READ {
            let next = part.next;
            return Ok(Found { orders, next });
        }
        ask.after = part.next;
    }
}
