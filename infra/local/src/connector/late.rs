//! Calls that arrive after their caller has given up.

use super::Call;
use crate::backends::Backends;
use crate::trace::Service;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Most effects that overtake a call.
const OVERTAKEN_BY: u64 = 3;

/// How late a call to the provider arrives where nothing is said of it: after
/// the shop has looked what became of it.
const PAST_THE_FIRST_LOOK: SignedDuration = SignedDuration::from_secs(90);

/// A call on its way.
#[derive(Debug, Clone)]
pub(crate) struct Late {
    call: Call,
    function: Arc<str>,
    sent: u64,
    arrives: Arrival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    Undecided,
    BeforeEffect(u64),
    At(Timestamp),
}

impl Late {
    pub(super) fn new(call: &Call, function: Arc<str>, sent: u64) -> Self {
        Self {
            call: call.clone(),
            function,
            sent,
            arrives: Arrival::Undecided,
        }
    }
}

impl Backends {
    /// Keeps a call on its way: one to AWS until a few others went by, one to
    /// the provider for some time.
    pub(super) fn hold(&self, mut late: Late) {
        late.arrives = match late.call.service {
            Service::Provider => {
                let wait = match self.faults().provider.late_by {
                    0 => PAST_THE_FIRST_LOOK,
                    most => {
                        let seconds = self.up_to(u64::from(most));
                        SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0))
                    }
                };
                Arrival::At(self.now().checked_add(wait).unwrap_or(Timestamp::MAX))
            }
            Service::Table | Service::Secrets | Service::Mail | Service::Register => {
                let others = self.up_to(OVERTAKEN_BY).saturating_add(1);
                Arrival::BeforeEffect(late.sent.saturating_add(others))
            }
        };
        self.with_late(|calls| calls.push(late));
    }

    /// Carries out the calls to AWS that arrive before this effect.
    pub(super) fn arrive(&self, effect: u64) {
        self.carry_out(|late| matches!(late.arrives, Arrival::BeforeEffect(at) if at <= effect));
    }

    /// Carries out what arrives by now, and what only waited for others.
    pub(crate) fn arrive_by(&self, now: Timestamp) {
        self.carry_out(|late| match late.arrives {
            Arrival::At(at) => at <= now,
            Arrival::BeforeEffect(_) | Arrival::Undecided => true,
        });
    }

    /// When the next call arrives that is on its way to the provider.
    pub(crate) fn next_arrival(&self) -> Option<Timestamp> {
        self.with_late(|calls| {
            calls
                .iter()
                .filter_map(|late| match late.arrives {
                    Arrival::At(at) => Some(at),
                    Arrival::BeforeEffect(_) | Arrival::Undecided => None,
                })
                .min()
        })
    }

    fn carry_out(&self, arrives: impl Fn(&Late) -> bool) {
        let due = self.with_late(|calls| {
            let (due, rest): (Vec<Late>, Vec<Late>) = calls.drain(..).partition(arrives);
            *calls = rest;
            due
        });
        for late in due {
            // Nobody hears the answer any more.
            let _ = self.apply(&late.function, &late.call);
        }
    }
}
