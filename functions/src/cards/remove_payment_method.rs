//! Removing a saved card.

use super::steps::{ROUNDS, commit, read, refuse};
use super::views::PaymentMethodView;
use domain::card::Wallet;
use domain::id::{AccountId, CardId};
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::payments::cards::check_wallet;
use platform::payments::provider::Pace;

/// `DELETE /v1/payment-methods/{id}`: one conditional write. The provider
/// forgets the card right after it, else when the reconciler asks it to.
pub struct RemovePaymentMethod;

/// Which card.
pub struct OldCard(CardId);

impl Input for OldCard {
    fn read(form: &mut Form) -> Read<Self> {
        form.path::<IdField<CardId>>("id").map(|id| Self(id.0))
    }
}

impl Operation for RemovePaymentMethod {
    const SPEC: Spec = Spec::delete("remove_payment_method", "/v1/payment-methods/{id}")
        .summary(
            "Remove a saved card, but not the one subscriptions renew by; the cards that are left.",
        )
        .codes(&[Code::NotFound, Code::CardInUse, Code::ConcurrentChange]);
    type Caller = SignedIn;
    type Input = OldCard;
    type Output = Vec<PaymentMethodView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        OldCard(id): OldCard,
    ) -> Result<Reply<Vec<PaymentMethodView>>, Failure> {
        for _ in 0..ROUNDS {
            let (wallet, came) = read(app, &request, id).await?;
            let wallet = wallet.ok_or(Code::NotFound)?;
            let value = &wallet.value;
            if value.card(id).is_none() && came.is_some_and(|came| came.value.is_saved()) {
                // A repetition succeeds, with one effect.
                return Ok(left(value, &request));
            }
            let is_needed =
                value.default == Some(id) && !app.store().renewing(value.account).await?.is_empty();
            let changed = value.clone().remove(id, is_needed, request.now);
            let changed = changed.map_err(refuse)?;
            if commit(app, &request, &wallet, &changed).await? {
                forget_now(app, value.account).await;
                return Ok(left(&changed.wallet, &request));
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// The cards that are left.
fn left(wallet: &Wallet, request: &Request<SignedIn>) -> Reply<Vec<PaymentMethodView>> {
    let cards = PaymentMethodView::all(wallet, request.now);
    let count = cards.len();
    Reply::data(cards).page(count, None)
}

/// Lets the provider forget it. What does not succeed now is done by the
/// reconciler: the answer does not depend on it.
async fn forget_now(app: &App, account: AccountId) {
    if let Err(error) = check_wallet(app, account, Pace::Interactive).await {
        app.note(account, &error);
    }
}
