"""The people and things the fuzzer calls with and about: a stack, just reset,
in which forty days have passed.

Camille (the seeded customer) and Lea have orders in every state, subscriptions
that were renewed and invoices. Dora has a cart that is over. What a request is
dressed with comes from here: tokens, ids, cursors, versions.
"""

import datetime
import hashlib
import hmac
import urllib.parse

from contract_wire import Request

PASSWORD = "nine herons over a tin lighthouse"
ORIGIN = "http://localhost:5173"
RETURN_URL = f"{ORIGIN}/thanks"
ADDRESS = {"name": "Lea Martin", "line1": "12 rue des Forges", "postalCode": "69001", "city": "Lyon", "country": "FR"}
GOOD_CARD = "4242424242424242"
# Access tokens are good for 15 minutes.
LOGIN_LIFE = datetime.timedelta(minutes=10)
LISTS = {"list_orders": "/v1/orders", "list_payments": "/v1/payments",
         "list_subscriptions": "/v1/subscriptions", "list_invoices": "/v1/invoices"}


class Setup(Exception):
    """The world could not be made: the stack does not do what it must for that."""


class Person:
    def __init__(self, name, email, password):
        self.name, self.email, self.password = name, email, password
        self.access = self.cookie = self.refresh = None
        self.logged_in_at = None
        self.ids = {"ord": [], "sub": [], "inv": []}
        self.paid, self.pending = [], []
        self.cursors, self.old_cursors = {}, {}


class World:
    def __init__(self, wire):
        self.wire = wire
        self.serial = self.counted = 0
        # Called before anything is written that is not judged.
        self.before_writing = lambda: None
        self.begin()

    def begin(self):
        """A fresh stack with its history."""
        self.wire.local("POST", "/reset")
        info = self.wire.local("GET", "")
        self.secret = info["webhookSecret"]
        seeded = {login["role"]: login for login in info["logins"]}
        self.camille = Person("the customer", seeded["customer"]["email"], seeded["customer"]["password"])
        self.admin = Person("the admin", seeded["admin"]["email"], seeded["admin"]["password"])
        self.finance = Person("finance", seeded["finance"]["email"], seeded["finance"]["password"])
        self.lea, self.dora = self.register("another customer"), self.register("one whose cart is over")
        self.log_in_all()
        products = self.ask("GET", "/v1/products?limit=100").data
        self.slugs = [product["slug"] for product in products]
        sold = [(plan, price) for product in products if product["available"] for plan in product["plans"] for price in plan["prices"][:1]]
        # Small enough for a charge.
        self.plans = {plan["id"]: plan["minQuantity"] for plan, price in sold if price["amount"] * plan["minQuantity"] < 1_000_000}
        self.prices = {plan["id"]: price["amount"] for plan, price in sold if plan["id"] in self.plans and price["amount"] > 0}
        self.unsold = [plan["id"] for product in products if not product["available"] for plan in product["plans"]]
        self.live_history()
        self.log_in_all()
        self.collect()

    def live_history(self):
        """Forty days of it: what is over by then, and what has been renewed."""
        monthly, yearly = list(self.plans)[:2]
        for person in (self.camille, self.lea):
            self.pay(self.order(person, [monthly, yearly]))
            self.order(person, [monthly])
        self.put_line(monthly, authorization=bearer(self.dora))
        self.old_guest = self.put_line(monthly).data["guestToken"]
        self.wire.local("POST", "/clock", {"advance": "P40D"})
        self.log_in_all()
        self.coupon, _other = (self.make_coupon() for _ in range(2))
        for person in (self.camille, self.lea):
            person.old_cursors = self.cursors(person)
        self.old_product_cursor, self.old_access = self.product_cursor(), self.camille.access
        self.wire.local("POST", "/clock", {"advance": "PT61M"})

    def cursors(self, person):
        """One for every list, by operation; `person.renewed` has periods enough for one."""
        found = {name: self.cursor(person, path) for name, path in LISTS.items()}
        for subscription in self.ids(person, "/v1/subscriptions"):
            cursor = self.cursor(person, f"/v1/subscriptions/{subscription}/renewals")
            if cursor:
                person.renewed, found["list_renewals"] = subscription, cursor
        # Coupons are administrators' alone.
        found["list_coupons"] = self.cursor(self.admin, "/v1/admin/coupons") if person is self.camille else found["list_orders"]
        if not all(found.values()) or len(found) != len(LISTS) + 2:
            raise Setup(f"{person.name} lacks a cursor: {found}")
        return found

    def collect(self):
        """The ids, cursors and versions of what there is now."""
        for person in (self.camille, self.lea):
            person.pending = [self.order(person, [list(self.plans)[2]])["order"]["id"]]
            person.ids = {path[4:7]: self.ids(person, path) for path in LISTS.values()}
            person.paid = self.ids(person, "/v1/orders", "paid")
            person.cursors = self.cursors(person)
        self.cursor_of_products = self.product_cursor()
        self.tags = {"list_products": self.ask("GET", "/v1/products", accept_language="en").headers["etag"],
                     "get_product": self.ask("GET", f"/v1/products/{self.slugs[0]}", accept_language="en").headers["etag"]}
        self.guest = self.put_line(next(iter(self.plans))).data["guestToken"]
        gone = self.session(self.camille)
        self.ask("POST", "/v1/auth/logout", {"refreshToken": gone["refreshToken"]})
        self.logged_out = gone["accessToken"]

        self.account = self.ask("GET", "/v1/me", authorization=bearer(self.camille)).data["account"]["id"]
        unpaid = self.order(self.camille, [list(self.plans)[2]])
        self.unpaid = unpaid["payment"]["id"]
        self.large = self.buy_much()
        self.cards = [self.give_card(self.camille, card) for card in ("5555555555554444", "378282246310005")]
        book = self.wire.local("GET", "/payments")
        self.intents, self.pages = book["payments"], book["sessions"]
        self.payment = next(intent["metadata"]["payment"] for intent in self.intents
                            if intent["status"] == "succeeded" and intent["metadata"]["account"] == self.account)
        self.waiting = self.wait_for_approval()

    def make_coupon(self):
        """A coupon for everything, that everybody may have often."""
        body = {"code": self.unique("coupon"), "kind": "percent", "basisPoints": 100, "duration": "once", "perCustomer": 1_000}
        return self.ask("POST", "/v1/admin/coupons", body, authorization=bearer(self.admin)).data["code"]

    def buy_much(self):
        """A payment so large that its refunds wait for a second person."""
        plan, price = max(self.prices.items(), key=lambda found: found[1])
        line = {"planId": plan, "quantity": 150_000 // price + 1}
        body = {"items": [line], "billingAddress": ADDRESS, "returnUrl": RETURN_URL, "acceptTerms": True}
        placed = self.ask("POST", "/v1/orders", body, authorization=bearer(self.lea), idempotency_key=self.unique("order")).data
        self.pay(placed)
        return placed["payment"]["id"]

    def dispute(self, payment):
        """The card holder takes a payment to the bank."""
        self.before_writing()
        captured = (intent["id"] for intent in self.wire.local("GET", "/payments")["payments"] if intent["metadata"]["payment"] == payment)
        self.wire.local("POST", "/disputes", {"payment": next(captured)})

    def wait_for_approval(self):
        """A refund that waits; the administrator asked for it."""
        body = {"amount": {"amount": 100_001, "currency": "EUR"}, "reason": "goodwill"}
        path = f"/v1/admin/payments/{self.large}/refunds"
        asked = self.ask("POST", path, body, authorization=bearer(self.admin), idempotency_key=self.unique("refund"))
        return asked.data["refund"]["id"]

    def give_card(self, person, card):
        """A card given on the page of the provider; its id."""
        asked = self.ask("POST", "/v1/payment-methods", {"returnUrl": RETURN_URL}, authorization=bearer(person), idempotency_key=self.unique("card"))
        session = asked.data["setupUrl"].rsplit("/", 1)[1]
        self.wire.local("POST", f"/checkout/{session}", {"card": card})
        self.wire.local("GET", "/digest")  # what is under way arrives first
        return self.ask("GET", "/v1/payment-methods", authorization=bearer(person)).data[-1]["id"]

    def ids(self, person, path, status=None):
        things = self.ask("GET", f"{path}?limit=100", authorization=bearer(person)).data
        return [thing["id"] for thing in things if status in (None, thing["status"])]

    def product_cursor(self):
        return self.ask("GET", "/v1/products?limit=1").body["metadata"]["nextCursor"]

    # -- single steps ---------------------------------------------------------

    def ask(self, method, path, body=None, wanted=(200, 201, 202), **headers):
        if method != "GET":
            self.before_writing()
        path, _, query = path.partition("?")
        request = Request("setup", method, path, query, {name.replace("_", "-"): value for name, value in headers.items()})
        if body is not None:
            request.set_json(body)
        answer = self.wire.send(request)
        if answer.status not in wanted:
            raise Setup(f"{method} {path} answered {answer.status}: {answer.raw[:300]!r}")
        return answer

    def unique(self, word):
        self.serial += 1
        return f"{word}-{self.serial}"

    def register(self, name):
        person = Person(name, f"{self.unique('fuzz')}@example.com", PASSWORD)
        self.ask("POST", "/v1/auth/register", {"email": person.email, "password": PASSWORD, "firstName": "Lea", "lastName": "Martin",
                                               "locale": "en", "acceptTerms": True})
        self.ask("POST", "/v1/auth/verify-email", {"token": self.mailed_token(person.email)})
        return person

    def mailed_token(self, email):
        self.wire.local("GET", "/digest")  # what is under way arrives first
        mails = self.wire.local("GET", f"/mailbox?to={urllib.parse.quote(email)}")
        links = [link for mail in mails for link in mail["links"] if "token=" in link]
        if not links:
            raise Setup(f"no link was mailed to {email}")
        return urllib.parse.parse_qs(urllib.parse.urlsplit(links[-1]).query)["token"][0]

    def session(self, person, transport="body"):
        return self.ask("POST", "/v1/auth/login", {"email": person.email, "password": person.password, "tokenTransport": transport}).data

    def log_in(self, person):
        tokens = self.session(person)
        person.access, person.refresh, person.logged_in_at = tokens["accessToken"], tokens["refreshToken"], self.now()
        answer = self.ask("POST", "/v1/auth/login", {"email": person.email, "password": person.password})
        person.cookie = answer.headers["set-cookie"].split(";")[0]

    def log_in_all(self):
        for person in (self.camille, self.admin, self.finance, self.lea, self.dora):
            self.log_in(person)

    def keep_logged_in(self):
        """Logs everybody in anew before their tokens are over."""
        if self.now() - self.camille.logged_in_at > LOGIN_LIFE:
            self.log_in_all()
            return True
        return False

    def now_and_then(self):
        self.counted += 1
        return self.counted % 100 == 0

    def now(self):
        return datetime.datetime.fromisoformat(self.wire.local("GET", "/clock")["now"][:19] + "+00:00")

    def order(self, person, plans):
        body = {"items": [{"planId": plan, "quantity": self.plans[plan]} for plan in plans], "billingAddress": ADDRESS,
                "returnUrl": RETURN_URL, "acceptTerms": True}
        return self.ask("POST", "/v1/orders", body, authorization=bearer(person), idempotency_key=self.unique("order")).data

    def pay(self, placed):
        url = urllib.parse.urlsplit(placed["payment"]["checkoutUrl"])
        self.ask("POST", url.path, {"card": GOOD_CARD})
        self.wire.local("POST", "/clock", {"advance": "PT2S"})
        self.wire.local("GET", "/digest")

    def put_line(self, plan, **headers):
        return self.ask("PUT", f"/v1/cart/items/{plan}", {"quantity": self.plans[plan]}, **headers)

    def cursor(self, person, path):
        return self.ask("GET", f"{path}?limit=1", authorization=bearer(person)).body["metadata"]["nextCursor"]

    def signature(self, body, secret=None, age=0):
        at = int(self.now().timestamp()) - age
        mac = hmac.new((secret or self.secret).encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={at},v1={mac}"

    def shown(self):
        """What stands for a secret in a curl line."""
        people = {"CUSTOMER": self.camille, "ADMIN": self.admin, "OTHER": self.lea, "DORA": self.dora, "FINANCE": self.finance}
        return {person.access: variable for variable, person in people.items() if person.access}


def bearer(person):
    return f"Bearer {person.access}"
