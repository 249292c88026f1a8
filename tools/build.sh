#!/usr/bin/env bash
# Builds every function into target/lambda/<operation>/bootstrap.zip, where
# template.yaml expects it, and notes the architecture in
# target/lambda/architecture for `make deploy`.
#
# arm64 is cheaper; it is built when the toolchain has the target:
#   rustup target add aarch64-unknown-linux-gnu
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -d "$(rustc --print sysroot)/lib/rustlib/aarch64-unknown-linux-gnu" ]; then
    architecture=arm64 target=aarch64-unknown-linux-gnu
else
    architecture=x86_64 target=x86_64-unknown-linux-gnu
    echo "The target aarch64-unknown-linux-gnu is not installed: building for x86_64." >&2
fi

# cargo-lambda's own optimisations would end a panicking process; the profile
# in Cargo.toml says what is wanted. The linker is zig's, so that the binaries
# run on the C library of the runtime, not only on this machine's.
PATH="$PWD/.venv/bin:$PATH" cargo lambda build --locked -p functions \
    --profile deploy --disable-optimizations --target "$target" \
    --output-format zip --lambda-dir target/lambda "$@"

echo "$architecture" > target/lambda/architecture
