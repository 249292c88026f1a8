//! Choosing the card renewals are charged to.

use super::steps::{ROUNDS, commit, read, refuse};
use super::views::PaymentMethodView;
use domain::card::Wallet;
use domain::id::CardId;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `PUT /v1/payment-methods/{id}/default`: one conditional write. Renewals that
/// failed with another card follow within minutes.
pub struct SetDefaultPaymentMethod;

/// Which card.
pub struct DefaultCard(CardId);

impl Input for DefaultCard {
    fn read(form: &mut Form) -> Read<Self> {
        let id = form.path::<IdField<CardId>>("id");
        form.body(|_| Ok(()))?;
        Ok(Self(id?.0))
    }
}

impl Operation for SetDefaultPaymentMethod {
    const SPEC: Spec = Spec::put(
        "set_default_payment_method",
        "/v1/payment-methods/{id}/default",
    )
    .summary("Charge all renewals to this card from now on. One that failed with another card is tried at once.")
    .body_optional()
    .codes(&[
        Code::NotFound,
        Code::CardExpired,
        Code::ConcurrentChange,
    ]);
    type Caller = SignedIn;
    type Input = DefaultCard;
    type Output = PaymentMethodView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        DefaultCard(card): DefaultCard,
    ) -> Result<Reply<PaymentMethodView>, Failure> {
        for _ in 0..ROUNDS {
            let (wallet, _) = read(app, &request, card).await?;
            let wallet = wallet.ok_or(Code::NotFound)?;
            let changed = wallet
                .value
                .clone()
                .set_default(card, request.now)
                .map_err(refuse)?;
            let Some(changed) = changed else {
                // A repetition succeeds, with one effect.
                return view(&wallet.value, card, &request);
            };
            if commit(app, &request, &wallet, &changed).await? {
                return view(&changed.wallet, card, &request);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

fn view(
    wallet: &Wallet,
    card: CardId,
    request: &Request<SignedIn>,
) -> Result<Reply<PaymentMethodView>, Failure> {
    let card = wallet.card(card).ok_or(Code::NotFound)?;
    let view = PaymentMethodView::of(card, wallet, request.now);
    Ok(Reply::data(view))
}
