#!/usr/bin/env bash
# Fuzzes one target of tests/fuzz with libFuzzer, guided by coverage, on the
# stable toolchain: tools/fuzz.sh TARGET [SECONDS [libFuzzer options]]
#
# Needs a C++ compiler (g++), which libFuzzer itself is built with. No
# sanitizer: the code is safe Rust, so that what goes wrong panics.
#
# Inputs of interest go to target/fuzz/corpus/TARGET, findings to
# target/fuzz/findings/TARGET; what is worth keeping is copied by hand to
# tests/fuzz/corpus/TARGET, which every `make test` runs.
set -euo pipefail

cd "$(dirname "$0")/.."
target=${1:?"usage: tools/fuzz.sh TARGET [SECONDS [libFuzzer options]]; a target is a folder of tests/fuzz/corpus"}
seconds=${2:-60}
shift; shift || true
seeds=tests/fuzz/corpus/$target
[ -d "$seeds" ] || { echo "there is no $seeds" >&2; exit 1; }
command -v "${CXX:-g++}" > /dev/null || { echo "a C++ compiler is needed (g++)" >&2; exit 1; }

# The flags cargo-fuzz gives, as far as the stable toolchain has them. With
# --target they befall neither build scripts nor macros.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="--cfg fuzzing -Ccodegen-units=16 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# Not --locked: its lock file follows the workspace's when that changes.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/fuzz}
cargo build --release --target "$host" --manifest-path tests/fuzz/libfuzzer/Cargo.toml

corpus=$CARGO_TARGET_DIR/corpus/$target
findings=$CARGO_TARGET_DIR/findings/$target
mkdir -p "$corpus" "$findings"
FUZZ_TARGET=$target exec "$CARGO_TARGET_DIR/$host/release/libfuzzer" \
    -max_total_time="$seconds" -max_len="${MAX_LEN:-4096}" -timeout=60 -rss_limit_mb=8192 \
    -artifact_prefix="$findings/" -print_final_stats=1 "$@" "$corpus" "$seeds"
