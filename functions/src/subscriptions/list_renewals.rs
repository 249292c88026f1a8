//! Reading every billing period of a subscription with its guard, its invoice
//! and its attempts: the proof of what was charged and why.

use super::views::{PeriodView, RenewalView};
use crate::listing::{ListInput, Listing};
use domain::id::{AccountId, SubscriptionId};
use domain::invoice::Invoice;
use domain::locale::Locale;
use domain::payment::Payment;
use domain::subscription::{BillingPeriod, Subscription, SubscriptionStatus};
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::http::views::MoneyView;
use platform::store::{Stored, keys};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `GET /v1/subscriptions/{id}/renewals`.
pub struct ListRenewals;

/// How many periods to come are shown.
const UPCOMING: u32 = 3;

/// Which subscription, and which part of the list.
pub struct ListRenewalsInput {
    subscription: SubscriptionId,
    list: ListInput,
}

impl Input for ListRenewalsInput {
    fn read(form: &mut Form) -> Read<Self> {
        let subscription = form.path::<IdField<SubscriptionId>>("id");
        let list = ListInput::read(form);
        Ok(Self {
            subscription: subscription?.0,
            list: list?,
        })
    }
}

impl Operation for ListRenewals {
    const SPEC: Spec = Spec::get("list_renewals", "/v1/subscriptions/{id}/renewals")
        .summary("List every billing period with its invoice and attempts, from index 0 upward.")
        .codes(&[Code::NotFound, Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListRenewalsInput;
    type Output = Vec<RenewalView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListRenewalsInput,
    ) -> Result<Reply<Vec<RenewalView>>, Failure> {
        let SignedIn(claims) = &request.caller;
        let (account, id) = (claims.account, input.subscription);
        let listing = Listing::open(
            app,
            Self::SPEC.id,
            &id.to_string(),
            &request,
            input.list,
            false,
        )
        .await?;
        let subscription = app
            .store()
            .subscription(account, id)
            .await?
            .ok_or(Code::NotFound)?
            .value;
        let page = app.store().periods_of(account, id, &listing.page).await?;
        let proofs = proofs(app, account, &page.items).await?;
        let renewals: Vec<RenewalView> = page
            .items
            .iter()
            .map(|period| proofs.view(&period.value, request.locale))
            .collect();
        let upcoming = upcoming(app, &subscription).await?;
        let (count, next) = (renewals.len(), listing.next(app, page.next).await?);
        Ok(Reply::data(renewals)
            .page(count, next)
            .metadata("upcoming", upcoming))
    }
}

/// The payments and invoices of a page of periods.
struct Proofs {
    payments: BTreeMap<String, Payment>,
    invoices: BTreeMap<String, Invoice>,
}

async fn proofs(
    app: &App,
    account: AccountId,
    periods: &[Stored<BillingPeriod>],
) -> Result<Proofs, Failure> {
    // Periods that began with one order share its payment and invoice.
    let payments: BTreeMap<String, _> = periods
        .iter()
        .map(|p| {
            (
                p.value.payment.to_string(),
                keys::payment(account, p.value.payment),
            )
        })
        .collect();
    let invoices: BTreeMap<String, _> = periods
        .iter()
        .map(|p| {
            (
                p.value.invoice.to_string(),
                keys::invoice(account, p.value.invoice),
            )
        })
        .collect();
    let wanted: Vec<_> = payments
        .values()
        .chain(invoices.values())
        .cloned()
        .collect();
    if wanted.is_empty() {
        return Ok(Proofs {
            payments: BTreeMap::new(),
            invoices: BTreeMap::new(),
        });
    }
    let mut batch = app.store().batch(&wanted).await?;
    let mut found = Proofs {
        payments: BTreeMap::new(),
        invoices: BTreeMap::new(),
    };
    for (id, key) in payments {
        found
            .payments
            .extend(batch.take::<Payment>(&key)?.map(|read| (id, read.value)));
    }
    for (id, key) in invoices {
        found
            .invoices
            .extend(batch.take::<Invoice>(&key)?.map(|read| (id, read.value)));
    }
    Ok(found)
}

impl Proofs {
    fn view(&self, period: &BillingPeriod, locale: Locale) -> RenewalView {
        let number = self
            .invoices
            .get(&period.invoice.to_string())
            .and_then(Invoice::issued);
        let attempts = self
            .payments
            .get(&period.payment.to_string())
            .map(|payment| payment.attempts.as_slice());
        RenewalView::of(
            period,
            number.map(|(number, _)| number.to_string()),
            attempts.unwrap_or_default(),
            locale,
        )
    }
}

/// The periods to come, at today's price and by what is known today of tax.
async fn upcoming(app: &App, subscription: &Subscription) -> Result<Vec<Value>, Failure> {
    let goes_on = match subscription.status {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue { .. } => {
            !subscription.cancel_at_period_end
        }
        SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => false,
    };
    if !goes_on {
        return Ok(Vec::new());
    }
    let one_stop_shop = app.config().one_stop_shop;
    let facts = app
        .store()
        .tax_facts(subscription, app.now(), one_stop_shop)
        .await?;
    // A period that was opened already stands in the list itself.
    let opened = u32::from(subscription.renewal.is_some());
    (1..=UPCOMING)
        .map(|ahead| {
            let bounds = subscription
                .later_period(ahead.saturating_add(opened))
                .map_err(|error| Failure::fault(&error))?;
            let bill = subscription.bill(&bounds, &facts.known);
            let total = bill.map_err(|error| Failure::fault(&error))?.totals.total;
            let PeriodView { index, start, end } = (&bounds).into();
            Ok(json!({"index": index, "start": start, "end": end, "total": MoneyView::from(total)}))
        })
        .collect()
}
