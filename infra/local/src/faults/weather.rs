//! What an effect meets: by plan, or by chance.

use super::{Faults, ServiceFaults, Share, TableFaults, WHOLE};
use crate::chance::Chance;
use crate::trace::Service;
use std::collections::BTreeMap;

/// What one effect meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Refused for load; not applied.
    Throttle,
    /// A write meets another transaction; not applied.
    Conflict,
    /// 500; not applied.
    ServerError,
    /// 500; applied.
    ServerErrorApplied,
    /// No answer; not applied.
    LostRequest,
    /// No answer; applied.
    LostReply,
    /// The provider's answer arrives cut in half; applied.
    Malformed,
    /// The provider says 200 and holds an error; applied.
    ErrorInOk,
    /// No connection: certainly not applied.
    Refused,
    /// A refused condition comes among other reasons.
    MixedReasons,
    /// No answer; applied later, after others.
    Late,
    /// Sent twice; the second answer counts.
    Twice,
    /// The function dies before it is sent.
    CrashBefore,
    /// The function dies after it was applied.
    CrashAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 14] = [
        Self::Throttle,
        Self::Conflict,
        Self::ServerError,
        Self::ServerErrorApplied,
        Self::LostRequest,
        Self::LostReply,
        Self::Malformed,
        Self::ErrorInOk,
        Self::Refused,
        Self::MixedReasons,
        Self::Late,
        Self::Twice,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    /// True when the call is carried out before the caller goes on.
    pub fn applies(self) -> bool {
        match self {
            Self::ServerErrorApplied
            | Self::LostReply
            | Self::Malformed
            | Self::ErrorInOk
            | Self::MixedReasons
            | Self::Twice
            | Self::CrashAfter => true,
            Self::Throttle
            | Self::Conflict
            | Self::ServerError
            | Self::LostRequest
            | Self::Refused
            | Self::Late
            | Self::CrashBefore => false,
        }
    }
}

/// The faults in force, the dice, and the plan for single effects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    pub(crate) faults: Faults,
    chance: Chance,
    plan: BTreeMap<u64, Fault>,
}

impl Weather {
    /// Puts other faults in force.
    pub(crate) fn set(&mut self, faults: Faults) {
        self.chance = Chance::seeded(faults.seed);
        self.faults = faults;
    }

    /// Plans a fault for the effect with this number.
    pub(crate) fn plan(&mut self, effect: u64, fault: Fault) {
        self.plan.insert(effect, fault);
    }

    /// Forgets what is planned.
    pub(crate) fn forget_plans(&mut self) {
        self.plan.clear();
    }

    /// The fault planned for an effect, once.
    pub(crate) fn planned(&mut self, effect: u64) -> Option<Fault> {
        self.plan.remove(&effect)
    }

    /// What a call meets by chance: one roll for all shares.
    pub(crate) fn draw(&mut self, service: Service, writes: bool) -> Option<Fault> {
        match service {
            Service::Table => self.at_table(writes),
            Service::Secrets => self.at_service(self.faults.secrets),
            Service::Mail => self.at_service(self.faults.mail),
            Service::Register => self.at_service(self.faults.register),
            // The simulator has the other dice.
            Service::Provider => self.hits(self.faults.provider.late).then_some(Fault::Late),
        }
    }

    fn at_table(&mut self, writes: bool) -> Option<Fault> {
        let faults = self.faults.dynamodb;
        if faults == TableFaults::default() {
            return None;
        }
        let met = self.one_of(&[
            (faults.throttle, Fault::Throttle),
            (faults.conflict, Fault::Conflict),
            (faults.server_error, Fault::ServerError),
            (faults.server_error_applied, Fault::ServerErrorApplied),
            (faults.lost_request, Fault::LostRequest),
            (faults.lost_reply, Fault::LostReply),
            (faults.mixed_reasons, Fault::MixedReasons),
            (faults.late, Fault::Late),
        ])?;
        // A plain read meets no other transaction, and changes nothing late.
        let of_writes = matches!(met, Fault::Conflict | Fault::MixedReasons | Fault::Late);
        (writes || !of_writes).then_some(met)
    }

    fn at_service(&mut self, faults: ServiceFaults) -> Option<Fault> {
        if faults == ServiceFaults::default() {
            return None;
        }
        self.one_of(&[
            (faults.throttle, Fault::Throttle),
            (faults.server_error, Fault::ServerError),
            (faults.lost_request, Fault::LostRequest),
            (faults.lost_reply, Fault::LostReply),
        ])
    }

    fn one_of(&mut self, shares: &[(Share, Fault)]) -> Option<Fault> {
        let mut roll = self.chance.below(u64::from(WHOLE));
        for (share, fault) in shares {
            match roll.checked_sub(u64::from(share.0)) {
                None => return Some(*fault),
                Some(rest) => roll = rest,
            }
        }
        None
    }

    /// True for that share of the calls. What cannot happen rolls nothing, so
    /// that it leaves the history of the rest alone.
    pub(crate) fn hits(&mut self, share: Share) -> bool {
        share != Share::default() && self.chance.below(u64::from(WHOLE)) < u64::from(share.0)
    }

    /// A number up to this one.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        match most {
            0 => 0,
            most => self.chance.below(most.saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Share, Weather};
    use crate::trace::Service;

    #[test]
    fn the_same_seed_draws_the_same_faults_about_as_often_as_asked() {
        let draw = |seed| {
            let mut weather = Weather::default();
            let mut faults = Faults {
                seed,
                ..Faults::default()
            };
            faults.dynamodb.throttle = Share(100_000);
            weather.set(faults);
            (0..2_000)
                .map(|_| weather.draw(Service::Table, true))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7)
            .iter()
            .filter(|fault| **fault == Some(Fault::Throttle))
            .count();
        assert!((120..280).contains(&hits), "{hits} of 2000");
    }

    #[test]
    fn a_planned_fault_is_met_once() {
        let mut weather = Weather::default();
        weather.plan(3, Fault::LostReply);
        assert_eq!(
            (weather.planned(2), weather.planned(3), weather.planned(3)),
            (None, Some(Fault::LostReply), None)
        );
    }
}
