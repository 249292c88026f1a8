//! Which faults a story is told with.

use super::crash::Rehearsal;
use super::modes::{Mode, modes};
use super::report::Report;
use local::Fault;

/// A share of the places of a story, so that several can work on it: which, of
/// how many.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// From 0.
    pub number: usize,
    /// At least 1.
    pub of: usize,
}

impl Part {
    /// Everything.
    pub const ALL: Self = Self { number: 0, of: 1 };

    pub(super) fn has(self, place: usize) -> bool {
        place % self.of == self.number
    }
}

/// One fault at every effect of the act; `chosen` says which of the modes.
pub async fn singles(
    story: &Rehearsal,
    part: Part,
    report: &mut Report,
    chosen: impl Fn(&Rehearsal, usize, Vec<Mode>) -> Vec<Mode>,
) {
    for (place, effect) in story.effects().iter().enumerate() {
        if !part.has(place) {
            continue;
        }
        let number = u64::try_from(place).unwrap() + 1;
        for mode in chosen(story, place, modes(effect)) {
            if report.is_over() {
                return;
            }
            let faults = [(number, mode)];
            let told = story.tell(&faults).await;
            report.points.insert(format!(
                "{} {} {:?}x{}",
                effect.function, effect.action, mode.0, mode.1
            ));
            report.note(story, &faults, &told);
        }
    }
}

const CRASHES: [Mode; 2] = [(Fault::CrashBefore, 1), (Fault::CrashAfter, 1)];

/// Two crashes: one in the act, the other at any effect that comes after it, in
/// the act or in the recovery. Of all the pairs of a story so many at most, in
/// even steps.
pub async fn pairs(story: &Rehearsal, part: Part, most: usize, report: &mut Report) {
    let mut all = Vec::new();
    for place in 0..story.effects().len() {
        for mode in CRASHES {
            let first = (u64::try_from(place).unwrap() + 1, mode);
            let alone = story.tell(&[first]).await;
            for second in first.0 + 1..=alone.effects {
                all.extend(CRASHES.map(|again| [first, (second, again)]));
            }
        }
    }
    // Odd, so that the second crash comes before and after its effect in turn.
    let step = all.len().div_ceil(most) | 1;
    for (place, faults) in all.iter().step_by(step).enumerate() {
        if part.has(place) {
            let told = story.tell(faults).await;
            report.note(story, faults, &told);
        }
    }
}
