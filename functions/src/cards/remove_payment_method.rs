//! Removing a saved card.

use super::steps::{ROUNDS, WhichCard, commit, read, refuse};
use super::views::PaymentMethodView;
use domain::id::AccountId;
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::payments::cards::check_wallet;
use platform::payments::provider::Pace;

/// `DELETE /v1/payment-methods/{id}`: one conditional write. The provider
/// forgets the card right after it, else when the reconciler asks it to.
pub struct RemovePaymentMethod;

impl Operation for RemovePaymentMethod {
    const SPEC: Spec = Spec::delete("remove_payment_method", "/v1/payment-methods/{id}")
        .summary("Remove a saved card; not the one subscriptions renew by.")
        .codes(&[Code::NotFound, Code::CardInUse, Code::ConcurrentChange]);
    type Caller = SignedIn;
    type Input = WhichCard;
    type Output = PaymentMethodView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        WhichCard(id): WhichCard,
    ) -> Result<Reply<PaymentMethodView>, Failure> {
        for _ in 0..ROUNDS {
            let wallet = read(app, &request).await?;
            let value = &wallet.value;
            let card = value.card(id).ok_or(Code::NotFound)?;
            let is_needed =
                value.default == Some(id) && !app.store().renewing(value.account).await?.is_empty();
            let view = PaymentMethodView::of(card, value, request.now);
            let changed = value.clone().remove(id, is_needed, request.now);
            let changed = changed.map_err(refuse)?;
            if commit(app, &request, &wallet, &changed).await? {
                forget_now(app, value.account).await;
                let is_default = false;
                return Ok(Reply::data(PaymentMethodView { is_default, ..view }));
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Lets the provider forget it. What does not succeed now is done by the
/// reconciler: the answer does not depend on it.
async fn forget_now(app: &App, account: AccountId) {
    if let Err(error) = check_wallet(app, account, Pace::Interactive).await {
        app.note(account, &error);
    }
}
