//! Reading one subscription.

use super::views::SubscriptionView;
use domain::id::SubscriptionId;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/subscriptions/{id}`.
pub struct GetSubscription;

/// Which subscription.
pub struct GetSubscriptionInput {
    subscription: SubscriptionId,
}

impl Input for GetSubscriptionInput {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(subscription) = form.path("id")?;
        Ok(Self { subscription })
    }
}

impl Operation for GetSubscription {
    const SPEC: Spec = Spec::get("get_subscription", "/v1/subscriptions/{id}")
        .summary("Read a subscription.")
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = GetSubscriptionInput;
    type Output = SubscriptionView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: GetSubscriptionInput,
    ) -> Result<Reply<SubscriptionView>, Failure> {
        let SignedIn(claims) = &request.caller;
        let found = app
            .store()
            .subscription(claims.account, input.subscription)
            .await?
            .ok_or(Code::NotFound)?;
        Ok(Reply::data(SubscriptionView::of(&found.value, request.locale)).version(found.version))
    }
}
