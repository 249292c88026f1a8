//! Everything behind the connector.

use crate::clock::VirtualClock;
use crate::engine::Engine;
use crate::faults::{Fault, Faults, Weather};
use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::trace::Effect;
use crate::vault::Vault;
use jiff::Timestamp;
use platform::clock::Clock as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use stripe_simulator::Simulator;

/// The services the functions call, and what is told about the calls.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) clock: VirtualClock,
    pub(crate) engine: Engine,
    pub(crate) simulator: Simulator,
    pub(crate) vault: Vault,
    pub(crate) mailbox: Mailbox,
    weather: Mutex<Weather>,
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
            weather: Mutex::default(),
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

    /// The fault a call to the table meets by chance.
    pub(crate) fn draw(&self, writes: bool) -> Option<Fault> {
        lock(&self.weather).draw(writes)
    }

    pub(crate) fn plan(&self, effect: u64, fault: Fault) {
        lock(&self.weather).plan(effect, fault);
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.simulator
            .set_webhook_faults(faults.webhooks.into(), faults.seed);
        self.simulator
            .set_api_faults(faults.provider.into(), faults.seed);
        lock(&self.weather).set(faults);
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.weather).faults.clone()
    }
}
