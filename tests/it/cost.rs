//! What a request cost, from the recorded calls.

use local::{Access, Effect, Service};
use std::future::Future;
use tests::shop::Shop;

/// What a function did for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cost {
    /// The longest chain of calls to the table of which each waits for the one
    /// before. Calls at the same time count once.
    pub(crate) trips: usize,
    /// Calls to the payment provider.
    pub(crate) provider: usize,
    /// Calls for secrets.
    pub(crate) secrets: usize,
    /// Items written, rate counters left out.
    pub(crate) writes: usize,
    /// Capacity units, rounded up.
    pub(crate) units: u64,
}

impl Cost {
    pub(crate) fn of(effects: &[Effect]) -> Self {
        let calls = |service| {
            effects
                .iter()
                .filter(move |effect| effect.service == service)
        };
        let table: Vec<&Effect> = calls(Service::Table).collect();
        let writes = table
            .iter()
            .flat_map(|effect| &effect.items)
            .filter(|item| {
                matches!(item.access, Access::Put | Access::Update | Access::Delete)
                    && !item.pk.starts_with("RATE#")
            });
        Self {
            trips: longest_chain(&table),
            provider: calls(Service::Provider).count(),
            secrets: calls(Service::Secrets).count(),
            writes: writes.count(),
            units: table
                .iter()
                .map(|effect| effect.half_units)
                .sum::<u64>()
                .div_ceil(2),
        }
    }
}

fn longest_chain(effects: &[&Effect]) -> usize {
    let mut ended: Vec<(u64, usize)> = Vec::new();
    for effect in effects {
        let waited_for = ended.iter().filter(|(number, _)| *number <= effect.after);
        let before = waited_for.map(|(_, depth)| *depth).max().unwrap_or(0);
        ended.push((effect.number, before + 1));
    }
    ended.iter().map(|(_, depth)| *depth).max().unwrap_or(0)
}

/// What a function does while something happens.
pub(crate) async fn effects<T>(
    shop: &Shop,
    function: &str,
    happening: impl Future<Output = T>,
) -> (T, Vec<Effect>) {
    let (done, mut trace) = effects_of_all(shop, happening).await;
    trace.retain(|effect| *effect.function == *function);
    (done, trace)
}

/// What all functions do while something happens.
pub(crate) async fn effects_of_all<T>(
    shop: &Shop,
    happening: impl Future<Output = T>,
) -> (T, Vec<Effect>) {
    shop.cloud.take_trace();
    let done = happening.await;
    (done, shop.cloud.take_trace())
}
