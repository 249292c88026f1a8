//! Subscriptions and their periods as JSON.

use crate::payments::views::AttemptView;
use domain::interval::IntervalUnit;
use domain::locale::Locale;
use domain::payment::Attempt;
use domain::subscription::{
    BillingPeriod, PeriodBounds, PeriodStatus, Subscription, SubscriptionStatus,
};
use platform::http::views::MoneyView;
use serde::Serialize;

/// A billing period's place and bounds.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PeriodView {
    /// 0 for the first paid period.
    pub index: u32,
    /// When it starts.
    pub start: String,
    /// When it ends and the next starts.
    pub end: String,
}

impl From<&PeriodBounds> for PeriodView {
    fn from(bounds: &PeriodBounds) -> Self {
        Self {
            index: bounds.index,
            start: bounds.start.to_string(),
            end: bounds.end.to_string(),
        }
    }
}

/// Where billing dates come from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct AnchorView {
    /// The first instant.
    pub start: String,
    /// `day`, `week`, `month` or `year`.
    pub unit: &'static str,
    /// How many units a period has.
    pub count: u16,
    /// IANA time zone whose wall clock is kept.
    pub time_zone: String,
}

/// A subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SubscriptionView {
    /// Its id.
    pub id: String,
    /// `trialing`, `active`, `past_due`, `paused`, `unpaid` or `canceled`.
    pub status: &'static str,
    /// The product.
    pub product_slug: String,
    /// The plan.
    pub plan_id: String,
    /// Product and plan by name.
    pub name: String,
    /// How many.
    pub quantity: u64,
    /// The last paid period.
    pub current_period: PeriodView,
    /// True when it ends with the period.
    pub cancel_at_period_end: bool,
    /// When something happens to it next; null when nothing is planned.
    pub next_action_at: Option<String>,
    /// Where billing dates come from.
    pub anchor: AnchorView,
    /// Until when the service is on while the renewal is unpaid.
    pub access_until: Option<String>,
    /// The order that began it.
    pub order_id: String,
}

impl SubscriptionView {
    /// The subscription in a language.
    pub fn of(subscription: &Subscription, locale: Locale) -> Self {
        let anchor = &subscription.anchor;
        let access_until = match &subscription.status {
            SubscriptionStatus::PastDue { dunning } => Some(
                dunning
                    .access_until(&domain::dunning::DunningPolicy::default())
                    .to_string(),
            ),
            SubscriptionStatus::Active
            | SubscriptionStatus::Unpaid { .. }
            | SubscriptionStatus::Canceled { .. } => None,
        };
        Self {
            id: subscription.id.to_string(),
            status: subscription.status_name(),
            product_slug: subscription.product_slug.clone(),
            plan_id: subscription.plan.to_string(),
            name: subscription.name.get(locale).to_owned(),
            quantity: subscription.quantity,
            current_period: (&subscription.period).into(),
            cancel_at_period_end: subscription.cancel_at_period_end,
            next_action_at: subscription.next_action_at.map(|at| at.to_string()),
            anchor: AnchorView {
                start: anchor.start().to_string(),
                unit: match anchor.interval().unit() {
                    IntervalUnit::Day => "day",
                    IntervalUnit::Week => "week",
                    IntervalUnit::Month => "month",
                    IntervalUnit::Year => "year",
                },
                count: anchor.interval().count(),
                time_zone: anchor.zone().name().to_owned(),
            },
            access_until,
            order_id: subscription.order.to_string(),
        }
    }
}

/// One billing period with the proof of what was charged for it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct RenewalView {
    /// 0 for the first paid period.
    pub index: u32,
    /// When it starts.
    pub start: String,
    /// When it ends.
    pub end: String,
    /// `open`, `paid`, `past_due`, `unpaid` or `void`.
    pub status: &'static str,
    /// Its payment.
    pub payment_id: String,
    /// Its invoice.
    pub invoice_id: String,
    /// The invoice's number; null until it has one.
    pub invoice_number: Option<String>,
    /// What it costs, VAT included.
    pub total: MoneyView,
    /// Every try at its payment.
    pub attempts: Vec<AttemptView>,
}

impl RenewalView {
    /// The period with its invoice's number and its payment's attempts, in a
    /// language.
    pub fn of(
        period: &BillingPeriod,
        invoice_number: Option<String>,
        attempts: &[Attempt],
        locale: Locale,
    ) -> Self {
        Self {
            index: period.bounds.index,
            start: period.bounds.start.to_string(),
            end: period.bounds.end.to_string(),
            status: match period.status {
                PeriodStatus::Open => "open",
                PeriodStatus::Paid => "paid",
                PeriodStatus::PastDue => "past_due",
                PeriodStatus::Unpaid => "unpaid",
            },
            payment_id: period.payment.to_string(),
            invoice_id: period.invoice.to_string(),
            invoice_number,
            total: period.total.into(),
            attempts: attempts
                .iter()
                .map(|attempt| AttemptView::of(attempt, locale))
                .collect(),
        }
    }
}
