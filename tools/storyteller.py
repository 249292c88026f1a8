"""Telling a story against a local stack: each step shows its requests and their effect.

Python 3.9 or newer, standard library only.
"""

import contextlib
import datetime
import secrets
import time
import urllib.parse

from local_stack import Client, Wrong

PASSWORD = "nine herons over a tin lighthouse"


def check(holds, what):
    if not holds:
        raise Wrong(what)


def equal(found, expected, what):
    check(found == expected, f"{what}: expected {expected!r}, found {found!r}")


def euros(money):
    equal(money["currency"], "EUR", "the currency")
    return f"{money['amount'] / 100:.2f} €"


def moment(text):
    return datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")


class Teller:
    """Asks the API as one customer, and looks behind its answers."""

    def __init__(self, base):
        self.client = Client(base, self.tell)
        self.steps = 0
        self.email = f"lea.{secrets.token_hex(4)}@example.com"
        self.token = self.cookie = None

    # -- telling ------------------------------------------------------------

    def step(self, title):
        self.steps += 1
        print(f"\n{self.steps:2}. {title}", flush=True)

    def tell(self, answer):
        print(f"      {answer.request} → {answer.status}", flush=True)

    def effect(self, text):
        print(f"    = {text}", flush=True)

    # -- asking -------------------------------------------------------------

    def call(self, method, path, body=None, status=200, code=None, **headers):
        headers.setdefault("accept_language", "en")
        headers.setdefault("authorization", f"Bearer {self.token}" if self.token else None)
        answer = self.client.send(method, path, body, **headers)
        equal(answer.status, status, f"status of {answer.request} ({answer.raw[:400].decode(errors='replace')})")
        if code:
            kind = answer.headers["content-type"].split(";")[0]
            equal((kind, answer.body["success"], answer.body["code"]), ("application/problem+json", False, code), "the problem")
        return answer

    def get(self, path, **headers):
        return self.call("GET", path, quiet=True, **headers)

    def local(self, method, path, body=None, quiet=True):
        return self.call(method, f"/_local{path}", body, quiet=quiet, authorization=None, accept="application/json").body

    def payments(self):
        """What the provider's book says about this customer's account."""
        return [p for p in self.local("GET", "/payments")["payments"] if p["metadata"].get("account") == self.account]

    def mails(self, subject):
        mails = self.local("GET", f"/mailbox?to={urllib.parse.quote(self.email)}")
        return [mail for mail in mails if subject in mail["subject"]]

    def items(self, partition):
        return self.local("GET", f"/items?pk={urllib.parse.quote(partition)}")

    def eventually(self, what, probe):
        """Webhooks and mail travel in the background: within a second, so five are plenty."""
        deadline = time.monotonic() + 5
        while not (found := probe()):
            check(time.monotonic() < deadline, f"{what}: not within 5 s")
            time.sleep(0.05)
        return found

    @contextlib.contextmanager
    def nothing_changes(self):
        before = self.local("GET", "/digest")["digest"]
        yield
        equal(self.local("GET", "/digest")["digest"], before, "the digest of the table")

    def move(self, **how):
        return self.local("POST", "/clock", how, quiet=False)

    def log_in(self, email=None, password=PASSWORD, quiet=True):
        body = {"email": email or self.email, "password": password}
        answer = self.call("POST", "/v1/auth/login", body, authorization=None, quiet=quiet)
        self.cookie = next(c for c in answer.cookies() if c.startswith("cyna_refresh="))
        self.token = answer.data["accessToken"]
        return answer

    def by_cookie(self, client="demo"):
        """What a page of the application sends with a cookie: its client header, and its browser the origin."""
        return {"x_cyna_client": client, "origin": self.client.base}

    def refresh(self, cookie, status=200, code=None, client="demo"):
        return self.call("POST", "/v1/auth/refresh", {}, status, code, authorization=None,
                         cookie=cookie.split(";")[0], **self.by_cookie(client))
