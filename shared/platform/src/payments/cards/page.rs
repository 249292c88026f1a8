//! The page of the provider on which a card is given, and looking up what
//! became of a card that is about to be saved.

use super::learn::{learn, learn_paid};
use super::objects::{CardLocator, NewSetup};
use crate::app::App;
use crate::payments::provider::{CallError, Gateway, Pace};
use crate::payments::scene::Changed;
use crate::payments::timer::finish;
use crate::payments::{PaymentError, gateway};
use crate::store::{Stored, Transaction, keys};
use domain::id::{AccountId, CardId};
use domain::new_card::{CardPage, CardSource, NewCard};

/// Opens the page a card was asked for on. Called again with the same card and
/// customer it gives the same page.
///
/// # Errors
/// [`CallError`].
pub async fn open_card_page(
    gateway: &Gateway<'_>,
    new: &NewCard,
    customer: &str,
) -> Result<CardPage, CallError> {
    let CardSource::Page {
        return_url,
        locale,
        closes_at,
        ..
    } = &new.source
    else {
        return Err(CallError::Rejected {
            status: 0,
            code: "not_hosted".to_owned(),
        });
    };
    let metadata = CardLocator::metadata(new);
    let setup = NewSetup {
        customer,
        return_url,
        expires_at: closes_at.as_second(),
        locale: locale.as_str(),
        metadata: &metadata,
    };
    let key = format!("{}:{customer}", new.id);
    let session = gateway.create_setup(&key, &setup).await?;
    let url = session
        .url
        .ok_or_else(|| CallError::Unknown("a page without address".to_owned()))?;
    Ok(CardPage {
        session: session.id,
        url,
    })
}

/// Looks up at the provider what became of a card that is about to be saved.
///
/// # Errors
/// [`PaymentError`]; it is looked up again later.
pub async fn check_new_card(
    app: &App,
    account: AccountId,
    card: CardId,
) -> Result<(), PaymentError> {
    let key = keys::new_card(account, card);
    let Some(new) = app.store().get::<NewCard>(&key).await? else {
        return Ok(());
    };
    if new.value.check_at.is_none_or(|at| at > app.now()) {
        return Ok(());
    }
    let looked = look(app, &new).await;
    if !matches!(looked, Ok(true)) {
        // The next look is later, whatever is wrong meanwhile.
        let later = new.value.clone().checked(app.now());
        replace(app, &new, &later).await?;
    }
    looked.map(|_| ())
}

/// True when something came of it.
async fn look(app: &App, new: &Stored<NewCard>) -> Result<bool, PaymentError> {
    let (page, closes_at) = match &new.value.source {
        CardSource::Payment { .. } => {
            return learn_paid(app, &new.value, Pace::OffSession).await;
        }
        CardSource::Page {
            page, closes_at, ..
        } => (page, *closes_at),
    };
    let Some(page) = page else {
        // Nobody was shown its page, if there is one.
        if closes_at > app.now() {
            return Ok(false);
        }
        return close(app, new).await;
    };
    let gateway = gateway(app, Pace::OffSession).await?;
    let session = gateway.session(&page.session).await?;
    match (session.status.as_deref(), session.setup_intent) {
        (Some("complete"), Some(setup)) => {
            let setup = gateway.setup_intent(&setup).await?;
            let method = setup
                .payment_method
                .ok_or(PaymentError::Missing("the payment method"))?;
            let method = gateway.method(&method).await?;
            learn(
                app,
                (new.value.account, new.value.id),
                method.as_ref(),
                None,
            )
            .await
        }
        (Some("expired"), _) => close(app, new).await,
        _ => Ok(false),
    }
}

async fn close(app: &App, new: &Stored<NewCard>) -> Result<bool, PaymentError> {
    let closed = new.value.clone().missed("page_closed", app.now());
    replace(app, new, &closed).await
}

async fn replace(app: &App, read: &Stored<NewCard>, value: &NewCard) -> Result<bool, PaymentError> {
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, value, Changed);
    finish(app, act).await
}
