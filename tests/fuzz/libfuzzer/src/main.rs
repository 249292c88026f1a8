//! One target of `fuzz-targets` under libFuzzer. Which one, the variable
//! `FUZZ_TARGET` says: one program serves all.
#![no_main]

use fuzz_targets::{Target, find, nodes};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    find(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));

// Some changes befall the JSON in an input, and leave it JSON; some befall
// the input with real tokens in place of its placeholders.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let (kind, place) = (seed % 4, usize::try_from(seed / 4).unwrap_or(0));
    let other = match kind {
        0 => Some((TARGET.fill)(&data[..size])),
        1 => nodes::change(&data[..size], place, place / 64),
        _ => None,
    };
    let Some(other) = other.filter(|other| other.len() <= max_size) else {
        return fuzzer_mutate(data, size, max_size);
    };
    data[..other.len()].copy_from_slice(&other);
    if kind == 1 {
        other.len()
    } else {
        fuzzer_mutate(data, other.len(), max_size)
    }
});
