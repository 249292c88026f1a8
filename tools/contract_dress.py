"""How generated requests become ones the stack has reasons to take seriously.

Schemathesis knows the description, not the shop: it makes up ids, tokens and
prices. Here a request gets a caller, ids that exist (one's own, another's, none),
cursors, versions, idempotency keys, signatures and, mostly, a body that makes sense
in some of its members. What the description forbids about a request is left alone.
"""

import datetime
import json
import urllib.parse

import requests

from contract_wire import Request
from contract_world import ADDRESS, ORIGIN, RETURN_URL, bearer

UNKNOWN = "0" * 32
# Names the generator's client sends, and those every caller gets anew.
NOT_OURS = {"user-agent", "accept-encoding", "connection", "x-schemathesis-testcaseid", "content-length", "authorization"}
CALLERS = ["customer"] * 9 + ["other"] * 3 + ["admin"] * 2 + ["nobody"] * 2 + ["guest"] * 3 + ["over", "logged out", "nonsense", "dora"]


# What staff ask about an account they name.
OF_ACCOUNT = ("verify_ledger", "find_orders", "find_payments")


class Wardrobe:
    def __init__(self, world, description, rng):
        self.world, self.description, self.rng = world, description, rng
        self.keys = []

    # -- from the generator ---------------------------------------------------

    def of_case(self, case):
        """The request of a generated case, dressed."""
        prepared = requests.Request(**case.as_transport_kwargs(base_url="http://stack")).prepare()
        url = urllib.parse.urlsplit(prepared.url)
        headers = {name.lower(): value if isinstance(value, str) else value.decode("latin-1")
                   for name, value in prepared.headers.items() if name.lower() not in NOT_OURS}
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        request = Request("", case.method, url.path or "/", url.query, headers, body)
        template, operation = case.path, case.operation.definition.raw["operationId"]
        negative = {location.value for location, component in case.meta.components.items() if component.mode.value == "negative"}
        request.told = ["generated", *(f"wrong {name}" for name in sorted(negative))]
        callers = [*CALLERS, *["finance"] * 20] if template.startswith("/v1/admin/") else CALLERS
        self.sign_in(request, self.rng.choice(callers))
        if "path" not in negative and case.method == case.operation.method.upper():
            self.address(request, template)
        if "query" not in negative:
            self.point(request, operation)
        if "header" not in negative:
            self.key(request)
            self.version(request, operation)
        if request.body and "body" not in negative:
            self.make_sense(request, operation)
        if operation == "payment_webhook":
            if request.body and "body" not in negative and self.rng.random() < 0.85:
                request.body = json.dumps(self.told_by_provider(json.loads(request.body))).encode()
            self.sign(request, self.rng.choice(["well"] * 4 + ["other secret", "old", "twice", "not"]))
        return request

    def sign_in(self, request, caller):
        world = self.world
        people = {"customer": world.camille, "other": world.lea, "admin": world.admin, "dora": world.dora, "finance": world.finance}
        request.told.append(f"as {caller}")
        if caller in people:
            request.headers["authorization"] = bearer(people[caller])
        elif caller == "guest":
            request.headers["x-cart-token"] = self.rng.choice([world.guest] * 4 + [world.old_guest, "gct_nonsense"])
        elif caller == "over":
            request.headers["authorization"] = f"Bearer {world.old_access}"
        elif caller == "logged out":
            request.headers["authorization"] = f"Bearer {world.logged_out}"
        elif caller == "nonsense":
            request.headers["authorization"] = self.rng.choice(["Bearer", "Bearer a.b.c", "Basic dTpw", "", f"Bearer {world.camille.access}x"])

    def address(self, request, template):
        """Puts an id that exists, or one that does not, where the path has one."""
        parts = request.path.split("/")
        for at, variable in enumerate(template.split("/")):
            if variable.startswith("{") and self.rng.random() < 0.85 and at < len(parts):
                parts[at] = self.value(variable.strip("{}"), template)
        request.path = "/".join(parts)

    def value(self, variable, template):
        world = self.world
        if variable == "planId":
            return self.rng.choice([*world.plans, *world.unsold, f"pln_{UNKNOWN}"])
        if variable == "slug":
            return self.rng.choice([*world.slugs, "edr-nothing"])
        if variable == "code":
            return self.rng.choice([world.coupon] * 3 + ["NOT-THERE", "not%20a%20code"])
        if variable == "refundId":
            return self.rng.choice([world.waiting, f"rfd_{UNKNOWN}"])
        if variable == "year":
            return self.rng.choice([f"{world.now():%Y}"] * 3 + ["2025", "1800"])
        if variable == "date":
            day = world.now() + datetime.timedelta(days=self.rng.randint(-40, 40))
            return self.rng.choice([f"{world.now():%Y-%m-%d}", f"{day:%Y-%m-%d}", "2026-02-30"])
        if template.startswith("/v1/admin/payments"):
            return self.rng.choice([world.payment] * 3 + [world.large, world.unpaid, f"pay_{UNKNOWN}"])
        if template.startswith("/v1/payment-methods"):
            return self.rng.choice([*world.cards, f"pm_{UNKNOWN}"])
        prefix = template.split("/")[2][:3]
        pools = [world.camille.ids[prefix]] * 4 + [world.lea.ids[prefix], [f"{prefix}_{UNKNOWN}"]]
        return self.rng.choice(self.rng.choice(pools))

    def point(self, request, operation):
        """A cursor that is good, over, another's, or for another list."""
        query = urllib.parse.parse_qsl(request.query, keep_blank_values=True)
        names = {name for name, _ in query}
        if operation in OF_ACCOUNT and self.rng.random() < 0.7:
            request.query = f"account={self.rng.choice([self.world.account, f'acc_{UNKNOWN}'])}"
            return
        if operation == "export_ledger" and self.rng.random() < 0.7:
            request.query = self.a_period()
            return
        if "cursor" not in names or self.rng.random() < 0.2:
            return
        world = self.world
        if operation == "list_products":
            choice = [world.cursor_of_products, world.old_product_cursor, world.camille.cursors["list_orders"]]
        else:
            choice = [person.get(operation, "") for person in (world.camille.cursors, world.camille.old_cursors, world.lea.cursors)]
        request.query = urllib.parse.urlencode([(name, self.rng.choice(choice) if name == "cursor" else value) for name, value in query])

    def a_period(self):
        """Days that may be in the books, or out of order, or too many."""
        first, last = (self.world.now() + datetime.timedelta(days=self.rng.randint(-200, 200)) for _ in range(2))
        return f"from={first:%Y-%m-%d}&to={last:%Y-%m-%d}"

    def key(self, request):
        if "idempotency-key" not in request.headers or self.rng.random() < 0.1:
            return
        if self.keys and self.rng.random() < 0.15:
            request.headers["idempotency-key"] = self.rng.choice(self.keys)
            request.told.append("a key used before")
        else:
            request.headers["idempotency-key"] = self.world.unique("key")
        self.keys = [*self.keys[-20:], request.headers["idempotency-key"]]

    def version(self, request, operation):
        if self.rng.random() < 0.15:
            request.headers["if-match"] = self.rng.choice(['"1"', '"2"', "*", '"999"', 'W/"1"', "nonsense", ""])
        if self.rng.random() < 0.1:
            request.headers["if-none-match"] = self.rng.choice([*self.world.tags.values(), "*", "nonsense", ""])
        if self.rng.random() < 0.1:
            request.headers["origin"] = self.rng.choice([ORIGIN, "https://elsewhere.example", "null"])

    def make_sense(self, request, operation):
        """Members of the body that a shop can do something with."""
        try:
            body = json.loads(request.body)
        except ValueError:
            return
        sense = self.sense(operation)
        if not isinstance(body, dict) or not sense:
            return
        for name, value in sense.items():
            if self.rng.random() < 0.75:
                body[name] = value
        for left_out in ("vatNumber", "currency", "cartVersion"):
            if self.rng.random() < 0.6:
                body.pop(left_out, None)
        if "items" in body and body.get("fromCart") is not None and self.rng.random() < 0.8:
            body.pop(self.rng.choice(["items", "fromCart"]))
        request.body = json.dumps(body).encode()
        # A token that was exchanged since ends its session.
        request.may_change = operation == "refresh_session"

    def told_by_provider(self, made_up):
        """An event about a payment or page there is; now and then one thing in it is not true, or no fit."""
        rng, world = self.rng, self.world
        kind = rng.choice(["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled",
                           "payment_intent.requires_action", "setup_intent.succeeded",
                           "payment_method.detached", "payment_method.automatically_updated", "checkout.session.completed", "checkout.session.expired", "charge.dispute.created", "refund.failed"])
        objects = {"checkout": "checkout.session", "charge": "dispute", "refund": "refund"}
        told = rng.choice(world.pages if kind.startswith(("checkout", "setup")) else world.intents)
        thing = {"id": told["id"], "object": objects.get(kind.split(".")[0], kind.split(".")[0]), "livemode": False,
                 "amount": told.get("amount"), "amount_received": told.get("amountCaptured", 0), "currency": told.get("currency"),
                 "customer": told.get("customer"), "payment_method": "pm_1", "status": told.get("status"), "metadata": dict(told.get("metadata", {})),
                 "url": told.get("url"), "payment_intent": rng.choice(world.intents)["id"], "mode": told.get("mode"), "setup_intent": told.get("setup_intent")}
        wrong = [*made_up.values(), None, "", 0, -1, 2**63, 10**30, 1.5, "eur", "usd", "cus_0", "pi_0", True, [], {}, {"account": "acc_0"}]
        found = event(world, type=kind, data={"object": thing, "previous_attributes": {"customer": told.get("customer")}})
        for part in rng.choice([[], [thing], [thing], [thing["metadata"]], [found], [thing, found]]):
            name = rng.choice(sorted(part) or ["account"])
            if rng.random() < 0.2:
                part.pop(name, None)
            else:
                part[name] = rng.choice(wrong)
        return found

    def sense(self, operation):
        world, person = self.world, self.rng.choice([self.world.camille, self.world.lea])
        plan = self.rng.choice(list(world.plans))
        members = {
            "login": {"email": person.email, "password": person.password},
            "register": {"email": self.rng.choice([person.email, f"{world.unique('new')}@example.com"]), "password": "seven owls on a copper roof"},
            "resend_verification": {"email": self.rng.choice([person.email, "nobody@example.com"])},
            "refresh_session": {"refreshToken": person.refresh},
            "set_cart_item": {"quantity": world.plans[plan]},
            "merge_cart": {"guestToken": world.guest},
            "create_payment_method": {"returnUrl": RETURN_URL},
            "pay_order": {"returnUrl": RETURN_URL},
            "create_coupon": {"code": world.unique("code"), "kind": "percent", "basisPoints": 1_000, "duration": "once"},
            "refund": {"amount": {"amount": 1, "currency": "EUR"}, "reason": "goodwill"},
            "approve_refund": {"decision": "approve"},
            "quote_order": {"items": [{"planId": plan, "quantity": world.plans[plan]}], "billingAddress": ADDRESS},
            "create_order": {"items": [{"planId": plan, "quantity": world.plans[plan]}], "billingAddress": ADDRESS, "returnUrl": RETURN_URL,
                             "acceptTerms": True},
        }
        return members.get(operation, {})

    # -- as it should be ------------------------------------------------------

    def good(self, name):
        """A request that should succeed."""
        world = self.world
        method, path, operation = self.description.operations[name]
        request = Request(name, method, path, headers={"accept": "application/json", "accept-language": "en"}, told=["as it should be"])
        if {"accessToken": []} in operation["security"]:
            request.headers["authorization"] = bearer(world.camille)
        if path.startswith("/v1/admin/"):
            request.headers["authorization"] = bearer(world.admin if "coupon" in name else world.finance)
        if name in OF_ACCOUNT:
            request.query = f"account={world.account}"
        if name == "export_ledger":
            request.query = f"from={world.now():%Y-%m-%d}&to={world.now():%Y-%m-%d}"
        things = {"admin": world.large if "{refundId}" in path else world.payment, "orders": world.camille.pending[0], "subscriptions": world.camille.renewed, "invoices": world.camille.ids["inv"][0],
                  "payment-methods": world.cards[1 if name == "remove_payment_method" else 0]}
        request.path = path.replace("{slug}", world.slugs[0]).replace("{planId}", next(iter(world.plans)))
        if "{id}" in path:
            request.path = path.replace("{id}", things[path.split("/")[2]]).replace("{refundId}", world.waiting)
        request.path = request.path.replace("{date}", f"{world.now():%Y-%m-%d}").replace("{year}", f"{world.now():%Y}").replace("{code}", world.coupon)
        if "requestBody" in operation:
            request.set_json(self.sense(name) | self.rest(name))
        if any("Idempotency" in parameter.get("$ref", "") for parameter in operation["parameters"]):
            request.headers["idempotency-key"] = world.unique("good")
        if name in ("docs", "jwks"):
            request.headers["accept"] = "*/*"
        if name == "payment_webhook":
            self.sign(request, "well")
        return request

    def rest(self, name):
        """What `sense` does not say, so that nothing is missing."""
        if name == "register":
            return {"email": f"{self.world.unique('new')}@example.com", "firstName": "Lea", "lastName": "Martin", "acceptTerms": True}
        if name == "payment_webhook":
            return event(self.world)
        first = next(iter(self.world.plans))
        return {"verify_email": {"token": "x" * 43}, "set_cart_item": {"quantity": self.world.plans[first]}}.get(name, {})

    def sign(self, request, how):
        request.told.append(f"signed {how}")
        body = request.body or b""
        signature = self.world.signature(body, secret="whsec_other" if how == "other secret" else None, age=301 if how == "old" else 0)
        if how != "not":
            request.headers["stripe-signature"] = [signature] * 2 if how == "twice" else signature


def event(world, **members):
    at = int(world.now().timestamp())
    return {"id": f"evt_{world.unique('fuzz').replace('-', '')}", "object": "event", "type": "customer.updated", "livemode": False, "created": at,
            "api_version": "2025-09-30.clover", "data": {"object": {"id": "cus_1", "object": "customer"}}, **members}
