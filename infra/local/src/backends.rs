//! Everything behind the connector.

use crate::clock::VirtualClock;
use crate::connector::{Condition, Halt, Late};
use crate::engine::{Engine, EngineError};
use crate::faults::{Fault, Faults, Share, StreamFaults, Weather};
use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::register::Register;
use crate::trace::{Effect, Service};
use crate::vault::Vault;
use jiff::{SignedDuration, Timestamp};
use platform::clock::Clock as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use stripe_simulator::Simulator;

/// Most turns others get before an effect, where turns are of chance.
const MOST_TURNS: u64 = 4;

/// The services the functions call, and what is told about the calls.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) clock: VirtualClock,
    pub(crate) engine: Engine,
    pub(crate) simulator: Simulator,
    pub(crate) vault: Vault,
    pub(crate) mailbox: Mailbox,
    pub(crate) register: Register,
    weather: Mutex<Weather>,
    late: Mutex<Vec<Late>>,
    without: Mutex<Vec<Condition>>,
    halt: Mutex<Option<(u64, Halt)>>,
    effects: AtomicU64,
    /// Kept only while somebody wants to read it.
    trace: Mutex<Option<Vec<Effect>>>,
}

impl Backends {
    pub(crate) fn new(
        clock: VirtualClock,
        engine: Engine,
        simulator: Simulator,
        vault: Vault,
        traced: bool,
    ) -> Self {
        Self {
            clock,
            engine,
            simulator,
            vault,
            mailbox: Mailbox::default(),
            register: Register::default(),
            weather: Mutex::default(),
            late: Mutex::default(),
            without: Mutex::default(),
            halt: Mutex::default(),
            effects: AtomicU64::new(0),
            trace: Mutex::new(traced.then(Vec::new)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The number of the next effect.
    pub(crate) fn count(&self) -> u64 {
        self.effects
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1)
    }

    /// How many effects there were.
    pub(crate) fn effects(&self) -> u64 {
        self.effects.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, effect: Effect) {
        if let Some(trace) = lock(&self.trace).as_mut() {
            trace.push(effect);
        }
    }

    pub(crate) fn take_trace(&self) -> Vec<Effect> {
        lock(&self.trace)
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The fault planned for an effect.
    pub(crate) fn planned(&self, effect: u64) -> Option<Fault> {
        lock(&self.weather).planned(effect)
    }

    /// The fault a call meets by chance.
    pub(crate) fn draw(&self, service: Service, writes: bool) -> Option<Fault> {
        lock(&self.weather).draw(service, writes)
    }

    /// A number up to this one, by chance.
    pub(crate) fn up_to(&self, most: u64) -> u64 {
        lock(&self.weather).up_to(most)
    }

    /// How many turns others get before an effect.
    pub(crate) fn turns(&self) -> u64 {
        let mut weather = lock(&self.weather);
        if weather.faults.shuffle {
            weather.up_to(MOST_TURNS)
        } else {
            1
        }
    }

    /// Lets the clock go on by what an effect takes.
    pub(crate) fn time_passes(&self) {
        let mut weather = lock(&self.weather);
        let most = weather.faults.latency;
        if most > 0 {
            let passed = weather.up_to(u64::from(most));
            let passed = SignedDuration::from_millis(i64::try_from(passed).unwrap_or(0));
            let now = self.clock.now();
            self.clock.move_to(now.checked_add(passed).unwrap_or(now));
        }
    }

    /// True when the table forgets a transaction's token.
    pub(crate) fn forgets_token(&self) -> bool {
        let mut weather = lock(&self.weather);
        let share = weather.faults.dynamodb.forgotten_token;
        weather.hits(share)
    }

    /// True when a query stops before its end.
    pub(crate) fn stops_early(&self) -> bool {
        let mut weather = lock(&self.weather);
        let share = weather.faults.dynamodb.short_page;
        weather.hits(share)
    }

    /// True when a batch leaves keys unprocessed.
    pub(crate) fn leaves_keys(&self) -> bool {
        let mut weather = lock(&self.weather);
        let share = weather.faults.dynamodb.partial_batch;
        weather.hits(share)
    }

    /// True for that share of what the stream carries.
    pub(crate) fn hits(&self, share: impl Fn(&StreamFaults) -> Share) -> bool {
        let mut weather = lock(&self.weather);
        let share = share(&weather.faults.stream);
        weather.hits(share)
    }

    /// The calls that have not arrived yet.
    pub(crate) fn with_late<T>(&self, look: impl FnOnce(&mut Vec<Late>) -> T) -> T {
        look(&mut lock(&self.late))
    }

    /// The conditions that are switched off.
    pub(crate) fn switched_off(&self) -> Vec<Condition> {
        lock(&self.without).clone()
    }

    /// Switches these conditions off, and all others on.
    pub(crate) fn switch_off(&self, conditions: &[Condition]) {
        *lock(&self.without) = conditions.to_vec();
    }

    /// Halts the effect with this number.
    pub(crate) fn halt(&self, effect: u64) -> Halt {
        let halt = Halt::default();
        *lock(&self.halt) = Some((effect, halt.clone()));
        halt
    }

    /// The halt at this effect, once.
    pub(crate) fn halted(&self, effect: u64) -> Option<Halt> {
        let mut halt = lock(&self.halt);
        halt.take_if(|(at, _)| *at == effect).map(|(_, halt)| halt)
    }

    pub(crate) fn plan(&self, effect: u64, fault: Fault) {
        lock(&self.weather).plan(effect, fault);
    }

    /// Forgets planned faults.
    pub(crate) fn forget_plans(&self) {
        lock(&self.weather).forget_plans();
    }

    /// Puts faults in force.
    ///
    /// # Errors
    /// [`EngineError`] when the table cannot be read late.
    pub(crate) fn set_faults(&self, faults: Faults) -> Result<(), EngineError> {
        self.engine.set_lag(faults.dynamodb.lag)?;
        self.simulator
            .set_webhook_faults(faults.webhooks.into(), faults.seed);
        self.simulator
            .set_api_faults(faults.provider.into(), faults.seed);
        lock(&self.weather).set(faults);
        Ok(())
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.weather).faults.clone()
    }

    /// Forgets planned faults, calls on their way and counts effects anew.
    pub(crate) fn calm(&self, effects: u64) {
        *lock(&self.weather) = Weather::default();
        self.with_late(Vec::clear);
        *lock(&self.halt) = None;
        self.effects.store(effects, Ordering::Relaxed);
    }
}
