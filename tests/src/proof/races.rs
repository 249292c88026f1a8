//! Races: every act of every story, halted before each of its effects while
//! another act runs from its beginning to its end.

use super::crash::{Rehearsal, Told};
use super::enumeration::Part;
use super::report::Report;
use super::scenario::Act;
use crate::stage::operation;
use futures::future::{Either, select};
use std::pin::pin;

/// What comes in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intruder {
    /// The same once more: another tab, another copy of an event.
    Same,
    /// Renewals are due or not.
    Renewals,
    /// Whatever is open is looked up.
    Reconciler,
    /// Events arrive, the provider's and ours.
    Events,
    /// The customer changes the cart in another tab.
    Cart,
}

const INTRUDERS: [Intruder; 5] = [
    Intruder::Same,
    Intruder::Renewals,
    Intruder::Reconciler,
    Intruder::Events,
    Intruder::Cart,
];

impl Intruder {
    /// What it does in this story; none where it cannot come in between:
    /// events are carried one after the other.
    fn act(self, story: &Rehearsal) -> Option<Act> {
        let carries = |act: &Act| matches!(act, Act::Settle);
        let act = match self {
            Self::Same => story.first_act().clone(),
            Self::Renewals => Act::Tick("renew_subscriptions"),
            Self::Reconciler => Act::Tick("reconcile_payments"),
            Self::Events => Act::Settle,
            Self::Cart => {
                let stage = story.stage();
                let put = stage.good(&operation("set_cart_item").spec);
                Act::Ask(put.by(&stage.ada.token))
            }
        };
        (!carries(&act) || !carries(story.first_act())).then_some(act)
    }
}

/// Tells a story in which an intruder comes before this effect of the act.
async fn tell(story: &Rehearsal, effect: u64, intruder: &Act) -> Told {
    let before = story.begin(&[]).await;
    let halt = story.cloud().halt(before + effect);
    let act = pin!(story.act_once());
    let other = pin!(async {
        halt.reached().await;
        // An environment serves one event at a time: others begin their own.
        story.cloud().stop_functions();
        intruder.once(story.stage()).await;
        halt.release();
    });
    let (answer, has_met) = match select(act, other).await {
        Either::Left((answer, _)) => (answer, false),
        Either::Right(((), act)) => (act.await, true),
    };
    let answer = story.go_on(answer).await;
    let mut told = story.end(before, answer, &[]).await;
    if !has_met {
        told.wrong.push("[no race] the act ended before".to_owned());
    }
    told
}

/// Lets each intruder in before every so-manieth effect of the act.
pub async fn races(story: &Rehearsal, part: Part, every: usize, report: &mut Report) {
    let first = story.name().len() % every;
    let places = (first..story.effects().len()).step_by(every);
    for (turn, place) in places.enumerate() {
        if !part.has(turn) {
            continue;
        }
        let effect = u64::try_from(place).unwrap() + 1;
        for intruder in INTRUDERS {
            if report.is_over() {
                return;
            }
            let Some(act) = intruder.act(story) else {
                continue;
            };
            let mut told = tell(story, effect, &act).await;
            if intruder == Intruder::Cart {
                // Whoever orders a cart that changes is told so.
                told.wrong.retain(|wrong| wrong.starts_with('['));
            }
            report.note_race(story, effect, intruder, &told);
        }
    }
}
