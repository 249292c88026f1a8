//! Balance transactions: `/v1/balance_transactions`. What moved the money the
//! provider holds for the shop: each capture, and each refund. They are read
//! off the charges and refunds, so that neither is ever without its own.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Form;
use crate::intents::Charge;
use crate::list::{Listed, Page};
use crate::refunds::Refund;
use crate::state::State;

/// What moved the balance.
enum Source<'a> {
    Charge(&'a Charge),
    Refund(&'a Refund),
}

/// One movement of the balance.
struct Movement<'a> {
    id: String,
    source: Source<'a>,
}

/// The id of the movement that a charge or refund made. Ids are counted over
/// all kinds, so that the number of the one is free for the other, and sorts
/// alike.
pub(crate) fn transaction_of(source: &str) -> String {
    let number = source.split_once('_').map_or(source, |(_, number)| number);
    format!("txn_{number}")
}

impl Listed for Movement<'_> {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        match self.source {
            Source::Charge(charge) => charge.created,
            Source::Refund(refund) => refund.created,
        }
    }
}

impl Movement<'_> {
    fn kind(&self) -> &'static str {
        match self.source {
            Source::Charge(_) => "charge",
            Source::Refund(_) => "refund",
        }
    }

    fn source_id(&self) -> &str {
        match self.source {
            Source::Charge(charge) => &charge.id,
            Source::Refund(refund) => &refund.id,
        }
    }

    fn currency(&self) -> &str {
        match self.source {
            Source::Charge(charge) => &charge.currency,
            Source::Refund(refund) => &refund.currency,
        }
    }

    /// Above zero where the balance grew.
    fn amount(&self) -> i64 {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        match self.source {
            Source::Charge(charge) => signed(charge.amount),
            Source::Refund(refund) => signed(refund.amount).saturating_neg(),
        }
    }

    fn to_json(&self, livemode: bool, expanded: bool) -> Value {
        let source = match (expanded, &self.source) {
            (false, _) => json!(self.source_id()),
            (true, Source::Charge(charge)) => charge.to_json(livemode),
            (true, Source::Refund(refund)) => refund.to_json(),
        };
        let created = self.created().as_second();
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount(),
            "available_on": created,
            "created": created,
            "currency": self.currency(),
            "description": null,
            "exchange_rate": null,
            "fee": 0,
            "fee_details": [],
            "net": self.amount(),
            "reporting_category": self.kind(),
            "source": source,
            "status": "available",
            "type": self.kind(),
        })
    }
}

impl State {
    /// Every movement, oldest first.
    fn movements(&self) -> Vec<Movement<'_>> {
        let charges = self.charges.values();
        let captured = charges.filter(|charge| charge.refusal.is_none());
        let mut all: Vec<Movement<'_>> = captured
            .map(Source::Charge)
            .chain(self.refunds.values().map(Source::Refund))
            .map(|source| {
                let id = match source {
                    Source::Charge(charge) => &charge.id,
                    Source::Refund(refund) => &refund.id,
                };
                let id = transaction_of(id);
                Movement { id, source }
            })
            .collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    pub(crate) fn list_balance(&self, mut form: Form) -> Result<Value, ApiError> {
        let (kind, source) = (form.take("type"), form.take("source"));
        let currency = form.take("currency");
        let page = Page::take(&mut form)?;
        let expanded = form.expands("data.source");
        form.finish()?;
        let is = |asked: &Option<String>, it: &str| asked.as_ref().is_none_or(|asked| asked == it);
        let all = self.movements();
        let wanted = all.iter().filter(|movement| {
            is(&kind, movement.kind())
                && is(&source, movement.source_id())
                && is(&currency, movement.currency())
        });
        let livemode = self.config.livemode;
        page.of("/v1/balance_transactions", wanted, |movement| {
            movement.to_json(livemode, expanded)
        })
    }

    pub(crate) fn get_balance(&self, id: &str, form: Form) -> Result<Value, ApiError> {
        let expanded = form.expands("source");
        form.finish()?;
        let all = self.movements();
        let found = all.iter().find(|movement| movement.id == id);
        found
            .map(|movement| movement.to_json(self.config.livemode, expanded))
            .ok_or_else(|| ApiError::no_such("balance_transaction", id))
    }
}
