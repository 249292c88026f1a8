#!/usr/bin/env python3
"""Checks what is built in: licences, sources, banned crates, one stack of each kind.

The rules of deny.toml that matter most, on what cargo itself prints, so that
they run wherever cargo does. Known vulnerabilities are not looked up: the
floors below are kept by hand.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from typing import Iterator

LICENCES = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
SOURCE = "registry+https://github.com/rust-lang/crates.io-index"
# A second TLS or HTTP stack costs size and start-up, and is one more to patch.
BANNED = {"openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "async-std"}
SINGLE = ("hyper", "http", "rustls", "ring", "tokio")
OLD = {"hyper": (1,), "http": (1,), "rustls": (0, 23)}
# First versions without a known hole: CVE-2026-25537 in jsonwebtoken.
FLOORS = {"jsonwebtoken": (10, 3, 0), "rustls": (0, 23, 46), "rustls-webpki": (0, 103, 16)}


def cargo(*arguments: str) -> str:
    """What cargo prints."""
    done = subprocess.run(["cargo", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def numbers(version: str) -> tuple[int, ...]:
    """A version as comparable numbers; pre-release and build marks are left out."""
    return tuple(int(part) for part in re.split(r"[-+]", version)[0].split("."))


def permits(expression: str) -> bool:
    """True when an SPDX expression leaves a choice that is on the list."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def either() -> bool:
        nonlocal position
        good = both()
        while tokens[position : position + 1] == ["OR"]:
            position += 1
            good = both() or good
        return good

    def both() -> bool:
        nonlocal position
        good = one()
        while tokens[position : position + 1] == ["AND"]:
            position += 1
            good = one() and good
        return good

    def one() -> bool:
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            good = either()
            position += 1
            return good
        if tokens[position : position + 1] == ["WITH"]:
            token = f"{token} WITH {tokens[position + 1]}"
            position += 2
        return token in LICENCES

    return either()


def check_packages() -> Iterator[str]:
    """Every package of the lock file: where it comes from, under which licence."""
    for package in json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]:
        name = f"{package['name']} {package['version']}"
        if package["source"] is None:
            continue
        if package["source"] != SOURCE:
            yield f"{name} comes from {package['source']}; only crates.io is trusted"
        if not package["license"] or not permits(package["license"]):
            yield f"{name} is under {package['license'] or 'no stated licence'}, which is not on the list"
        floor = FLOORS.get(package["name"])
        if floor and numbers(package["version"]) < floor:
            yield f"{name} is older than the first version without known holes, {'.'.join(map(str, floor))}"


def check_functions() -> Iterator[str]:
    """What ends up in the functions: one stack of each kind, nothing banned."""
    tree = cargo("tree", "--locked", "-p", "functions", "--edges", "normal", "--prefix", "none",
                 "--format", "{p}", "--target", "aarch64-unknown-linux-gnu")  # fmt: skip
    found: dict[str, set[str]] = defaultdict(set)
    for line in tree.splitlines():
        match = re.match(r"(\S+) v(\S+)", line)
        if match:
            found[match[1]].add(match[2])
    for name in sorted(BANNED & found.keys()):
        yield f"{name} is linked into the functions; `cargo tree -i {name} -p functions` says by whom"
    for name in SINGLE:
        if len(found[name]) > 1:
            yield f"{len(found[name])} versions of {name} are linked into the functions: {', '.join(sorted(found[name]))}"
    for name, oldest in OLD.items():
        for version in found[name]:
            if numbers(version) < oldest:
                yield f"{name} {version} is an outdated stack beside the current one"
    print(f"functions: {sum(map(len, found.values()))} crates linked")


def main() -> None:
    """Fails with one line per broken rule."""
    broken = [*check_packages(), *check_functions()]
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
