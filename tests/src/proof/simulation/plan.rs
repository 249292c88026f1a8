//! What happens in a history: decided beforehand by its number alone, step by
//! step, so that steps can be left out and the rest stays as it was.

use super::deeds::{Deed, deed};
use super::weather::Weather;
use crate::shop::{EDR_MONTHLY, EDR_TIERS, EDR_YEARLY};
use local::Chance;
use std::fmt;

/// Customers of a history at most.
const MOST_CUSTOMERS: u64 = 4;
/// Steps of a history.
const STEPS: u64 = 40;

/// A history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What decides it.
    pub seed: u64,
    /// What goes wrong in it, and how often.
    pub weather: Weather,
    /// How many customers it has.
    pub customers: usize,
    /// What happens, each with its place among all that was planned.
    pub steps: Vec<(usize, Step)>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Deeds at the same time, by whom.
    Deeds(Vec<(usize, Deed)>),
    /// Time passes, and everything happens that falls due.
    Pass(&'static str),
    /// Time passes and nothing happens meanwhile: an outage of the schedules.
    Outage(i64),
    /// How a customer's saved cards behave from now on.
    Card(usize, &'static str),
    /// Every function starts anew.
    Restart,
    /// A function dies at that effect from here; before or after it.
    Crash(u64, bool),
    /// The table deletes what has expired.
    Expire,
    /// The faults end, everything comes to rest, and the books are audited.
    Rest,
}

/// A plan and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: &'static str,
    /// How much of it.
    pub quantity: u64,
}

/// Cards somebody may type in.
pub(super) const CARDS: [&str; 7] = [
    "4242424242424242",
    "4242424242424242",
    "4242424242424242",
    "4000000000009995",
    "4000000000000341",
    "4000002500003155",
    // A refund to it is returned.
    "4000000000005126",
];

/// How saved cards may behave.
const BEHAVIOURS: [&str; 9] = [
    "ok",
    "ok",
    "ok",
    "insufficient_funds",
    "insufficient_funds",
    "insufficient_funds",
    "expired_card",
    "stolen_card",
    "authentication_required",
];

/// How long a pause may be.
const PAUSES: [&str; 10] = [
    "PT1M", "PT6M", "PT20M", "PT65M", "PT7H", "P1D", "P3D", "P8D", "P1M", "P2M",
];

impl History {
    /// The history of a seed.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::seeded(seed);
        let weather = Weather::draw(&mut chance);
        let customers = pick_index(&mut chance, MOST_CUSTOMERS) + 1;
        let mut steps = vec![Step::Deeds(
            (0..customers).map(|who| (who, Deed::Register)).collect(),
        )];
        let days = Days::draw(&mut chance);
        if days == Days::Years {
            steps.extend(purchases(&mut chance, customers));
        }
        for _ in 0..STEPS {
            steps.push(step(&mut chance, customers, days));
        }
        Self {
            seed,
            weather,
            customers,
            steps: steps.into_iter().enumerate().collect(),
        }
    }

    /// The same with only the steps at these places of the whole.
    pub fn only(&self, places: &[usize]) -> Self {
        let mut some = self.clone();
        some.steps.retain(|(place, _)| places.contains(place));
        some
    }

    /// The places of its steps.
    pub fn places(&self) -> Vec<usize> {
        self.steps.iter().map(|(place, _)| *place).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}, {} customers, {:?}",
            self.seed, self.customers, self.weather
        )?;
        for (place, step) in &self.steps {
            writeln!(f, "  {place:>3}  {step:?}")?;
        }
        Ok(())
    }
}

pub(super) fn pick_index(chance: &mut Chance, bound: u64) -> usize {
    usize::try_from(chance.below(bound)).unwrap()
}

pub(super) fn pick<T: Copy>(chance: &mut Chance, among: &[T]) -> T {
    among[pick_index(chance, u64::try_from(among.len()).unwrap())]
}

/// What a history is mostly about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    /// Customers who are busy.
    Busy,
    /// Subscriptions that renew, and cards that do not always pay.
    Years,
}

impl Days {
    fn draw(chance: &mut Chance) -> Self {
        if chance.below(4) == 0 {
            Self::Years
        } else {
            Self::Busy
        }
    }

    /// Of a hundred steps, how many are deeds, pauses and outages, in this
    /// order, each with those before it.
    fn shares(self) -> [u64; 3] {
        match self {
            Self::Busy => [52, 76, 79],
            Self::Years => [25, 65, 69],
        }
    }
}

/// Everybody orders a month of something and pays.
fn purchases(chance: &mut Chance, customers: usize) -> [Step; 2] {
    let plan = Plan {
        id: EDR_MONTHLY,
        quantity: 1 + chance.below(5),
    };
    let pay = Deed::Pay {
        back: 0,
        card: CARDS[0],
    };
    let all = |deed: Deed| Step::Deeds((0..customers).map(|who| (who, deed.clone())).collect());
    [all(Deed::Order(plan)), all(pay)]
}

fn step(chance: &mut Chance, customers: usize, days: Days) -> Step {
    let [deeds, pauses, outages] = days.shares();
    match chance.below(100) {
        share if share < deeds => {
            let many = 1 + chance.below(4);
            Step::Deeds((0..many).map(|_| deed(chance, customers)).collect())
        }
        share if share < pauses => Step::Pass(pick(chance, &PAUSES)),
        share if share < outages => Step::Outage(i64::try_from(chance.below(72 * 3_600)).unwrap()),
        ..86 => Step::Card(someone(chance, customers), pick(chance, &BEHAVIOURS)),
        86..88 => Step::Restart,
        88..95 => Step::Crash(1 + chance.below(24), chance.below(2) == 0),
        95..97 => Step::Expire,
        _ => Step::Rest,
    }
}

pub(super) fn someone(chance: &mut Chance, customers: usize) -> usize {
    pick_index(chance, u64::try_from(customers).unwrap())
}

pub(super) fn plan(chance: &mut Chance) -> Plan {
    match chance.below(4) {
        0 => Plan {
            id: EDR_YEARLY,
            quantity: 1,
        },
        1 => Plan {
            id: EDR_TIERS,
            quantity: 5 + chance.below(30),
        },
        _ => Plan {
            id: EDR_MONTHLY,
            quantity: 1 + chance.below(5),
        },
    }
}
