//! Reading an account's subscriptions, newest first.

use super::views::SubscriptionView;
use crate::listing::{ListInput, Listing};
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/subscriptions`.
pub struct ListSubscriptions;

impl Operation for ListSubscriptions {
    const SPEC: Spec = Spec::get("list_subscriptions", "/v1/subscriptions")
        .summary("List the account's subscriptions, newest first.")
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListInput;
    type Output = Vec<SubscriptionView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListInput,
    ) -> Result<Reply<Vec<SubscriptionView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input, true).await?;
        let SignedIn(claims) = &request.caller;
        let page = app
            .store()
            .subscriptions_of(claims.account, &listing.page)
            .await?;
        let found: Vec<SubscriptionView> = page
            .items
            .iter()
            .map(|read| SubscriptionView::of(&read.value, request.locale))
            .collect();
        let (count, next) = (found.len(), listing.next(app, page.next).await?);
        Ok(Reply::data(found).page(count, next))
    }
}
