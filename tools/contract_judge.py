"""Sends requests and judges the answers: no fault of ours, as announced, and a
table that a refused request leaves as it was.

The digest of the table costs far more than a request, so refused requests are
judged together: one digest before the first, one after the last. When they
differ, each is sent again by itself to find the one that did it. Where a success
comes between, the refused ones are sent once more, together, under new keys; of
those that might have succeeded, every fourth is judged by itself.
"""

import collections
import http.client
import time

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE", "QUERY")
# Refused requests that are judged together.
TOGETHER = 25
# Of requests that may succeed, every so manieth is judged by itself should it not.
ALONE = 4
MINUTE = 60


class Judge:
    def __init__(self, world, description, wire):
        self.world, self.description, self.wire = world, description, wire
        self.seen = collections.Counter()
        self.sent = collections.Counter()
        self.failures = {}
        self.judged = self.unjudged = self.writes = 0
        self.again = []
        self.begin()
        world.before_writing = self.close

    def begin(self):
        """From here on the table is compared with what it is now."""
        self.digest, self.taken, self.refused = None, 0.0, []

    def close(self):
        """Judges what is to be judged before something else changes the table."""
        self.settle()
        self.retry()
        self.begin()

    # -- one request ----------------------------------------------------------

    def exchange(self, request):
        """Sends a request, judges the answer and returns it; none when there is none."""
        if self.may_write(request):
            self.writes += 1
            if self.writes % ALONE == 0 and not request.likely:
                self.settle()
                self.take_digest()
        elif self.digest is None:
            self.take_digest()
        answer = self.look(request)
        if answer is None:
            return None
        self.expected(request, answer)
        if answer.status >= 400 and not request.may_change or request.method in SAFE:
            (self.again if self.digest is None else self.refused).append(request)
            if len(self.refused) >= TOGETHER:
                self.settle()
        else:
            self.again += self.refused
            self.begin()
        if len(self.again) >= TOGETHER:
            self.retry()
        return answer

    def retry(self):
        """Sends the refused requests again that a success came too soon after."""
        requests, self.again = self.again, []
        if not requests:
            return
        self.settle()
        self.take_digest()
        for request in requests:
            if request.expect is None and request.headers.get("idempotency-key"):
                request.headers["idempotency-key"] = self.world.unique("again")
            answer = self.look(request)
            if answer is None or answer.status < 400 and request.method not in SAFE:
                self.unjudged += 1
                self.again += [other for other in requests if other is not request]
                self.begin()
                return
        self.refused = requests
        self.settle()

    def look(self, request):
        """Sends a request and compares the answer with what is announced."""
        answer = self.send(request)
        if answer is not None:
            self.seen[request.name, answer.status, answer.code] += 1
            for kind, wrong in self.description.wrongs(request, answer):
                self.fail(request, kind, wrong)
        return answer

    def send(self, request):
        self.sent[request.name] += 1
        try:
            return self.wire.send(request)
        except (OSError, http.client.HTTPException) as error:
            self.fail(request, "no answer", repr(error)[:200])
            self.begin()
            return None

    def may_write(self, request):
        request.name = self.description.find(request.method, request.path)
        request.forbidden = self.description.forbids(request)
        refused = request.expect is not None and min(request.expect) >= 400 and not request.may_change
        return not (refused or request.forbidden or request.method in SAFE or request.name == "no_route")

    def expected(self, request, answer):
        if answer.status >= 500 and (answer.status != 503 or request.expect and 503 not in request.expect):
            self.fail(request, "fault", f"{answer.status}")
        elif request.expect and answer.status not in request.expect:
            self.fail(request, "expectation", f"{answer.status} {answer.code or ''} instead of {' or '.join(map(str, request.expect))}")
        elif request.forbidden and answer.status < 400:
            self.fail(request, "accepted", f"{answer.status}, though the description forbids it: {request.forbidden}")

    def same(self, what, first, second):
        if first.raw != second.raw or second.headers.get("idempotency-replayed") != "true":
            self.failures.setdefault(("story", "replay", what), ["", 0, what])[1] += 1

    def fail(self, request, kind, wrong):
        found = self.failures.setdefault((request.name, kind, wrong), [request.curl(self.world.shown()), 0, request.told_as()])
        found[1] += 1

    # -- the table ------------------------------------------------------------

    def take_digest(self):
        self.digest, self.taken = self.wire.local("GET", "/digest")["digest"], time.monotonic()

    def settle(self):
        """Judges the requests that were refused since the last digest."""
        refused, before, since = self.refused, self.digest, self.taken
        self.refused = []
        if not refused:
            return
        self.take_digest()
        self.judged += len(refused)
        if self.digest == before:
            return
        by_itself = self.minute_passed(since)
        culprits = [request for request in refused if self.changes(request)]
        for request in culprits:
            self.fail(request, "digest", "the table is another one after a refusal or a read")
        if not culprits and not by_itself:
            self.fail(refused[0], "digest", f"the table is another one after one of {len(refused)}: " + "; ".join(r.told_as() for r in refused)[:600])

    def changes(self, request):
        """True when a request changes the table once more. A schedule that ticks meanwhile makes it try again."""
        for _ in range(3):
            self.take_digest()
            before, since = self.digest, self.taken
            answer = self.send(request)
            self.take_digest()
            if answer is None or self.digest == before or answer.status < 400 and request.method not in SAFE:
                return False
            if not self.minute_passed(since):
                return True
        return False

    def minute_passed(self, since):
        """True when a minute of the stack began since then: its schedules tick on the minute."""
        second = self.world.now().timestamp() % MINUTE
        return second < time.monotonic() - since + 2
