//! Crash points: every act of every story, with a fault at every one of its
//! effects, brought to its end by what production has: the client asks again,
//! events come again, timers fire. It must end as if nothing had happened.

use super::modes::Mode;
use super::scenario::{Act, Scenario, options};
use super::summary::{Difference, Summary};
use super::witness::Witness;
use crate::answer::Answer;
use crate::shop::Shop;
use crate::stage::Stage;
use jiff::Timestamp;
use local::{Cloud, Condition, Effect, Fault, Options, Service, Snapshot};
use std::collections::BTreeSet;

/// How long it takes until everything is decided, a charge whose key the
/// provider remembers a failure under included.
const RECOVERY: [&str; 3] = ["PT25M", "PT2H", "P3D"];

/// How many half days the attempt after one that was lost may take.
const HALF_DAYS: u32 = 10;

/// A story at the point where the act begins.
pub struct Rehearsal {
    stage: Stage,
    act: Act,
    scenario: Scenario,
    start: Snapshot,
    witness: Witness,
    /// The act's effects when nothing goes wrong.
    effects: Vec<Effect>,
    /// How many effects it all takes until everything is decided.
    length: u64,
    /// The conditions of each write, one of each kind.
    conditions: BTreeSet<Vec<Condition>>,
    ending: Ending,
}

/// How a story ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ending {
    status: Option<u16>,
    summary: Summary,
}

/// What a faulted story came to.
#[derive(Debug)]
pub struct Told {
    /// What the auditor found, and what went wrong in the telling itself.
    pub wrong: Vec<String>,
    /// What the client is told, where it should be told something else.
    pub answer: Option<Answer>,
    /// What there is more or less of than there should be.
    pub differences: Vec<Difference>,
    /// How many effects the whole telling had.
    pub effects: u64,
    /// All of them.
    pub trace: Vec<Effect>,
}

impl Told {
    /// All that is wrong; nothing when all is well.
    pub fn all_wrong(&self) -> Vec<String> {
        let mut all = self.wrong.clone();
        if let Some(answer) = &self.answer {
            all.push(format!(
                "the client is told {} {}",
                answer.status, answer.json
            ));
        }
        all.extend(self.differences.iter().map(ToString::to_string));
        all
    }
}

/// Where everybody is, before any story.
pub struct Theatre {
    stage: Stage,
    start: Snapshot,
    witness: Witness,
}

impl Theatre {
    /// Opens it.
    pub async fn open() -> Self {
        Self::open_with(options()).await
    }

    /// Opens it, set up otherwise.
    pub async fn open_with(options: Options) -> Self {
        let stage = Stage::set_in(Shop::with(options).await).await;
        let cloud = &stage.shop.cloud;
        cloud.settle().await;
        let mut witness = Witness::default();
        witness.watch(cloud);
        let start = cloud.snapshot().await.unwrap();
        Self {
            stage,
            start,
            witness,
        }
    }

    /// Takes these conditions away, and gives all others back.
    pub fn switch_off(&self, conditions: &[Condition]) {
        self.stage.shop.cloud.switch_off(conditions);
    }

    /// Rehearses a story without faults.
    pub async fn rehearse(&self, scenario: Scenario) -> Rehearsal {
        let stage = self.stage.clone();
        let cloud = stage.shop.cloud.clone();
        cloud.go_back(&self.start).await.unwrap();
        let mut witness = self.witness.clone();
        let act = scenario.prepare(&stage).await;
        witness.watch(&cloud);
        let start = cloud.snapshot().await.unwrap();
        let mut rehearsal = Rehearsal {
            stage,
            act,
            scenario,
            start,
            witness,
            effects: Vec::new(),
            length: 0,
            conditions: BTreeSet::new(),
            ending: Ending {
                status: None,
                summary: Summary::default(),
            },
        };
        rehearsal.play().await;
        rehearsal
    }
}

impl Rehearsal {
    async fn play(&mut self) {
        let cloud = self.stage.shop.cloud.clone();
        let before = self.begin(&[]).await;
        let answer = self.act().await;
        self.effects = cloud.take_trace();
        let mut witness = self.witness.clone();
        self.recover(&mut witness, false).await;
        let recovery = cloud.take_trace();
        let effects = self.effects.iter().chain(&recovery);
        let conditions = effects.map(|effect| effect.conditions.clone());
        self.conditions = conditions.collect();
        self.length = cloud.effects() - before;
        let findings = witness.at_rest(&cloud);
        assert!(findings.is_empty(), "{}: {findings:#?}", self.scenario.name);
        self.ending = Ending {
            status: answer.map(|answer| answer.status),
            summary: Summary::of(&cloud),
        };
        let summary = &self.ending.summary;
        assert!(!summary.has_undelivered(), "{}:\n{summary}", self.name());
    }

    /// Goes to where the act begins, with these faults before it, each at an
    /// effect counted from there: how many effects there were so far.
    pub(super) async fn begin(&self, faults: &[(u64, Mode)]) -> u64 {
        let cloud = self.cloud();
        cloud.go_back(&self.start).await.unwrap();
        let before = cloud.effects();
        for (effect, (fault, times)) in faults {
            for further in 0..*times {
                cloud.plan_fault(before + effect + further, *fault);
            }
        }
        before
    }

    /// The act, until it is done: what a client is told, if one asked.
    pub(super) async fn act(&self) -> Option<Answer> {
        self.act.until_done(&self.stage).await
    }

    /// The act, once.
    pub(super) async fn act_once(&self) -> Option<Answer> {
        self.act.once(&self.stage).await
    }

    /// Asks on, as a client does that was told so.
    pub(super) async fn go_on(&self, answer: Option<Answer>) -> Option<Answer> {
        self.act.go_on(&self.stage, answer).await
    }

    /// What it is about.
    pub(super) fn first_act(&self) -> &Act {
        &self.act
    }

    /// Who is there.
    pub(super) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Where it is told.
    pub fn cloud(&self) -> &Cloud {
        &self.stage.shop.cloud
    }

    /// When the act begins.
    pub fn began(&self) -> Timestamp {
        self.start.now()
    }

    /// Name of the story.
    pub fn name(&self) -> &str {
        &self.scenario.name
    }

    /// The operation it is about.
    pub fn operation(&self) -> &'static str {
        self.scenario.operation
    }

    /// The act's effects when nothing goes wrong.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The conditions of each write, one of each kind.
    pub fn conditions(&self) -> &BTreeSet<Vec<Condition>> {
        &self.conditions
    }

    /// How many effects the story has until everything is decided.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// True when the act changes anything anywhere.
    pub fn writes(&self) -> bool {
        self.effects.iter().any(|effect| match effect.service {
            Service::Table => effect.writes() && !only_counts(effect),
            Service::Mail => true,
            Service::Provider => effect.action.starts_with("POST"),
            Service::Secrets | Service::Register => false,
        })
    }

    /// Tells the story with these faults, each at an effect counted from the
    /// beginning of the act.
    pub async fn tell(&self, faults: &[(u64, Mode)]) -> Told {
        let before = self.begin(faults).await;
        let answer = self.act().await;
        self.end(before, answer, faults).await
    }

    /// Lets all come that comes by itself, and the sequel. After a lost day the
    /// page to pay on comes with a later attempt: so the sequel is repeated every
    /// twelve hours, for five days.
    async fn recover(&self, witness: &mut Witness, loses_a_day: bool) {
        let cloud = self.cloud();
        cloud.settle().await;
        let [minutes, hours, days] = RECOVERY;
        cloud.advance(minutes).await.unwrap();
        witness.minutes_later(cloud);
        if let Some(sequel) = self.scenario.sequel {
            sequel(&self.stage).await;
            let again = if loses_a_day { HALF_DAYS } else { 0 };
            for _ in 0..again {
                cloud.advance("PT12H").await.unwrap();
                sequel(&self.stage).await;
            }
        }
        cloud.advance(hours).await.unwrap();
        cloud.advance(days).await.unwrap();
    }

    /// What the story comes to after an act that was told so much and met these
    /// faults.
    pub(super) async fn end(
        &self,
        before: u64,
        answer: Option<Answer>,
        faults: &[(u64, Mode)],
    ) -> Told {
        let cloud = self.cloud();
        let loses_a_day = self.loses_a_day(faults);
        let mut witness = self.witness.clone();
        self.recover(&mut witness, loses_a_day).await;
        let effects = cloud.effects() - before;
        let trace = cloud.take_trace();
        let findings = witness.at_rest(cloud);
        let status = answer.as_ref().map(|answer| answer.status);
        let is_told_else = status != self.ending.status && !self.may_end(status, faults);
        let mut differences = self.ending.summary.differences(&Summary::of(cloud));
        differences.retain(|it| !self.may_differ(it, faults) && (!loses_a_day || !may_lag(it)));
        Told {
            wrong: findings.iter().map(ToString::to_string).collect(),
            answer: answer.filter(|_| is_told_else),
            differences,
            effects,
            trace,
        }
    }

    /// True where the provider remembers a failure to charge: that costs a day
    /// and an attempt, and dunning has not come as far when the story is over.
    fn loses_a_day(&self, faults: &[(u64, Mode)]) -> bool {
        faults.iter().any(|(number, (fault, _))| {
            let place = usize::try_from(*number).unwrap() - 1;
            let is_charge = self.effects.get(place).is_some_and(|effect| {
                effect.action.starts_with("POST") && effect.action.ends_with("/payment_intents")
            });
            is_charge && *fault == Fault::ServerError
        })
    }

    /// What may differ: a mail may come twice; what a client that asks again
    /// without a key asks twice may be there twice; and everything where two
    /// acts race.
    fn may_differ(&self, difference: &Difference, faults: &[(u64, Mode)]) -> bool {
        let what = difference.what.as_str();
        let may_be_more = match self.operation() {
            // A second try finds that the address is known.
            "register" => what.contains("registration_repeated") || what.contains("You already"),
            "resend_verification" => what.starts_with("event verification_requested"),
            "set_cart_item" if self.name().contains("guest") => what.starts_with("cart "),
            "refresh_session" => faults.len() > 1 && what.contains("sessions was closed"),
            _ => false,
        };
        may_be_more && difference.is_more() || difference.is_mail_again() || self.scenario.is_race
    }

    /// What else a client may be told that asks again after its first try had
    /// its effect, where no key makes the two one.
    fn may_end(&self, status: Option<u16>, faults: &[(u64, Mode)]) -> bool {
        match (self.scenario.operation, status) {
            // Each link is good once.
            ("verify_email", Some(400)) => true,
            // A token that comes back after half a minute is a stolen one; who
            // is answered neither at first nor at the second try comes later.
            ("refresh_session", Some(401)) => faults.len() > 1,
            (_, Some(status)) => self.scenario.is_race && status < 500,
            (_, None) => false,
        }
    }
}

/// What dunning has not come as far with where a day and an attempt are lost.
/// Money, orders, invoices and periods are as they should be all the same.
fn may_lag(difference: &Difference) -> bool {
    ["event ", "mail to "]
        .iter()
        .any(|late| difference.what.starts_with(late))
}

/// True for a call that only counts a request: that is no effect of an
/// operation.
pub fn only_counts(effect: &Effect) -> bool {
    effect.items.iter().all(|item| item.pk.starts_with("RATE#"))
}
