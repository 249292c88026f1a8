//! Races: every act of every story, halted before each of its effects while
//! another act runs from its beginning to its end.

use super::crash::{Rehearsal, Told};
use super::enumeration::Part;
use super::modes::Mode;
use super::report::Report;
use super::scenario::Act;
use crate::answer::Answer;
use crate::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, User, VAT_NUMBER, order_of, order_under};
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
    /// Another customer orders and pays.
    Stranger,
    /// A guest changes the cart that is being taken in.
    Guest,
    /// The register has struck the buyer's VAT number off, and says so.
    Register,
}

const INTRUDERS: [Intruder; 9] = [
    Intruder::Same,
    Intruder::Renewals,
    Intruder::Reconciler,
    Intruder::Events,
    Intruder::Cart,
    Intruder::Order,
    Intruder::Stranger,
    Intruder::Guest,
    Intruder::Register,
];

impl Intruder {
    /// False where it cannot come in between: events are carried one after the
    /// other, jobs touch no cart, what a stranger shares with others is the
    /// numbers, which jobs take as well, a VAT number matters to who orders
    /// under one and to renewals, and a guest to who takes the cart in.
    fn can_meet(self, act: &Act) -> bool {
        match self {
            Self::Same | Self::Events => !matches!(act, Act::Settle),
            Self::Stranger => matches!(act, Act::Tick(_)),
            Self::Cart => matches!(act, Act::Ask(_)),
            Self::Guest => matches!(act, Act::Ask(ask) if names(ask, "guestToken")),
            Self::Register => match act {
                Act::Ask(ask) => names(ask, "vatNumber"),
                Act::Tick(job) => *job == "renew_subscriptions",
                Act::Settle => false,
            },
            Self::Renewals | Self::Reconciler | Self::Order => true,
        }
    }

    /// Does it: what is wrong with how it went.
    async fn come_in(self, story: &Rehearsal) -> Option<String> {
        let (stage, act) = (story.stage(), story.first_act());
        match self {
            Self::Same => drop(act.once(stage).await),
            Self::Renewals => drop(Act::Tick("renew_subscriptions").once(stage).await),
            Self::Reconciler => {
                Act::Tick("reconcile_payments").once(stage).await;
                if !matches!(act, Act::Settle) {
                    Act::Settle.once(stage).await;
                }
            }
            Self::Events => drop(Act::Settle.once(stage).await),
            Self::Cart => {
                let put = stage.good(&operation("set_cart_item").spec);
                return refused(&put.by(&whose(story).await.token).send(&stage.shop).await);
            }
            Self::Order => {
                let user = whose(story).await;
                let order = match act {
                    // Which tells of the number for the first time as well.
                    Act::Ask(ask) if names(ask, "vatNumber") => {
                        order_under(VAT_NUMBER, &[(EDR_MONTHLY, 2)])
                    }
                    Act::Ask(_) | Act::Tick(_) | Act::Settle => order_of(&[(EDR_MONTHLY, 2)]),
                };
                let call = user.call("POST", "/v1/orders").key("another");
                return refused(&call.json(&order).send().await);
            }
            Self::Stranger => {
                let eve = stage.shop.log_in(&stage.eve.email, PASSWORD).await;
                let placed = eve.order(EDR_MONTHLY, 2, "stranger").await;
                if placed.status == 201 {
                    stage.shop.pay(&placed.json["data"], GOOD_CARD).await;
                    Act::Settle.once(stage).await;
                }
                return refused(&placed);
            }
            Self::Guest => {
                let put = stage.good(&operation("set_cart_item").spec);
                let put = put.with("x-cart-token", &stage.guest);
                return refused(&put.send(&stage.shop).await);
            }
            Self::Register => {
                stage.shop.register_says(VAT_NUMBER, "unknown").await;
                Act::Tick("check_vat_numbers").once(stage).await;
            }
        }
        None
    }

    /// Takes from what a story came to what is as it should be because of the
    /// intruder: the order and what comes of it is there beside the story's;
    /// whoever orders a cart that changes is told so.
    fn excuse(self, told: &mut Told) {
        match self {
            Self::Same | Self::Renewals | Self::Reconciler | Self::Events => return,
            Self::Cart | Self::Guest | Self::Register => told.differences.clear(),
            Self::Order | Self::Stranger => told.differences.retain(|it| !it.is_more()),
        }
        told.answer.take_if(|answer| answer.status < 500);
    }
}

/// True when a request names something.
fn names(ask: &Ask, member: &str) -> bool {
    let body = ask.body.as_ref();
    body.is_some_and(|body| body[member].is_string())
}

/// The customer of the story, who logs in: it may be long since the last time.
async fn whose(story: &Rehearsal) -> User {
    let stage = story.stage();
    let by_eve = match story.first_act() {
        Act::Ask(ask) => ask
            .headers
            .iter()
            .any(|(_, value)| value.ends_with(&stage.eve.token)),
        Act::Tick(_) | Act::Settle => false,
    };
    let user = if by_eve { &stage.eve } else { &stage.ada };
    stage.shop.log_in(&user.email, PASSWORD).await
}

/// What an intruder is told that is neither done nor asked to come again.
fn refused(answer: &Answer) -> Option<String> {
    let is_fine = matches!(answer.status, 200..300 | 409 | 503);
    (!is_fine).then(|| {
        format!(
            "[no race] the intruder is told {} {}",
            answer.status, answer.json
        )
    })
}

/// Tells a story in which an intruder comes before this effect of the act, and
/// these faults before that; none where a fault ended the act before.
async fn tell(
    story: &Rehearsal,
    faults: &[(u64, Mode)],
    effect: u64,
    intruder: Intruder,
) -> Option<Told> {
    let before = story.begin(faults).await;
    let halt = story.cloud().halt(before + effect);
    let act = pin!(story.act_once());
    let other = pin!(async {
        halt.reached().await;
        // An environment serves one event at a time: others begin their own.
        story.cloud().stop_functions();
        let wrong = intruder.come_in(story).await;
        halt.release();
        wrong
    });
    let (answer, met) = match select(act, other).await {
        Either::Left((answer, _)) => (answer, None),
        Either::Right((wrong, act)) => (act.await, Some(wrong)),
    };
    // An act that ended before leaves nobody waiting there.
    halt.release();
    let Some(wrong) = met else {
        assert!(
            !faults.is_empty(),
            "{}: ended before {effect}",
            story.name()
        );
        return None;
    };
    let answer = story.go_on(answer).await;
    let mut told = story.end(before, answer, faults).await;
    intruder.excuse(&mut told);
    told.wrong.extend(wrong);
    Some(told)
}

/// The failures of the provider that an intruder comes after: none, and a
/// stored one at each call of the act that makes something there.
fn failures(story: &Rehearsal) -> Vec<Vec<(u64, Mode)>> {
    let effects = (1_u64..).zip(story.effects());
    let makes = effects.filter(|(_, effect)| effect.action.starts_with("POST"));
    let failing = makes.map(|(number, _)| vec![(number, (Fault::ServerError, 1))]);
    [Vec::new()].into_iter().chain(failing).collect()
}

/// Lets each intruder in before every n-th effect of the act.
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
        if intruder.can_meet(story.first_act())
            && let Some(told) = tell(story, faults, effect, intruder).await
        {
            report.note_race(story, faults, effect, intruder, &told);
        }
    }
}
