//! Looking up what nobody told us: attempts whose outcome is open and pages
//! whose webhook never came.

use super::cards::learn_paid;
use super::dunning::end_disproved;
use super::finalise;
use super::hosted::can_open;
use super::inbox::mismatch;
use super::objects::Locator;
use super::pages::{PageEnd, close_page, end_page, reopen};
use super::provider::{Gateway, Pace};
use super::refunds::{Asking, make_refund};
use super::renew::{charge, follow_up, number};
use super::returns::take_in;
use super::scene::{Scene, Subject};
use super::settle::{Settled, settle};
use super::surplus::refund_surplus;
use super::writing::store_payment;
use super::{PaymentError, gateway};
use crate::app::App;
use crate::http::problem::chain;
use crate::store::keys;
use domain::id::{AccountId, PaymentId};
use domain::order::OrderStatus;
use domain::payment::{Attempt, Channel, Payment, ProviderPayment};
use jiff::SignedDuration;

/// The provider keeps idempotency keys for 24 hours; well before that,
/// nothing is posted under an old key any more.
const POST_AGAIN_FOR: SignedDuration = SignedDuration::from_hours(20);

/// What a look at the provider came to.
enum Look {
    /// Something was written because of it.
    Done,
    /// Nothing is decided.
    Open,
    /// The provider knows nothing of it.
    Absent,
}

impl Look {
    fn of(done: bool) -> Self {
        if done { Self::Done } else { Self::Open }
    }
}

/// Brings one payment further: its open attempt is looked up at the provider,
/// a capture nobody owes is refunded.
///
/// # Errors
/// [`PaymentError`]; the payment keeps its timer.
pub async fn check_payment(
    app: &App,
    account: AccountId,
    id: PaymentId,
) -> Result<(), PaymentError> {
    let Some(payment) = app
        .store()
        .get::<Payment>(&keys::payment(account, id))
        .await?
    else {
        return Ok(());
    };
    if payment.value.check_at.is_none_or(|at| at > app.now()) {
        return Ok(());
    }
    let gateway = gateway(app, Pace::OffSession).await?;
    let scene = app.store().scene_of(&payment.value).await?;
    if scene.payment.value.open_surplus().is_some() {
        return refund_surplus(app, &gateway, scene).await;
    }
    if scene.payment.value.open_refund().is_some() {
        make_refund(app, &gateway, scene, Asking::Again).await?;
        return take_in(app, &gateway, &payment.value).await;
    }
    let Some(attempt) = scene.payment.value.open_attempt().cloned() else {
        let rested = scene.payment.value.clone();
        return store_payment(
            app,
            &scene,
            Payment {
                check_at: None,
                ..rested
            },
        )
        .await;
    };
    let looked = look(app, &gateway, &scene, &attempt).await;
    let (now, payment) = (app.now(), scene.payment.value.clone());
    let payment = match looked {
        Ok(Look::Done) => return Ok(()),
        Ok(Look::Absent) => payment.absent(now),
        Ok(Look::Open) | Err(_) => payment,
    };
    let is_charge = matches!(attempt.channel, Channel::OffSession { .. });
    if is_charge && now.duration_since(attempt.started_at) >= POST_AGAIN_FOR {
        app.count("Unresolved");
    }
    // The next look is later, whatever is wrong meanwhile.
    store_payment(app, &scene, payment.checked(now)).await?;
    looked.map(|_| ())
}

/// Looks at the provider what became of an open attempt.
async fn look(
    app: &App,
    gateway: &Gateway<'_>,
    scene: &Scene,
    attempt: &Attempt,
) -> Result<Look, PaymentError> {
    match (&attempt.channel, attempt.page()) {
        (Channel::Hosted { .. }, Some(page)) => {
            check_page(app, gateway, scene, attempt, &page.session)
                .await
                .map(Look::of)
        }
        (Channel::Hosted { closes_at, .. }, None) => {
            if scene.payment.value.another_page.is_some() {
                let ended = end_page(app, gateway, scene.clone(), attempt).await;
                ended.map(|end| Look::of(end == PageEnd::Closed))
            } else if can_open(attempt, app.now()) {
                let opened = reopen(app, gateway, scene.clone(), attempt).await;
                opened.map(Look::of)
            } else if *closes_at <= app.now() {
                let closed = close_page(app, scene.clone(), attempt.number).await;
                closed.map(Look::of)
            } else {
                Ok(Look::Open)
            }
        }
        (Channel::OffSession { customer, .. }, _) => {
            check_charge(app, gateway, scene.clone(), attempt, customer).await
        }
    }
}

/// Settles with what was looked up. True when something came of it.
async fn settle_lookup(
    app: &App,
    seen: &ProviderPayment,
    scene: Scene,
) -> Result<bool, PaymentError> {
    match settle(app, seen, scene, None).await? {
        Settled::Unchanged => Ok(false),
        Settled::Mismatched(reason) => {
            app.count("Quarantined");
            Err(mismatch(reason))
        }
        settled @ Settled::Applied(_) => {
            list_card(app, &settled, Pace::OffSession).await;
            follow_up(app, settled).await?;
            Ok(true)
        }
    }
}

/// Reads an open page. True when it is decided.
async fn check_page(
    app: &App,
    gateway: &Gateway<'_>,
    scene: &Scene,
    attempt: &Attempt,
    session: &str,
) -> Result<bool, PaymentError> {
    let page = gateway.session(session).await?;
    if let Some(intent) = &page.payment_intent {
        let intent = gateway.intent(intent).await?;
        if intent.status == "succeeded" || page.status.as_deref() == Some("complete") {
            let seen = intent
                .observe()
                .map_err(|error| PaymentError::Computation(chain(&error)))?;
            return settle_lookup(app, &seen, scene.clone()).await;
        }
    }
    let is_wanted = match &scene.subject {
        Subject::Order { order } => {
            let is_last = scene.payment.value.another_page.is_none();
            is_last && order.value.status == OrderStatus::Pending
        }
        Subject::Renewal { .. } => true,
    };
    match page.status.as_deref() {
        // What was canceled must not be paid; another page follows this one.
        Some("open") if !is_wanted => {
            let ended = end_page(app, gateway, scene.clone(), attempt).await?;
            Ok(ended == PageEnd::Closed)
        }
        Some("expired") => close_page(app, scene.clone(), attempt.number).await,
        _ => Ok(false),
    }
}

/// Looks a charge up: by its id if it is known, else in the provider's list;
/// if it is not there it is posted again under the same key while the
/// provider still knows the key.
async fn check_charge(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
    attempt: &Attempt,
    customer: &str,
) -> Result<Look, PaymentError> {
    let at = Locator::of(&scene.payment.value, attempt.number);
    let found = match &attempt.provider_payment {
        Some(id) => Some(gateway.intent(id).await?),
        None => {
            let since = attempt.started_at.as_second().saturating_sub(300);
            let listed = gateway.intents_since(customer, since).await?;
            listed
                .into_iter()
                .find(|intent| Locator::read(&intent.metadata) == Some(at))
        }
    };
    if let Some(intent) = found {
        let seen = intent
            .observe()
            .map_err(|error| PaymentError::Computation(chain(&error)))?;
        return settle_lookup(app, &seen, scene).await.map(Look::of);
    }
    if app.now().duration_since(attempt.started_at) < POST_AGAIN_FOR {
        let number = attempt.number;
        charge(app, scene.clone()).await?;
        let after = app.store().scene_of(&scene.payment.value).await?;
        let open = after.payment.value.open_attempt();
        return Ok(Look::of(open.is_none_or(|open| open.number != number)));
    }
    if attempt.is_disproved(app.now()) {
        return end_disproved(app, scene, attempt).await.map(Look::of);
    }
    Ok(Look::Absent)
}

/// Gives an invoice that waits its number.
///
/// # Errors
/// [`PaymentError`] when it could not be numbered; it keeps its timer.
pub async fn check_invoice(
    app: &App,
    account: AccountId,
    invoice: domain::id::InvoiceId,
) -> Result<(), PaymentError> {
    for waiting in finalise::read(app.store(), &[(account, invoice)]).await? {
        app.numbering().number(app, waiting).await?;
    }
    Ok(())
}

/// Numbers what settling left to number.
pub async fn number_outcome(app: &App, settled: &Settled) {
    if let Settled::Applied(written) = settled
        && let Some((invoice, head)) = &written.to_number
    {
        number(app, invoice.clone(), head.clone()).await;
    }
}

/// Lists the card that was given where a payment was captured. What does not
/// succeed now is done later: the card has its timer.
pub async fn list_card(app: &App, settled: &Settled, pace: Pace) {
    if let Settled::Applied(written) = settled
        && let Some(card) = &written.card
        && let Err(error) = learn_paid(app, card, pace).await
    {
        app.note(card.id, &error);
    }
}
