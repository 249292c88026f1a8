//! The state machines, as tables.

use crate::Invariant::MonotoneStates;
use crate::item::Item;
use crate::notes::Notes;
use crate::table::Step;

/// A machine: the type, where its state is, the transitions, and the states
/// in which an item is not written any more.
struct Machine {
    kind: &'static str,
    path: &'static str,
    transitions: &'static [(&'static str, &'static str)],
    closed: &'static [&'static str],
}

const MACHINES: &[Machine] = &[
    Machine {
        kind: "order",
        path: "status.state",
        transitions: &[
            ("new", "pending"),
            ("pending", "paid"),
            ("pending", "canceled"),
            ("pending", "expired"),
            ("paid", "refunded"),
        ],
        closed: &["paid", "canceled", "expired", "refunded"],
    },
    Machine {
        kind: "payment",
        path: "status.state",
        // A paid or dead payment is still written: later attempts end, a
        // surplus comes and goes.
        transitions: &[
            ("new", "pending"),
            ("pending", "paid"),
            ("pending", "failed"),
            ("pending", "expired"),
        ],
        closed: &[],
    },
    Machine {
        kind: "subscription",
        path: "status.state",
        transitions: &[
            ("new", "active"),
            ("active", "past_due"),
            ("active", "canceled"),
            ("past_due", "active"),
            ("past_due", "unpaid"),
            ("past_due", "canceled"),
        ],
        closed: &["unpaid", "canceled"],
    },
    Machine {
        kind: "period",
        path: "status",
        transitions: &[
            ("new", "paid"),
            ("new", "open"),
            ("open", "paid"),
            ("open", "past_due"),
            ("past_due", "paid"),
            ("past_due", "unpaid"),
        ],
        closed: &["paid", "unpaid"],
    },
    Machine {
        kind: "invoice",
        path: "status.state",
        transitions: &[
            ("new", "draft"),
            ("new", "ready"),
            ("draft", "ready"),
            ("ready", "open"),
            ("ready", "paid"),
            ("open", "paid"),
        ],
        closed: &["paid"],
    },
    Machine {
        kind: "new_card",
        path: "status.state",
        transitions: &[
            ("new", "expected"),
            ("expected", "saved"),
            ("expected", "missed"),
        ],
        closed: &["saved", "missed"],
    },
    Machine {
        kind: "provider_event",
        path: "state.inbox",
        transitions: &[
            ("new", "applied"),
            ("new", "received"),
            ("new", "waiting"),
            ("new", "quarantined"),
            ("received", "applied"),
            ("received", "waiting"),
            ("received", "quarantined"),
            ("waiting", "applied"),
            ("waiting", "received"),
            ("waiting", "quarantined"),
        ],
        closed: &["applied", "quarantined"],
    },
    Machine {
        kind: "login",
        path: "status",
        transitions: &[
            ("new", "unverified"),
            ("new", "active"),
            ("unverified", "active"),
            ("active", "suspended"),
            ("suspended", "active"),
        ],
        closed: &[],
    },
];

/// Judges every state a commit changed.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for machine in MACHINES {
        let state = |item: &Item| item.text(machine.path).to_owned();
        for (change, old, new) in step.written(machine.kind) {
            let from = old.map_or_else(|| "new".to_owned(), state);
            let to = state(new);
            if from != to {
                let step = (from.as_str(), to.as_str());
                notes.must(machine.transitions.contains(&step), MonotoneStates, || {
                    format!("{}: {from} became {to}", change.place())
                });
                notes.saw(format!("{}: {from} -> {to}", machine.kind));
            } else {
                notes.must(
                    !machine.closed.contains(&from.as_str()),
                    MonotoneStates,
                    || format!("{} is {from} and was written again", change.place()),
                );
            }
        }
    }
}

/// Every transition there is, as it is counted when it is seen.
pub(crate) fn names() -> impl Iterator<Item = String> {
    MACHINES.iter().flat_map(|machine| {
        let kind = machine.kind;
        let steps = machine.transitions.iter();
        steps.map(move |(from, to)| format!("{kind}: {from} -> {to}"))
    })
}
