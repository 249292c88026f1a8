#!/usr/bin/env python3
"""Is the provider we test against like the real one, and do we understand its signatures? Its own client says.

    make check-provider

The client library of Stripe is pointed at the simulator of a local stack: pages,
charges, declines, idempotency, lists, refunds, disputes. Its events are read by
the library, signed by the library, and posted to our webhook, which must do with
them what it does with the simulator's own.
"""

from __future__ import annotations

import datetime
import json
import sys
import urllib.parse

import stripe

from local_stack import Client, Wrong, running

VERSION = "2025-09-30.clover"
WEBHOOK = "/v1/webhooks/stripe"
ADDRESS = {"name": "Camille Martin", "line1": "1 rue de la Paix", "postalCode": "69001", "city": "Lyon", "country": "FR"}


def equal(found, expected, what):
    if found != expected:
        raise Wrong(f"{what}: {found!r} instead of {expected!r}")
    print(f"  {what}: {expected!r}")


class Story:
    def __init__(self, base):
        self.client = Client(base)
        info = self.client.send("GET", "/_local", accept="application/json").body
        self.secret = info["webhookSecret"]
        self.login = next(login for login in info["logins"] if login["role"] == "customer")
        self.stripe = stripe.StripeClient(
            info["providerKey"], stripe_version=VERSION, max_network_retries=0,
            base_addresses={"api": f"{base}/_local/stripe"},
        )

    def call(self, method, path, body=None, status=200, **headers):
        answer = self.client.send(method, path, body, **headers)
        if answer.status != status:
            raise Wrong(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def of_customer(self, method, path, body=None, status=200, **headers):
        token = self.call("POST", "/v1/auth/login", {"email": self.login["email"], "password": self.login["password"]})
        bearer = f"Bearer {token['data']['accessToken']}"
        return self.call(method, path, body, status, authorization=bearer, **headers)["data"]

    def faults(self, faults):
        self.call("POST", "/_local/faults", faults)

    def now(self):
        moment = datetime.datetime.fromisoformat(self.call("GET", "/_local/clock")["now"][:19] + "+00:00")
        return int(moment.timestamp())

    def tell(self, event, secret=None, status=200):
        """Posts an event as the library writes it, signed as the library signs it."""
        body = json.dumps(event.to_dict(), indent=2)
        at = self.now()
        mac = stripe.WebhookSignature._compute_signature(f"{at}.{body}", secret or self.secret)
        signature = f"t={at},v1={mac}"
        if secret is None and status == 200:
            # The library's own check would refuse a clock that was moved.
            stripe.Webhook.construct_event(body, signature, self.secret, tolerance=None)
        return self.call("POST", WEBHOOK, body.encode(), status, stripe_signature=signature,
                         content_type="application/json")

    def event(self, kind, about):
        events = self.stripe.v1.events.list({"limit": 100}).auto_paging_iter()
        return next(it for it in events if it.type == kind and it.data.object.id == about)

    def order(self):
        plans = self.call("GET", "/v1/products?family=edr", accept_language="en")["data"]
        plan = next(product for product in plans if product["available"])["plans"][0]
        body = {"items": [{"planId": plan["id"], "quantity": plan["minQuantity"]}], "billingAddress": ADDRESS,
                "returnUrl": "http://localhost:5173/thanks", "acceptTerms": True}
        return self.of_customer("POST", "/v1/orders", body, 201, idempotency_key=f"check-{self.now()}-{id(body)}")

    def play(self):
        for chapter in (self.pages, self.charges, self.a_purchase, self.a_refund, self.a_dispute, self.books):
            print(f"\n{chapter.__doc__}", flush=True)
            chapter()

    def pages(self):
        """Payment pages"""
        customer = self.stripe.v1.customers.create({"email": "client@example.com", "metadata": {"made": "by the library"}})
        equal(self.stripe.v1.customers.retrieve(customer.id).metadata["made"], "by the library", "the customer")
        new = {
            "mode": "payment", "customer": customer.id, "success_url": "https://shop.example/", "expires_at": self.now() + 3600,
            "payment_intent_data": {"setup_future_usage": "off_session", "metadata": {"made": "by the library"}},
            "line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 1234, "product_data": {"name": "A page"}}}],
        }
        page = self.stripe.v1.checkout.sessions.create(new, {"idempotency_key": "check-page"})
        again = self.stripe.v1.checkout.sessions.create(new, {"idempotency_key": "check-page"})
        equal((again.id, again.url), (page.id, page.url), "the same key, the same page")
        other = {**new, "success_url": "https://other.example/"}
        refused(stripe.IdempotencyError, lambda: self.stripe.v1.checkout.sessions.create(other, {"idempotency_key": "check-page"}))
        equal(self.stripe.v1.checkout.sessions.retrieve(page.id).status, "open", "the page")
        equal(self.stripe.v1.checkout.sessions.expire(page.id).status, "expired", "the page, closed")
        refused(stripe.InvalidRequestError, lambda: self.stripe.v1.checkout.sessions.expire(page.id))
        refused(stripe.InvalidRequestError, lambda: self.stripe.v1.checkout.sessions.retrieve("cs_test_nowhere"))

    def a_purchase(self):
        """A purchase the shop hears of from the library alone"""
        self.faults({"webhooks": {"lose": 1.0}})
        placed = self.order()
        url = urllib.parse.urlsplit(placed["payment"]["checkoutUrl"])
        self.call("POST", url.path, {"card": "4242424242424242"})
        session = self.stripe.v1.checkout.sessions.retrieve(url.path.rsplit("/", 1)[1])
        intent = self.stripe.v1.payment_intents.retrieve(session.payment_intent)
        equal((intent.status, intent.amount_received), ("succeeded", placed["order"]["total"]["amount"]), "the payment at the provider")
        event = self.event("payment_intent.succeeded", intent.id)
        self.tell(event, secret="whsec_guessed", status=400)
        standing = self.of_customer("GET", f"/v1/orders/{placed['order']['id']}")["status"]
        equal(standing, "pending", "the order after a forged event")
        equal(self.tell(event)["data"]["status"], "applied", "the webhook")
        equal(self.of_customer("GET", f"/v1/orders/{placed['order']['id']}")["status"], "paid", "the order")
        equal(self.tell(event)["data"]["status"], "repeated", "the webhook, once more")
        self.placed, self.intent = placed, intent

    def a_refund(self):
        """A refund by hand, with the library"""
        refund = self.stripe.v1.refunds.create({"payment_intent": self.intent.id, "amount": 100})
        equal((refund.status, refund.amount), ("succeeded", 100), "the refund")
        equal(self.tell(self.event("refund.created", refund.id))["data"]["status"], "applied", "the webhook")
        payments = self.of_customer("GET", "/v1/payments")
        payment = next(it for it in payments if it["id"] == self.placed["payment"]["id"])
        equal([it["amount"]["amount"] for it in payment["refunds"]], [100], "the shop's refunds")
        too_much = {"payment_intent": self.intent.id, "amount": self.intent.amount}
        refused(stripe.InvalidRequestError, lambda: self.stripe.v1.refunds.create(too_much))

    def charges(self):
        """Charges of saved cards"""
        cards = [card for customer in self.stripe.v1.customers.list({"limit": 100}).auto_paging_iter()
                 for card in self.stripe.v1.payment_methods.list({"customer": customer.id, "type": "card"}).data]
        if not cards:
            placed = self.order()
            self.call("POST", urllib.parse.urlsplit(placed["payment"]["checkoutUrl"]).path, {"card": "4242424242424242"})
            return self.charges()
        card = cards[0]
        new = {"amount": 777, "currency": "eur", "customer": card.customer, "payment_method": card.id, "confirm": True, "off_session": True}
        intent = self.stripe.v1.payment_intents.create(new, {"idempotency_key": "check-charge"})
        again = self.stripe.v1.payment_intents.create(new, {"idempotency_key": "check-charge"})
        equal((intent.status, again.id), ("succeeded", intent.id), "one charge under one key")
        self.call("POST", "/_local/cards", {"email": self.login["email"], "behave": "insufficient_funds"})
        declined = refused(stripe.CardError, lambda: self.stripe.v1.payment_intents.create(new, {"idempotency_key": "check-decline"}))
        equal((declined.code, declined.error.decline_code), ("card_declined", "insufficient_funds"), "the decline")
        self.call("POST", "/_local/cards", {"email": self.login["email"], "behave": "ok"})
        refused(stripe.InvalidRequestError, lambda: self.stripe.v1.payment_intents.create({**new, "amount": 1}))

    def a_dispute(self):
        """A dispute"""
        charge = self.stripe.v1.charges.retrieve(self.intent.latest_charge)
        equal((charge.amount_refunded, charge.paid), (100, True), "the charge")
        self.call("POST", "/_local/disputes", {"payment": self.intent.id})
        dispute, = self.stripe.v1.disputes.list({"limit": 3}).data
        equal((dispute.status, dispute.payment_intent), ("needs_response", self.intent.id), "the dispute")
        equal(self.tell(self.event("charge.dispute.created", dispute.id))["data"]["status"], "applied", "the webhook")
        sent = self.stripe.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True})
        equal(sent.status in ("won", "under_review"), True, "the evidence is taken")

    def books(self):
        """The books"""
        entries = list(self.stripe.v1.balance_transactions.list({"limit": 2}).auto_paging_iter())
        sums = {kind: sum(it.amount for it in entries if it.type == kind) for kind in ("charge", "refund")}
        events = list(self.stripe.v1.events.list({"limit": 3}).auto_paging_iter())
        equal(len({it.id for it in events}), len(events), "events, each once over the pages")
        equal(sums["refund"], -100, "what was given back")
        paid = sum(it.amount_received for it in self.stripe.v1.payment_intents.list({"limit": 2}).auto_paging_iter())
        equal(sums["charge"], paid, "what was taken")


def refused(kind, act):
    try:
        act()
    except kind as error:
        print(f"  refused: {kind.__name__} ({error.code})")
        return error
    raise Wrong(f"no {kind.__name__}")


def main():
    try:
        with running(None) as base:
            Story(base).play()
    except (Wrong, stripe.StripeError) as error:
        sys.exit(f"\nNot as it should be: {error}")
    print("\nThe provider's own client and the shop understand each other.")


if __name__ == "__main__":
    main()
