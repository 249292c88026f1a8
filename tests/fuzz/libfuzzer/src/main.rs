//! One target of `fuzz-targets` under libFuzzer. Which one, the variable
//! `FUZZ_TARGET` says: one program serves all.
#![no_main]

use fuzz_targets::{Target, find};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    find(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));

// Every fourth change befalls the input with real tokens in place of its
// placeholders, so that tokens are changed too.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut size = size;
    if seed.is_multiple_of(4) {
        let filled = (TARGET.fill)(&data[..size]);
        if filled.len() <= max_size {
            data[..filled.len()].copy_from_slice(&filled);
            size = filled.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
