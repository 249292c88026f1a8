//! Playing a history, and what came of it.

use super::deeds::Deed;
use super::person::Person;
use super::plan::{History, Step};
use crate::answer::Answer;
use crate::proof::witness::Witness;
use crate::shop::{Call, Shop};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, join_all};
use http::Request;
use jiff::SignedDuration;
use local::{Chance, Condition, Fault, Faults, Snapshot};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// How long a rest is: until everything is decided, a charge whose key the
/// provider remembers a failure under included.
const REST: [&str; 3] = ["PT10M", "PT7H", "P3D"];

/// A shop in which histories are played, one after the other.
pub struct Stand {
    pub(super) shop: Shop,
    start: Snapshot,
    before: Witness,
    witness: RefCell<Witness>,
    people: RefCell<Vec<Person>>,
    wrong: RefCell<Vec<String>>,
    met: RefCell<BTreeMap<String, u64>>,
    trace: RefCell<Sha256>,
    forged: Cell<usize>,
    crashed: Cell<bool>,
}

/// What came of a history.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What is wrong; nothing when all is well.
    pub wrong: Vec<String>,
    /// A hash over everything that was asked, answered and written.
    pub trace: String,
    /// What was met: faults by function, states, answers, and how often.
    pub met: BTreeMap<String, u64>,
}

impl Stand {
    /// Opens it: a shop without customers.
    pub async fn open() -> Self {
        let shop = Shop::with(crate::proof::scenario::options()).await;
        shop.cloud.settle().await;
        let mut before = Witness::default();
        before.watch(&shop.cloud);
        let start = shop.cloud.snapshot().await.unwrap();
        Self {
            shop,
            start,
            witness: RefCell::new(before.clone()),
            before,
            people: RefCell::default(),
            wrong: RefCell::default(),
            met: RefCell::default(),
            trace: RefCell::default(),
            forged: Cell::default(),
            crashed: Cell::default(),
        }
    }

    /// Takes these conditions away, and gives all others back.
    pub fn switch_off(&self, conditions: &[Condition]) {
        self.shop.cloud.switch_off(conditions);
    }

    /// Plays a history from the beginning.
    pub async fn play(&self, history: &History) -> Outcome {
        self.begin(history).await;
        for (place, step) in &history.steps {
            self.step(history, *place, step).await;
            if !self.wrong.borrow().is_empty() {
                break;
            }
        }
        self.rest().await;
        self.look_back();
        for (what, times) in self.witness.borrow().seen() {
            *self.met.borrow_mut().entry(what.clone()).or_default() += times;
        }
        let written = self.witness.borrow().written();
        self.trace.borrow_mut().update(written);
        Outcome {
            wrong: self.wrong.take(),
            trace: hex::encode(self.trace.take().finalize()),
            met: self.met.take(),
        }
    }

    async fn begin(&self, history: &History) {
        let cloud = &self.shop.cloud;
        cloud.go_back(&self.start).await.unwrap();
        cloud.reseed(history.seed);
        self.witness.replace(self.before.clone());
        let people = (0..history.customers).map(Person::named).collect();
        self.people.replace(people);
        self.wrong.take();
        self.met.take();
        self.trace.take();
        self.crashed.set(false);
        // Another lie comes first in each history.
        self.forged.set(usize::try_from(history.seed % 97).unwrap());
        self.set_weather(history, 0);
    }

    fn set_weather(&self, history: &History, place: usize) {
        let seed = Chance::seeded(history.seed ^ u64::try_from(place).unwrap()).draw();
        self.shop
            .cloud
            .set_faults(history.weather.faults(seed))
            .unwrap();
    }

    async fn step(&self, history: &History, place: usize, step: &Step) {
        // A step has its own chance, whatever was left out before it.
        self.set_weather(history, place);
        let cloud = &self.shop.cloud;
        match step {
            Step::Deeds(deeds) => {
                join_all(deeds.iter().map(|(who, deed)| self.deed(*who, deed))).await;
            }
            Step::Pass(time) => {
                cloud.advance(time).await.unwrap();
            }
            Step::Outage(seconds) => {
                cloud.skip_to(cloud.now() + SignedDuration::from_secs(*seconds));
            }
            Step::Card(who, behave) => {
                let email = self.with(*who, |person| person.email.clone());
                cloud.simulator().set_card_behaviour(&email, behave);
            }
            Step::Restart => cloud.stop_functions(),
            Step::Crash(effect, before) => {
                let fault = if *before {
                    Fault::CrashBefore
                } else {
                    Fault::CrashAfter
                };
                self.crashed.set(true);
                cloud.plan_fault(cloud.effects() + effect, fault);
            }
            Step::Expire => {
                cloud.expire();
            }
            Step::Rest => self.rest().await,
        }
        self.look_back();
    }

    /// What was written, traced and logged since the last time.
    fn look_back(&self) {
        let cloud = &self.shop.cloud;
        let findings = self.witness.borrow_mut().take(cloud);
        for finding in findings {
            self.complain(finding.to_string());
        }
        for effect in cloud.take_trace() {
            self.trace.borrow_mut().update(format!(
                "{} {} {:?} {:?}\n",
                effect.function, effect.action, effect.outcome, effect.items
            ));
            if let Some(fault) = effect.fault {
                self.meet(format!("fault: {} {fault:?}", effect.function));
            }
        }
        for line in cloud.take_log() {
            if line.contains("panicked") {
                self.complain(line);
            }
        }
    }

    /// Faults end, clients ask until they are told, everything comes to rest,
    /// and the books are audited.
    async fn rest(&self) {
        let cloud = &self.shop.cloud;
        cloud.set_faults(Faults::default()).unwrap();
        cloud.forget_plans();
        cloud.advance("PT20S").await.unwrap();
        self.look_back();
        for who in 0..self.people() {
            let open = self.with(who, |person| std::mem::take(&mut person.open));
            for asked in open {
                self.ask_keyed(who, asked).await;
            }
        }
        for time in REST {
            cloud.advance(time).await.unwrap();
        }
        let findings = self.witness.borrow_mut().at_rest(cloud);
        for finding in findings {
            self.complain(format!("at rest: {finding}"));
        }
        for who in 0..self.people() {
            self.find_orders(who).await;
        }
        self.meet("rests".to_owned());
    }

    /// Every order somebody was told of is there, and decided.
    async fn find_orders(&self, who: usize) {
        let (orders, open) = self.with(who, |person| (person.orders.clone(), person.open.len()));
        if open > 0 {
            self.complain(format!("customer {who} is not told with all faults over"));
        }
        for order in orders {
            let path = format!("/v1/orders/{order}");
            let found = self.ask(who, "GET", &path, |call| call).await;
            let status = found.json["data"]["status"].as_str().unwrap_or_default();
            match status {
                "paid" | "canceled" | "expired" | "refunded" => {}
                other => self.complain(format!("{order} is {other:?} at rest: {}", found.json)),
            }
        }
    }

    fn deed<'a>(&'a self, who: usize, deed: &'a Deed) -> LocalBoxFuture<'a, ()> {
        async move {
            match deed {
                Deed::Register => self.register(who).await,
                Deed::Resend => self.resend(who).await,
                Deed::LogIn => {
                    self.log_in(who).await;
                }
                Deed::Refresh { back } => self.refresh(who, *back).await,
                Deed::LogOut => self.log_out(who).await,
                Deed::Cart(plan) => self.put_in_cart(who, *plan).await,
                Deed::Tabs(plans) => self.change_cart_twice(who, *plans).await,
                Deed::GuestTabs(plans) => self.begin_cart_twice(who, *plans).await,
                Deed::OrderAndCancel(plan) => self.order_and_cancel(who, *plan).await,
                Deed::ClearCart => {
                    self.ask(who, "DELETE", "/v1/cart", |call| call).await;
                }
                Deed::OrderCart => self.order(who, None).await,
                Deed::Order(plan) => self.order(who, Some(*plan)).await,
                Deed::Again => self.ask_again(who).await,
                Deed::Pay { back, card } => self.pay(who, *back, card).await,
                Deed::GiveCard { card } => self.give_card(who, card).await,
                Deed::DefaultCard { back } => self.use_card(who, *back, false).await,
                Deed::RemoveCard { back } => self.use_card(who, *back, true).await,
                Deed::AnotherPage { back } => self.another_page(who, *back).await,
                Deed::Cancel { back } => self.cancel(who, *back).await,
                Deed::Look => self.look(who).await,
                Deed::Pry => self.pry(who).await,
                Deed::Administer => self.administer(who).await,
                Deed::Refund { back, percent } => self.refund(*back, *percent).await,
                Deed::ByHand { back, percent } => self.give_back_by_hand(*back, *percent),
                Deed::Dispute { back, inquiry } => self.dispute(*back, *inquiry),
                Deed::Evidence => self.send_evidence(),
                Deed::Verdict { won } => self.decide(*won),
                Deed::Tick(job) => {
                    // What it reports, and whether it fails, is for the log.
                    let _ = self.shop.cloud.run_job(job, json!({"version": 1})).await;
                }
                Deed::Deliver => self.deliver().await,
                Deed::Redeliver { back } => self.redeliver(*back),
                Deed::Forge => self.forge(who).await,
            }
        }
        .boxed_local()
    }

    /// The provider's events that are due arrive all at once.
    async fn deliver(&self) {
        let cloud = &self.shop.cloud;
        let due = cloud.simulator().due_deliveries(cloud.now());
        join_all(due.into_iter().map(|delivery| async move {
            let request = Request::post("/v1/webhooks/stripe")
                .header("content-type", "application/json; charset=utf-8")
                .header("stripe-signature", delivery.signature_header)
                .body(delivery.body)
                .unwrap();
            let status = cloud.request(request).await.status().as_u16();
            cloud.simulator().delivered(&delivery.id, status);
        }))
        .await;
    }

    fn redeliver(&self, back: usize) {
        let simulator = self.shop.cloud.simulator();
        let book = simulator.book();
        let event = book["events"].as_array().unwrap().iter().rev().nth(back);
        if let Some(id) = event.and_then(|event| event["id"].as_str()) {
            simulator.redeliver(self.shop.cloud.now(), id);
        }
    }

    /// Calls, and judges the answer by what holds for all.
    pub(super) async fn call<'a>(
        &'a self,
        who: Option<usize>,
        method: &str,
        path: &str,
        with: impl FnOnce(Call<'a>) -> Call<'a>,
    ) -> Answer {
        let answer = with(self.shop.call(method, path)).send().await;
        let route = path.split(['?', '_']).next().unwrap_or_default();
        self.meet(format!("answer: {method} {route} {}", answer.status));
        self.trace
            .borrow_mut()
            .update(format!("{method} {path} {}\n", answer.status));
        let is_crash =
            answer.bytes == Bytes::from_static(b"{\"message\":\"Internal Server Error\"}");
        match answer.status {
            503 if answer.header("retry-after").is_empty() => {
                self.complain(format!("{method} {path}: 503 without Retry-After"));
            }
            503 => {}
            500.. if !(is_crash && self.crashed.get()) => {
                self.complain(format!("{method} {path}: {}", answer.json));
            }
            _ => {}
        }
        if let Some(who) = who {
            self.keep_apart(who, path, &answer);
        }
        answer
    }

    /// Nobody is told anything that names somebody else.
    fn keep_apart(&self, who: usize, path: &str, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.bytes);
        let named = self
            .people
            .borrow()
            .iter()
            .enumerate()
            .any(|(other, person)| {
                let account = person.account.as_deref();
                other != who
                    && (text.contains(&person.email)
                        || account.is_some_and(|account| text.contains(account)))
            });
        if named {
            self.complain(format!("{path} tells customer {who} of another: {text}"));
        }
    }

    pub(super) fn with<T>(&self, who: usize, look: impl FnOnce(&mut Person) -> T) -> T {
        look(&mut self.people.borrow_mut()[who])
    }

    pub(super) fn people(&self) -> usize {
        self.people.borrow().len()
    }

    /// How many events were forged before.
    pub(super) fn forged(&self) -> usize {
        let forged = self.forged.get();
        self.forged.set(forged + 1);
        forged
    }

    pub(super) fn complain(&self, what: String) {
        self.wrong.borrow_mut().push(what);
    }

    fn meet(&self, what: String) {
        *self.met.borrow_mut().entry(what).or_default() += 1;
    }
}
