"""Plants one-line bugs, one after the other, and says who misses each.

    python3 tools/sabotage.py [--seeds N] [--report FILE] [WORD …]

Works on a copy of the last commit in `target/sabotage`. A bug that nobody
misses, does not build or is not found any more ends it with status 1.
"""

import argparse
import datetime
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

from sabotages import HUNT, SABOTAGES

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / "target" / "sabotage" / "tree"
# What is built there stays apart: cargo could not tell the two trees apart.
TARGET = ROOT / "target" / "sabotage" / "build"
BUILD = ["cargo", "build", "--locked", "--quiet", "--profile", "proof", "-p", "tests", "--bin", "proof"]

# Longer than any hunt that finds nothing.
PATIENCE = 900


def copy():
    """A copy of the last commit, as it was committed."""
    if TREE.exists():
        subprocess.run(["git", "worktree", "remove", "--force", TREE], cwd=ROOT, check=True)
    subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
    subprocess.run(["git", "worktree", "add", "--detach", "--quiet", TREE, "HEAD"], cwd=ROOT, check=True)
    for profile in ("proof", "debug"):
        built, here = ROOT / "target" / profile, TARGET / profile
        if built.exists() and not here.exists():
            # The dependencies at least need not be built anew.
            shutil.copytree(built, here, ignore=shutil.ignore_patterns("incremental", "examples"))


class Undecided(Exception):
    """Nobody can say whether somebody misses the bug."""


def run(command):
    """What a command said, and whether it succeeded."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET), "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(
            command, cwd=TREE, env=environment, text=True, timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        raise Undecided(f"it had not ended after {PATIENCE} s") from late
    return done.stdout, done.returncode == 0


def judge(judged_by, seeds):
    """Who misses the bug that is planted; none where nobody does."""
    if judged_by != HUNT:
        said, well = run(["cargo", "test", "--locked", "--quiet", *shlex.split(judged_by)])
        if well:
            return None
        failed = re.search(r"^    (\w+(?:::\w+)*)$", said, re.MULTILINE)
        if failed is None:
            raise Undecided(f"the tests do not run: {said}")
        return f"test `{failed.group(1)}`"
    said, well = run([TARGET / "proof" / "proof", "hunt", "--seeds", str(seeds)])
    if well:
        return None
    caught = re.search(r"^caught: (.*)$", said, re.MULTILINE)
    if caught is None:
        raise Undecided(f"the hunt died: {said[-300:]}")
    return caught.group(1)


def plant(name, file, old, new, judged_by, seeds):
    """Plants one bug, and says who misses it."""
    path = TREE / file
    text = path.read_text()
    if old not in text:
        return "NOT FOUND: its text is not there any more", False
    path.write_text(text.replace(old, new, 1))
    try:
        if judged_by == HUNT:
            said, well = run(BUILD)
            if not well:
                return f"DOES NOT BUILD: {said}", False
        missed = judge(judged_by, seeds)
    except Undecided as why:
        return f"UNDECIDED: {why}", False
    finally:
        path.write_text(text)
    return (missed, True) if missed else ("NOBODY MISSES IT", False)


def check_judges(bugs, seeds):
    """Whoever misses something where nothing is wrong is no judge."""
    said, well = run(BUILD)
    if not well:
        sys.exit(f"the proof does not build: {said}")
    for judged_by in sorted({bug[4] for bug in bugs}):
        try:
            missed = judge(judged_by, seeds)
        except Undecided as why:
            sys.exit(f"without any bug already: {judged_by}: {why}")
        if missed:
            sys.exit(f"without any bug already: {judged_by}: {missed}")


def report(file, rows):
    """Writes the table anew; a bug that was not planted keeps its row."""
    def shorten(said):
        said = re.sub(r"\b([a-z]{3})_[0-9a-f]{32}\b", r"\1_…", said)
        return said[:160].replace("|", "\\|").replace("\n", " ")

    head, rule = "| bug | in | missed by | planted on |", "| --- | --- | --- | --- |"
    before = file.read_text() if file.exists() else ""
    text, _, table = before.partition(f"{head}\n{rule}\n")
    known = {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines()}
    today = datetime.date.today().isoformat()
    for name, path, said in rows:
        known[name] = f"| {name} | {path.rsplit('/', 1)[-1]} | {shorten(said)} | {today} |"
    listed = [known[bug[0]] for bug in SABOTAGES if bug[0] in known]
    text = text or "# Planted bugs, and who missed them\n\n"
    file.write_text(text + "\n".join([head, rule, *listed]) + "\n")


def main():
    """Plants all of them, or those whose name contains one of the words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="histories to play at most")
    parser.add_argument("--report", type=pathlib.Path, help="where to write the table")
    parser.add_argument("words", nargs="*", help="only bugs whose name contains one")
    arguments = parser.parse_args()
    words = arguments.words
    bugs = [bug for bug in SABOTAGES if not words or any(word in bug[0] for word in words)]
    copy()
    check_judges(bugs, arguments.seeds)
    rows, failed = [], 0
    for name, *bug in bugs:
        begun = time.monotonic()
        said, caught = plant(name, *bug, arguments.seeds)
        failed += not caught
        print(f"{name}\n    {said[:600]}  ({time.monotonic() - begun:.0f} s)", flush=True)
        rows.append((name, bug[0], said))
        if arguments.report:
            report(arguments.report, rows)
    print(f"{len(rows)} bugs, {failed} not caught")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
