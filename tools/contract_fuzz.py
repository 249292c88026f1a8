#!/usr/bin/env python3
"""Does the API do what its description says? Thousands of generated requests ask.

    make contract-fuzz CASES=20000
    .venv/bin/python tools/contract_fuzz.py --cases 2000 --seed 7
    .venv/bin/python tools/contract_fuzz.py --base http://127.0.0.1:3000   # a stack that runs, without rate limits

Schemathesis makes requests of infra/openapi.json, as they should be and not; they
are dressed with callers and things that exist (contract_dress.py). To these come
good requests that are wrong in one thing at the edge (contract_edges.py) and
stories (contract_stories.py). Every answer must be as announced, none a fault of
ours, and what is refused must leave the table as it was (contract_judge.py).

The same cases and seed make the same requests, but for ids and tokens, which the
stack makes. It ends with status 1 when anything is wrong, when an operation was
never called with success, or when a refusal that is announced never came.
"""

import argparse
import collections
import json
import random
import sys
import time

import schemathesis
from hypothesis import HealthCheck, Phase, errors, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation.modes import GenerationMode

from contract_description import Description
from contract_dress import Wardrobe, event
from contract_edges import EDGES
from contract_judge import SAFE, Judge
from contract_stories import Teller
from contract_wire import Request, Wire
from contract_world import World
from local_stack import ROOT, running

# Requests between two fresh stacks: a small table has a quick digest.
ROUND = 1500
# Generated requests between two stories.
CHAPTER = 250
# Refusals that a fuzzer with one connection and a healthy stack cannot bring about, and why.
UNREACHABLE = {
    ("*", "internal_error"): "a fault of ours: there is none known, and one found here is a failure",
    ("*", "request_in_progress"): "needs two requests at the same time: tests/it/idempotency.rs",
    ("*", "concurrent_change"): "needs two requests at the same time: tests/it/storms.rs",
    ("create_order", "price_changed"): "needs a publication between quote and order: tests/it/quotes.rs",
    ("pay_order", "too_many_requests"): "needs ten pages: tests/it/pay_order.rs",
    ("create_payment_method", "too_many_cards"): "needs twenty cards: tests/it/cards.rs",
    ("set_default_payment_method", "card_expired"): "needs years: tests/it/bad_inputs/cards.rs",
    ("create_order", "too_many_requests"): "codes are counted where quotes are: quote_order, and tests/it/coupons.rs",
    ("find_orders", "cursor_expired"): "needs an hour between two requests: list_orders",
    ("find_payments", "cursor_expired"): "as for find_orders",
    ("export_ledger", "cursor_expired"): "needs an hour between two requests: tests/it/finance.rs",
    ("get_series", "cursor_expired"): "needs a thousand numbers: tests/it/series.rs",
    ("health", "unavailable"): "it asks nothing that could be away; the gateway's own 503 is what is announced",
    ("openapi", "unavailable"): "as for health",
    ("docs", "unavailable"): "as for health",
}


def generate(document, cases, number):
    """Generated cases by operation: the description's corners first, then what chance makes."""
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    made = []
    for operation in operations:
        config = schema.config.generation_for(operation=operation)
        made += schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=config)
    random.Random(number).shuffle(made)
    made = made[:cases // 2]
    share = max(1, (cases - len(made)) // (2 * len(operations)))
    for operation in operations:
        for mode in modes:
            made += by_chance(operation, mode, share, number)
    random.Random(number + 1).shuffle(made)
    return made


def by_chance(operation, mode, share, number):
    made = []

    @seed(number)
    @settings(max_examples=share, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), salt=st.integers(0, 2**32))
    def collect(case, salt):
        made.append(case)

    try:
        collect()
    except errors.Unsatisfiable:
        pass  # nothing about it can be wrong
    return made


class Fuzzer:
    def __init__(self, base, document, number):
        self.wire = Wire(base)
        self.description = Description(document)
        self.rng = random.Random(number)
        self.world = World(self.wire)
        self.wardrobe = Wardrobe(self.world, self.description, self.rng)
        self.judge = Judge(self.world, self.description, self.wire)
        self.teller = Teller(self.judge, self.world, self.rng)

    def begin(self):
        self.judge.close()
        self.world.begin()
        self.wardrobe.keys = []

    def exchange(self, request):
        if self.world.now_and_then():
            self.world.keep_logged_in()
        answer = self.judge.exchange(request)
        if answer is not None:
            self.learn(request, answer)

    def learn(self, request, answer):
        """A refresh token is good once."""
        if request.name != "refresh_session" or answer.status not in (200, 401):
            return
        for person in (self.world.camille, self.world.lea):
            in_cookie, in_body = request.headers.get("cookie") == person.cookie, person.refresh.encode() in (request.body or b"")
            if answer.status == 401 and (in_cookie or in_body):
                self.world.log_in(person)
            elif in_cookie:
                person.cookie = answer.headers["set-cookie"].split(";")[0]
            elif in_body:
                person.refresh = answer.data["refreshToken"]

    def edges(self):
        """Every operation, wrong in every thing that applies to it."""
        pairs = [(edge, name, method not in SAFE and not any(status >= 400 for status in edge[1] or ()))
                 for edge in EDGES for name, (method, _, operation) in self.description.operations.items() if edge[2](name, operation)]
        # What succeeds goes first, so that what is refused can be judged together.
        for (told, expect, _, change), name, likely in sorted(pairs, key=lambda pair: not pair[2]):
            request = self.wardrobe.good(name)
            request.told, request.expect, request.likely = [told], expect, likely
            change(request, self.world, self.rng)
            self.exchange(request)
        self.judge.close()

    def generated(self, cases):
        for begin in range(0, len(cases), CHAPTER):
            requests = [self.wardrobe.of_case(case) for case in cases[begin:begin + CHAPTER]]
            # What the description forbids goes first, so that it can be judged together.
            for request in sorted(requests, key=self.judge.may_write):
                self.exchange(request)
            self.teller.tell()
            if begin % ROUND == ROUND - CHAPTER:
                print(f"{begin + CHAPTER} of {len(cases)} generated requests sent, {len(self.judge.failures)} kinds of failures", flush=True)
                self.begin()
        self.judge.close()

    def weather(self):
        """The table is gone: what cannot be answered without it says so, and when to come back."""
        requests = {name: self.wardrobe.good(name) for name in self.description.operations}
        requests["logout"].set_json({"refreshToken": self.world.session(self.world.admin)["refreshToken"]})
        capture = {"object": {"id": "pi_1", "object": "payment_intent", "metadata": {}}}
        requests["payment_webhook"].set_json(event(self.world, type="payment_intent.succeeded", data=capture))
        self.wardrobe.sign(requests["payment_webhook"], "well")
        self.wire.local("POST", "/clock", {"advance": "PT1M"})
        self.judge.begin()
        self.judge.take_digest()
        self.wire.local("POST", "/faults", {"dynamodb": {"throttle": 1}})
        for request in requests.values():
            request.told = ["a table that throttles"]
            answer = self.judge.look(request)
            if answer is not None and answer.status >= 400:
                self.judge.refused.append(request)
        self.wire.local("POST", "/faults", {})
        self.judge.settle()
        # Catalogue and public keys are in memory by now; after a reset they are not.
        self.wire.local("POST", "/reset")
        self.wire.local("POST", "/faults", {"dynamodb": {"throttle": 1}})
        for request in requests.values():
            self.judge.look(request)
        self.wire.local("POST", "/faults", {})
        self.judge.begin()


def limits(judge, document):
    """What is announced to be limited, until it is: on a stack of its own with its limits on."""
    bodies = {
        "login": {"email": "nobody@example.com", "password": "not this one"},
        "register": {"email": "limits@example.com", "password": "seven owls on a copper roof", "firstName": "A", "lastName": "B", "acceptTerms": True},
        "resend_verification": {"email": "nobody@example.com"},
        "quote_order": {"items": [{"planId": f"pln_{'0' * 32}", "quantity": 1}], "couponCode": "NOT-THERE"},
    }
    for name, (method, path, operation) in judge.description.operations.items():
        limited = "429" in operation["responses"] and (name, "too_many_requests") not in UNREACHABLE
        for _ in range(100 if limited else 0):
            request = Request(name, method, path, headers={"accept": "application/json"}, told=["again and again"])
            request.set_json(bodies[name])
            answer = judge.exchange(request)
            if answer is None or answer.status == 429:
                break
    judge.close()


def missing(description, seen):
    """What is announced and never came, without what cannot."""
    for name in description.operations:
        for status, code in description.announced(name):
            reason = UNREACHABLE.get((name, code)) or UNREACHABLE.get(("*", code))
            if not reason and (name, status, code) not in seen:
                yield f"{name}: {status} {code or 'success'}"


def report(judge, lacks, seconds):
    by_name = collections.defaultdict(collections.Counter)
    for (name, status, _), count in judge.seen.items():
        by_name[name][status] += count
    print(f"\n{'operation':22} {'requests':>8}  statuses")
    for name, statuses in sorted(by_name.items()):
        print(f"{name:22} {judge.sent[name]:8}  " + "  ".join(f"{status}×{count}" for status, count in sorted(statuses.items())))
    total = sum(judge.sent.values())
    codes = len({(name, status, code) for name, status, code in judge.seen})
    print(f"\n{total} requests to {len(by_name)} operations in {seconds:.0f} s, {codes} kinds of answers; "
          f"the table was compared after {judge.judged} refusals and reads, not after {judge.unjudged} that a success came too soon after.")
    for (code, reason) in sorted((f"{name} {code}", reason) for (name, code), reason in UNREACHABLE.items()):
        print(f"not to be reached: {code}: {reason}")
    if lacks:
        print("\nAnnounced, and never seen:")
        for line in lacks:
            print(f"  {line}")
    if judge.failures:
        print(f"\n{len(judge.failures)} failures. To repeat one: BASE=http://127.0.0.1:3000, and CUSTOMER, ADMIN, OTHER are access tokens of POST /v1/auth/login.")
    for (name, kind, wrong), (curl, count, told) in sorted(judge.failures.items()):
        print(f"\n✗ {name}: {kind}: {wrong}  ({count}×; {told})\n    {curl}")


def main():
    parser = argparse.ArgumentParser(description="Asks the API whether its description is true.")
    parser.add_argument("--cases", type=int, default=1000, help="generated requests; edges and stories come on top")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", help="a local stack that runs with --rate-limits off; it is reset. Without: one of its own")
    arguments = parser.parse_args()
    document = json.loads((ROOT / "infra/openapi.json").read_text())
    cases = generate(document, arguments.cases, arguments.seed)
    begun = time.monotonic()
    with running(arguments.base, "--rate-limits", "off") as base:
        fuzzer = Fuzzer(base, document, arguments.seed)
        fuzzer.edges()
        fuzzer.teller.tell()
        fuzzer.generated(cases)
        fuzzer.weather()
        judge = fuzzer.judge
    if not arguments.base:
        with running(None) as base:
            judge.wire = judge.world.wire = Wire(base)
            judge.begin()
            limits(judge, document)
    lacks = list(missing(judge.description, judge.seen))
    report(judge, lacks, time.monotonic() - begun)
    return 1 if judge.failures or lacks else 0


if __name__ == "__main__":
    sys.exit(main())
