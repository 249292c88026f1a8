//! What an enumeration came to.

use super::crash::{Rehearsal, Told, only_counts};
use super::modes::Mode;
use super::races::Intruder;
use local::Effect;
use std::collections::{BTreeMap, BTreeSet};

/// What an enumeration came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Stories told, by story.
    pub told: BTreeMap<String, u64>,
    /// Crash points met: operation, what was called, and how it failed.
    pub points: BTreeSet<String>,
    /// Every kind of call that was made: one of each.
    pub calls: BTreeMap<String, Effect>,
    /// What went wrong, with what it takes to see it again.
    pub broken: Vec<String>,
    /// True where the first thing that goes wrong is enough.
    ends_when_broken: bool,
}

impl Report {
    /// One that is over as soon as something is wrong.
    pub fn until_broken() -> Self {
        Self {
            ends_when_broken: true,
            ..Self::default()
        }
    }

    /// True where nothing more needs to be told.
    pub(super) fn is_over(&self) -> bool {
        self.ends_when_broken && !self.broken.is_empty()
    }

    /// Both together.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for (story, times) in other.told {
            *self.told.entry(story).or_default() += times;
        }
        self.points.extend(other.points);
        self.broken.extend(other.broken);
        self.calls.extend(other.calls);
        self
    }

    /// How often a story was told.
    pub fn told_of(&self, story: &Rehearsal) -> u64 {
        self.told.get(story.name()).copied().unwrap_or(0)
    }

    /// The operations and jobs some act of which was told and writes.
    pub fn writers(&self) -> BTreeSet<&str> {
        let writes = |effect: &&Effect| effect.writes() && !only_counts(effect);
        let writers = self.calls.values().filter(writes);
        writers.map(|effect| &*effect.function).collect()
    }

    /// Notes a telling.
    pub(super) fn note(&mut self, story: &Rehearsal, faults: &[(u64, Mode)], told: &Told) {
        *self.told.entry(story.name().to_owned()).or_default() += 1;
        for effect in &told.trace {
            let kind = kind_of(effect);
            self.calls.entry(kind).or_insert_with(|| effect.clone());
        }
        self.note_wrong(story, &format!("{faults:?}"), told);
    }

    /// Notes a telling in which two acts met.
    pub(super) fn note_race(
        &mut self,
        story: &Rehearsal,
        faults: &[(u64, Mode)],
        effect: u64,
        intruder: Intruder,
        told: &Told,
    ) {
        *self.told.entry(story.name().to_owned()).or_default() += 1;
        self.note_wrong(
            story,
            &format!("{faults:?}, {intruder:?} before {effect}"),
            told,
        );
    }

    fn note_wrong(&mut self, story: &Rehearsal, with: &str, told: &Told) {
        let wrong = told.all_wrong();
        if !wrong.is_empty() {
            self.broken.push(format!(
                "{} with {with}:\n    {}",
                story.name(),
                wrong.join("\n    ")
            ));
        }
    }
}

/// What a call is, whichever items it is about.
fn kind_of(effect: &Effect) -> String {
    let first = |text: &str| text.split('#').next().unwrap_or_default().to_owned();
    let items = effect.items.iter();
    let items: BTreeSet<String> = items
        .map(|item| format!("{:?} {}", item.access, first(&item.pk)))
        .collect();
    format!(
        "{} {} {:?} {:?} {items:?}",
        effect.function, effect.action, effect.index, effect.secret
    )
}
