//! Reading the saved cards of an account.

use super::views::PaymentMethodView;
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/payment-methods`.
pub struct ListPaymentMethods;

impl Operation for ListPaymentMethods {
    const SPEC: Spec = Spec::get("list_payment_methods", "/v1/payment-methods")
        .summary("List the saved cards, in the order they were saved, and which one renewals are charged to.");
    type Caller = SignedIn;
    type Input = ();
    type Output = Vec<PaymentMethodView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        (): (),
    ) -> Result<Reply<Vec<PaymentMethodView>>, Failure> {
        let SignedIn(claims) = &request.caller;
        let wallet = app.store().wallet(claims.account).await?;
        let cards = wallet.map_or_else(Vec::new, |wallet| {
            PaymentMethodView::all(&wallet.value, request.now)
        });
        let count = cards.len();
        Ok(Reply::data(cards).page(count, None))
    }
}
