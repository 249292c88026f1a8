//! Races: every act of every story, halted before each of its effects while
//! another act runs from its beginning to its end.

use super::crash::{Rehearsal, Told};
use super::enumeration::Part;
use super::modes::Mode;
use super::report::Report;
use super::scenario::Act;
use crate::shop::{EDR_MONTHLY, order_of};
use crate::stage::{Ask, operation};
use futures::future::{Either, select};
use local::Fault;
use std::pin::pin;

/// What comes in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intruder {
    /// The same once more: another tab, another copy of an event.
    Same,
    /// Renewals are due or not.
    Renewals,
    /// Whatever is open is looked up, and what comes of it arrives.
    Reconciler,
    /// Events arrive, the provider's and ours.
    Events,
    /// The customer changes the cart in another tab.
    Cart,
    /// The customer places another order in another tab.
    Order,
}

const INTRUDERS: [Intruder; 6] = [
    Intruder::Same,
    Intruder::Renewals,
    Intruder::Reconciler,
    Intruder::Events,
    Intruder::Cart,
    Intruder::Order,
];

impl Intruder {
    /// What it does in this story, one after the other; nothing where it cannot
    /// come in between: events are carried one after the other.
    fn acts(self, story: &Rehearsal) -> Vec<Act> {
        let first = story.first_act();
        let mut acts = match self {
            Self::Same => vec![first.clone()],
            Self::Renewals => vec![Act::Tick("renew_subscriptions")],
            Self::Reconciler => vec![Act::Tick("reconcile_payments"), Act::Settle],
            Self::Events => vec![Act::Settle],
            Self::Cart => vec![asks(story, "set_cart_item", |put| put)],
            Self::Order => vec![asks(story, "create_order", |order| {
                order
                    .bare()
                    .json(order_of(&[(EDR_MONTHLY, 2)]))
                    .with("idempotency-key", "another")
            })],
        };
        if matches!(first, Act::Settle) {
            acts.retain(|act| !matches!(act, Act::Settle));
        }
        acts
    }

    /// True where the shop holds something else afterwards, or the client is
    /// told so: whoever orders a cart that changes, an order beside the story's.
    fn changes_the_end(self) -> bool {
        matches!(self, Self::Cart | Self::Order)
    }
}

/// The good request of an operation, by the customer of the story.
fn asks(story: &Rehearsal, operation_id: &str, change: impl FnOnce(Ask) -> Ask) -> Act {
    let stage = story.stage();
    let good = change(stage.good(&operation(operation_id).spec));
    let whose = match story.first_act() {
        Act::Ask(ask) => ask
            .headers
            .iter()
            .find(|(name, _)| *name == "authorization"),
        Act::Tick(_) | Act::Settle => None,
    };
    Act::Ask(match whose {
        Some((name, value)) => good.with(name, value),
        None => good.by(&stage.ada.token),
    })
}

/// Tells a story in which an intruder comes before this effect of the act, and
/// these faults before that.
async fn tell(story: &Rehearsal, faults: &[(u64, Mode)], effect: u64, intruder: &[Act]) -> Told {
    let before = story.begin(faults).await;
    let halt = story.cloud().halt(before + effect);
    let act = pin!(story.act_once());
    let other = pin!(async {
        halt.reached().await;
        // An environment serves one event at a time: others begin their own.
        story.cloud().stop_functions();
        for act in intruder {
            act.once(story.stage()).await;
        }
        halt.release();
    });
    let (answer, has_met) = match select(act, other).await {
        Either::Left((answer, _)) => (answer, false),
        Either::Right(((), act)) => (act.await, true),
    };
    // An act that ended before leaves nobody waiting there.
    halt.release();
    let answer = story.go_on(answer).await;
    let mut told = story.end(before, answer, faults).await;
    // A failure may end it before its time.
    if !has_met && faults.is_empty() {
        told.wrong.push("[no race] the act ended before".to_owned());
    }
    told
}

/// The failures of the provider that an intruder comes after: none, and a
/// stored one at each call of the act that makes something there.
fn failures(story: &Rehearsal) -> Vec<Vec<(u64, Mode)>> {
    let effects = (1_u64..).zip(story.effects());
    let makes = effects.filter(|(_, effect)| effect.action.starts_with("POST"));
    let failing = makes.map(|(number, _)| vec![(number, (Fault::ServerError, 1))]);
    [Vec::new()].into_iter().chain(failing).collect()
}

/// Lets each intruder in before every so-manieth effect of the act.
pub async fn races(story: &Rehearsal, part: Part, every: usize, report: &mut Report) {
    let first = story.name().len() % every;
    for faults in failures(story) {
        // After a failure there is one call more.
        let length = story.effects().len() + faults.len();
        for (turn, place) in (first..length).step_by(every).enumerate() {
            let effect = u64::try_from(place).unwrap() + 1;
            if part.has(turn) && faults.iter().all(|(number, _)| *number < effect) {
                let_in(story, &faults, effect, report).await;
            }
        }
    }
}

/// Lets each intruder in before this effect, and after these faults.
async fn let_in(story: &Rehearsal, faults: &[(u64, Mode)], effect: u64, report: &mut Report) {
    for intruder in INTRUDERS {
        if report.is_over() {
            return;
        }
        let acts = intruder.acts(story);
        if acts.is_empty() {
            continue;
        }
        let mut told = tell(story, faults, effect, &acts).await;
        if intruder.changes_the_end() {
            told.wrong.retain(|wrong| wrong.starts_with('['));
        }
        report.note_race(story, faults, effect, intruder, &told);
    }
}
