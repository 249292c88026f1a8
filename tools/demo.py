#!/usr/bin/env python3
"""A customer's story, told against the running local stack.

    make demo                                  # the stack on PORT (3000), else one of its own
    python3 tools/demo.py http://127.0.0.1:3000
    python3 tools/demo.py own                  # one of its own, whatever runs

Each step shows its requests and their effect, and looks behind the answer: at
the payment provider's book, the mailbox, the ledger, the digest of the table.
The first thing that is not as it should be ends the story with status 1.

It moves the stack's clock thirteen months ahead.
"""

import calendar
import collections
import datetime
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import urllib.parse

from local_stack import Wrong, running
from storyteller import PASSWORD, Teller, check, equal, euros, moment

RETURN_URL = "http://localhost:5173/thanks"
ADDRESS = {"name": "Lea Martin", "company": "Atelier Martin", "line1": "12 rue des Forges",
           "postalCode": "69001", "city": "Lyon", "country": "FR"}
DECLINING_CARD, GOOD_CARD = "4000000000009995", "4242424242424242"
WEBHOOK = "/v1/webhooks/stripe"


def boundary(anchor, months):
    """Where period `months` begins: the anchor's day, or the last one its month has."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


class Story(Teller):
    def browse(self):
        self.step("The stack is up")
        self.effect(f"it is {self.call('GET', '/v1/health').data['time']} here")

        self.step("The catalogue, in French; asked again, unchanged")
        french = self.call("GET", "/v1/products?family=edr&limit=2", accept_language="fr")
        equal(french.headers["content-language"], "fr", "the language")
        equal((len(french.data), {p["family"] for p in french.data}), (2, {"edr"}), "the first page")
        check(french.body["metadata"]["nextCursor"], "there is a next page")
        self.call("GET", "/v1/products?family=edr&limit=2", status=304, accept_language="fr", if_none_match=french.headers["etag"])
        self.effect("; ".join(f"{p['name']}, dès {euros(p['startingPrice'])} HT" for p in french.data))

        self.step("A search, in English")
        found = self.call("GET", "/v1/products?q=server").data
        check("edr-servers" in [p["slug"] for p in found], "the offer for servers is found")
        self.effect("found: " + ", ".join(p["name"] for p in found))

        self.step("One product, in both languages")
        product = self.call("GET", "/v1/products/edr-essential").data
        other = self.call("GET", "/v1/products/edr-essential", accept_language="fr").data
        equal(other["plans"][0]["prices"], product["plans"][0]["prices"], "the prices in both languages")
        check(other["description"] != product["description"], "the description is translated")
        plans = {plan["code"]: plan for plan in product["plans"]}
        self.monthly = plans["monthly"]
        soc = self.get("/v1/products/soc-essential").data
        self.yearly = next(plan for plan in soc["plans"] if plan["code"] == "yearly")
        self.effect(f"{product['name']}: {self.monthly['prices'][0]['amount'] / 100:.2f} € per {self.monthly['unitLabel']} and month, or by the year")

    def join(self):
        self.step("Registering")
        person = {"email": self.email, "password": PASSWORD, "firstName": "Lea", "lastName": "Martin",
                  "companyName": "Atelier Martin", "locale": "en", "acceptTerms": True}
        with self.nothing_changes():
            short = self.call("POST", "/v1/auth/register", {**person, "password": "short"}, 422, "validation_failed", quiet=True)
            equal([e["path"] for e in short.body["errors"]], ["/password"], "the refused field")
        equal(self.call("POST", "/v1/auth/register", person, 202).data, {"status": "verification_sent"}, "the answer")
        mail = self.eventually("the mail", lambda: self.mails("Confirm your e-mail address"))[0]
        self.effect(f"a mail to {self.email}: “{mail['subject']}”")

        self.step("Before the address is confirmed, the password opens nothing")
        credentials = {"email": self.email, "password": PASSWORD}
        with self.nothing_changes():
            self.call("POST", "/v1/auth/login", credentials, 401, "invalid_credentials")
        self.effect("the answer is the one for a wrong password")

        self.step("Confirming the address with the token of the mailed link")
        link = next(link for link in mail["links"] if "token=" in link)
        token = {"token": urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["token"][0]}
        equal(self.call("POST", "/v1/auth/verify-email", token).data, {"status": "verified"}, "the answer")
        with self.nothing_changes():
            self.call("POST", "/v1/auth/verify-email", token, 400, "invalid_token")
        self.effect("the token is good once")

        self.step("Logging in")
        tokens = self.log_in(quiet=False).data
        equal((tokens["tokenType"], tokens["expiresIn"], "refreshToken" in tokens), ("Bearer", 900, False), "the tokens")
        for attribute in ("HttpOnly", "SameSite=Strict", "Path=/v1/auth"):
            check(attribute in self.cookie, f"the cookie is {attribute}")
        profile = self.call("GET", "/v1/me").data
        equal((profile["email"], profile["role"], profile["emailVerified"]), (self.email, "customer", True), "the profile")
        self.account = profile["account"]["id"]
        self.effect(f"{profile['firstName']} owns {self.account}; the refresh token is in a cookie no script can read")

    def fill_cart(self):
        self.step("A cart: ten devices by the month, five users by the year")
        cart = self.call("PUT", f"/v1/cart/items/{self.monthly['id']}", {"quantity": 10}).data
        cart = self.call("PUT", f"/v1/cart/items/{self.yearly['id']}", {"quantity": 5}).data
        self.net = 10 * self.monthly["prices"][0]["amount"] + 5 * self.yearly["prices"][0]["amount"]
        equal((len(cart["items"]), cart["subtotal"]["amount"]), (2, self.net), "lines and subtotal")
        self.cart_version = cart["version"]
        self.effect(f"{euros(cart['subtotal'])} without VAT, computed by the server")

        self.step("A price of the customer's own making")
        with self.nothing_changes():
            answer = self.call("PUT", f"/v1/cart/items/{self.monthly['id']}", {"quantity": 10, "unitPrice": 1}, 422, "validation_failed")
        equal([(e["path"], e["code"]) for e in answer.body["errors"]], [("/unitPrice", "unknown_field")], "the refusal")
        self.effect("refused: there is no such field; nothing changed")

    def order(self):
        body = {"fromCart": True, "cartVersion": self.cart_version, "billingAddress": ADDRESS,
                "returnUrl": RETURN_URL, "acceptTerms": True}
        key = {"idempotency_key": secrets.token_hex(16)}

        self.step("A quote for the cart, and the order by it")
        quote = self.call("POST", "/v1/orders/quote", {"fromCart": True, "billingAddress": ADDRESS}).data
        tax = next(step for step in quote["explanation"] if step["rule"] == "tax")
        body["quoteToken"] = quote["quoteToken"]
        with self.nothing_changes():
            self.call("POST", "/v1/orders", body, 400, "idempotency_key_required", quiet=True)
        first = self.call("POST", "/v1/orders", body, 201, **key)
        order, payment = first.data["order"], first.data["payment"]
        self.gross = self.net + (self.net * 20 + 50) // 100
        equal((order["status"], order["subtotal"]["amount"], order["tax"]["rate"], order["total"]["amount"]),
              ("pending", self.net, 2000, self.gross), "the order")
        equal((order["total"], order["tax"]["amount"]), (quote["total"], tax["amount"]["amount"]), "quoted and ordered")
        equal((payment["status"], self.get("/v1/cart").data["items"]), ("pending", []), "payment and cart")
        self.order_id, self.page = order["id"], payment["checkoutUrl"]
        self.effect(f"{euros(order['total'])} with 20 % VAT; a payment page is open, nothing is charged yet")

        self.step("The same order posted again, with the same key")
        with self.nothing_changes():
            again = self.call("POST", "/v1/orders", body, 201, **key)
            equal(again.raw, first.raw, "the bytes of the replay")
            equal(again.headers["idempotency-replayed"], "true", "the replay's header")
            self.call("POST", "/v1/orders", {**body, "acceptTerms": True, "cartVersion": 99}, 422, "idempotency_key_reused", **key)
        pages = [s for s in self.local("GET", "/payments")["sessions"] if s["metadata"].get("account") == self.account]
        equal((len(self.get("/v1/orders").data), len(pages)), (1, 1), "orders and payment pages")
        self.effect("byte for byte the first answer, one order, one payment page; another body under that key is refused")

    def pay(self):
        page = self.local_path(self.page)
        self.step("Paying on the provider's page, first with a card without funds")
        declined = self.call("POST", page, {"card": DECLINING_CARD}, authorization=None).body
        equal((declined["status"], declined["declineCode"]), ("declined", "insufficient_funds"), "the page's answer")
        self.local("GET", "/digest")  # what is under way arrives first
        equal(self.get(f"/v1/orders/{self.order_id}").data["status"], "pending", "the order")
        self.effect("declined: insufficient_funds; the order waits, the page stays open")

        self.step("The tab is closed: another payment page for the same order")
        path, key = f"/v1/orders/{self.order_id}/payment", secrets.token_hex(16)
        first = self.call("POST", path, {"returnUrl": RETURN_URL}, 200, idempotency_key=key)
        again = self.call("POST", path, {"returnUrl": RETURN_URL}, 200, idempotency_key=key)
        equal(again.raw, first.raw, "the bytes of the replay")
        pages = [s["status"] for s in self.local("GET", "/payments")["sessions"] if s["metadata"].get("account") == self.account]
        equal(pages, ["expired", "open"], "the payment pages")
        page = self.local_path(first.data["payment"]["checkoutUrl"])
        self.effect("the first page is closed before the second opens; the order and its price stay as they are")

        self.step("Paying with a good card: the provider's signed webhook does the rest")
        before = {event["id"] for event in self.local("GET", "/payments")["events"]}
        equal(self.call("POST", page, {"card": GOOD_CARD}, authorization=None).body["status"], "paid", "the page's answer")
        order = self.eventually("the order is paid", lambda: self.paid_order())
        self.subs = order["subscriptionIds"]
        captured = [p for p in self.payments() if p["status"] == "succeeded"]
        equal([(p["amount"], p["currency"]) for p in captured], [(self.gross, "eur")], "the captures in the provider's book")
        subscriptions = [self.call("GET", f"/v1/subscriptions/{s}", quiet=True).data for s in self.subs]
        equal([s["status"] for s in subscriptions], ["active", "active"], "the subscriptions")
        self.by_month = next(s for s in subscriptions if s["anchor"]["unit"] == "month")
        self.anchor = moment(self.by_month["anchor"]["start"])
        self.effect(f"paid once, {self.gross / 100:.2f} €; two subscriptions are active, billed from {self.by_month['anchor']['start']}")

        self.step("Every webhook of that payment delivered five times more, in reverse")
        self.local("GET", "/digest")
        events = [e["id"] for e in self.local("GET", "/payments")["events"] if e["id"] not in before]
        check(len(events) >= 2, "the payment made events")
        with self.nothing_changes():
            for event in list(reversed(events)) * 5:
                self.local("POST", f"/events/{event}/redeliver")
        print(f"      POST /_local/events/…/redeliver → 200 ({len(events) * 5} times)")
        self.effect("the digest of the table is the same")

    def local_path(self, url):
        return url[len(self.client.base):] if url.startswith(self.client.base) else url

    def paid_order(self):
        order = self.get(f"/v1/orders/{self.order_id}").data
        return order if order["status"] == "paid" else None

    def invoice(self):
        self.step("The invoice")
        invoices = self.eventually("the invoice", lambda: self.get("/v1/invoices").data)
        invoice = self.call("GET", f"/v1/invoices/{invoices[0]['id']}").data
        equal((len(invoices), invoice["status"], invoice["amountDue"]["amount"]), (1, "paid", 0), "the invoice")
        equal((invoice["subtotal"]["amount"], invoice["total"]["amount"]), (self.net, self.gross), "its amounts")
        equal([(t["rate"], t["base"]["amount"], t["amount"]["amount"]) for t in invoice["taxes"]],
              [(2000, self.net, self.gross - self.net)], "its VAT")
        equal((invoice["buyer"]["company"], invoice["buyer"]["city"]), ("Atelier Martin", "Lyon"), "its buyer")
        check(self.eventually("its mail", lambda: self.mails(invoice["number"])), "it is mailed")
        self.effect(f"{invoice['number']}: {euros(invoice['subtotal'])} + VAT 20 % = {euros(invoice['total'])}, paid; mailed")

    def renew(self):
        self.step("A month later")
        self.move(to=self.after(1))
        self.call("GET", "/v1/me", status=401, code="unauthenticated")
        self.log_in()
        self.prove_periods(1)
        receipt = self.mails("Your subscription is renewed")
        equal(len(receipt), 1, "receipts")
        self.effect(f"the session is over, the subscription is not: renewed and charged once; “{receipt[0]['subject']}”")

        self.step("Before the second renewal, the customer's card runs dry")
        self.local("POST", "/cards", {"email": self.email, "behave": "insufficient_funds"}, quiet=False)
        self.move(to=self.after(2))
        self.log_in()
        subscription = self.call("GET", f"/v1/subscriptions/{self.by_month['id']}").data
        equal((subscription["status"], subscription["currentPeriod"]["index"]), ("past_due", 1), "the subscription")
        failed = self.renewals()[2]
        equal((failed["status"], [(a["outcome"], a["declineCode"]) for a in failed["attempts"]]),
              ("past_due", [("failed", "insufficient_funds")]), "the period")
        mail = self.eventually("the mail", lambda: self.mails("The payment for your subscription failed"))
        equal(len(mail), 1, "mails about the failure")
        retry = moment(subscription["nextActionAt"])
        equal(retry - moment(failed["attempts"][0]["at"]), datetime.timedelta(days=2), "the wait before the retry")
        self.effect(f"past_due, served until {subscription['accessUntil']}; a mail says so; next try {subscription['nextActionAt']}")

        self.step("The card works again: the scheduled retry recovers the period")
        self.local("POST", "/cards", {"email": self.email, "behave": "ok"}, quiet=False)
        self.move(to=(retry + datetime.timedelta(minutes=10)).isoformat() + "Z")
        self.log_in()
        recovered = self.prove_periods(2, tries={2: ["failed", "succeeded"]})[2]
        equal(recovered["invoiceNumber"], failed["invoiceNumber"], "the number of the invoice")
        check(any(failed["invoiceNumber"] in mail["subject"] for mail in self.mails("Your subscription is renewed")), "its receipt is mailed")
        equal(self.get(f"/v1/subscriptions/{self.by_month['id']}").data["status"], "active", "the subscription")
        self.effect("active; the second try was captured, the dates did not move, the invoice kept its number")

        self.step("To month thirteen in one step")
        ran = self.move(to=self.after(13))["ran"]
        self.log_in()
        renewals = self.prove_periods(13, tries={2: ["failed", "succeeded"]})
        year = next(s for s in self.subs if s != self.by_month["id"])
        equal([r["status"] for r in self.get(f"/v1/subscriptions/{year}/renewals").data], ["paid", "paid"], "the yearly periods")
        self.call("GET", f"/v1/subscriptions/{self.by_month['id']}/renewals")
        self.effect(f"renew_subscriptions ran {ran['renew_subscriptions']} times; fourteen monthly periods and two yearly ones, each paid once:")
        for renewal in renewals:
            tries = ", ".join(a["outcome"] for a in renewal["attempts"])
            print(f"      {renewal['index']:2}  {renewal['start'][:10]} → {renewal['end'][:10]}  {renewal['invoiceNumber']}  {euros(renewal['total'])}  {tries}")

    def after(self, months):
        """Ten minutes into period `months`: the sweep has passed."""
        return (boundary(self.anchor, months) + datetime.timedelta(minutes=10)).isoformat() + "Z"

    def renewals(self):
        return self.get(f"/v1/subscriptions/{self.by_month['id']}/renewals").data

    def prove_periods(self, last, tries=None):
        """Every period up to `last` is paid, on its anchored dates, by one capture in the provider's book."""
        renewals = self.renewals()
        equal([r["index"] for r in renewals], list(range(last + 1)), "the periods")
        captures = collections.Counter(
            int(p["metadata"]["period"]) for p in self.payments()
            if p["status"] == "succeeded" and p["metadata"].get("subscription") == self.by_month["id"])
        equal(captures, {i: 1 for i in range(1, last + 1)}, "captures by period")
        for i, renewal in enumerate(renewals):
            equal((moment(renewal["start"]), moment(renewal["end"])), (boundary(self.anchor, i), boundary(self.anchor, i + 1)), f"dates of period {i}")
            # The first page was declined, and another one was asked for.
            wanted = {0: ["failed", "succeeded"], **(tries or {})}.get(i, ["succeeded"])
            equal((renewal["status"], [a["outcome"] for a in renewal["attempts"]]), ("paid", wanted), f"period {i}")
            check(renewal["invoiceNumber"], f"the invoice of period {i} has its number")
        return renewals

    def forge(self):
        self.step("Webhooks that are not the provider's")
        secret = self.local("GET", "")["webhookSecret"]
        now = calendar.timegm(moment(self.local("GET", "/clock")["now"]).timetuple())
        event = json.dumps({"id": "evt_forged", "object": "event", "type": "customer.updated", "livemode": False,
                            "created": now, "data": {"object": {"id": "cus_1", "object": "customer"}}}).encode()

        def signed(secret, at):
            mac = hmac.new(secret.encode(), f"{at}.".encode() + event, hashlib.sha256).hexdigest()
            return {"stripe_signature": f"t={at},v1={mac}", "content_type": "application/json", "authorization": None}

        with self.nothing_changes():
            self.call("POST", WEBHOOK, event, 400, "invalid_signature", **signed("whsec_guessed", now))
            self.call("POST", WEBHOOK, event, 400, "invalid_signature", **signed(secret, now - 301))
            self.call("POST", WEBHOOK, event + b" ", 400, "invalid_signature", **signed(secret, now))
            self.call("POST", WEBHOOK, event, 200, **signed(secret, now))
        self.effect("forged, five minutes old, one byte changed: refused. Well signed, but about nothing we sell: ignored")

    def trespass(self):
        self.step("Another customer asks for these ids")
        invoice = self.get("/v1/invoices").data[0]["id"]
        stranger = next(login for login in self.local("GET", "")["logins"] if login["role"] == "customer")
        own = self.token
        self.log_in(stranger["email"], stranger["password"])
        with self.nothing_changes():
            for path, ident in (("orders", self.order_id), ("subscriptions", self.subs[0]), ("invoices", invoice)):
                theirs = self.call("GET", f"/v1/{path}/{ident}", status=404, code="not_found")
                absent = self.get(f"/v1/{path}/{ident[:4]}{secrets.token_hex(16)}", status=404, code="not_found")
                equal({**theirs.body, "requestId": ""}, {**absent.body, "requestId": ""}, "the answer for an id that is nobody's")
            self.call("GET", f"/v1/subscriptions/{self.subs[0]}/renewals", status=404, code="not_found")
        self.token = own
        self.effect("404, word for word as for ids that do not exist")

    def give_back(self):
        self.step("Finance gives a part of the last renewal back, twice under one key")
        own = self.token
        renewal = [p for p in self.payments() if p["status"] == "succeeded" and p["metadata"].get("period")][-1]
        path = f"/v1/admin/payments/{renewal['metadata']['payment']}/refunds"
        part = {"amount": {"amount": 1200, "currency": "EUR"}, "reason": "goodwill"}
        with self.nothing_changes():
            self.call("POST", path, part, 403, "forbidden", idempotency_key="refund-1")
        finance = next(login for login in self.local("GET", "")["logins"] if login["role"] == "finance")
        self.log_in(finance["email"], finance["password"])
        first = self.call("POST", path, part, 201, idempotency_key="refund-1")
        again = self.call("POST", path, part, 201, idempotency_key="refund-1")
        equal(again.body, first.body, "the answer to the repetition")
        with self.nothing_changes():
            too_much = {**part, "amount": {"amount": renewal["amountCaptured"], "currency": "EUR"}}
            self.call("POST", path, too_much, 422, "validation_failed", idempotency_key="refund-2")
        seen = self.call("GET", path.rsplit("/", 1)[0]).data
        equal([(r["status"], r["amount"]["amount"]) for r in seen["refunds"]], [("made", 1200)], "the refunds")
        equal(next(p["refundedAmount"] for p in self.payments() if p["id"] == renewal["id"]), 1200, "what the provider gave back")
        self.token = own
        self.log_in()
        note = next(i for i in self.get("/v1/invoices?limit=100").data if i["kind"] == "credit_note")
        equal(note["total"]["amount"], 1200, "the credit note")
        check(self.eventually("the mail", lambda: self.mails(note["number"])), "a mail brings the credit note")
        self.effect(f"{euros(note['total'])} back on the card, once; credit note {note['number']} to {note['corrects']['number']}; a customer may not, and nobody more than was captured")

    def count(self):
        self.step("The sums: the provider's book, the invoices, the ledger")
        self.log_in()
        invoices = self.call("GET", "/v1/invoices?limit=100").data
        book = self.payments()
        captured = sum(p["amountCaptured"] - p["refundedAmount"] for p in book)
        sign = {"invoice": 1, "credit_note": -1}
        total = sum(sign[i["kind"]] * i["total"]["amount"] for i in invoices)
        vat = sum(sign[i["kind"]] * t["amount"]["amount"] for i in invoices for t in i["taxes"])
        equal((captured, {i["status"] for i in invoices}), (total, {"paid"}), "captured and invoiced")
        chain, sums = "0" * 64, collections.Counter()
        for entry in self.items(f"LEDGER#{self.account}"):
            equal((entry["previous"], sum(line["amount"] for line in entry["lines"])), (chain, 0), f"ledger entry {entry['sequence']}")
            chain = entry["hash"]
            for line in entry["lines"]:
                sums[line["account"]] += line["amount"]
        equal({name: amount for name, amount in sums.items() if amount},
              {"provider": captured, "revenue": vat - total, "vat": -vat}, "the ledger")
        numbers = sorted(i["number"] for i in invoices)
        for series in sorted({number[:5] for number in numbers}):
            given = [item["sk"] for item in self.items(f"SERIES#{series}") if item["sk"] != "COUNTER"]
            equal(given, [f"NUMBER#{n:09}" for n in range(1, len(given) + 1)], f"the numbers of {series}")
        self.effect(f"{len([p for p in book if p['status'] == 'succeeded'])} captures = {len(invoices)} invoices and credit notes = {total / 100:.2f} €, of which VAT {vat / 100:.2f} €")
        self.effect(f"ledger: every entry balances, the chain is whole, clearing and receivable are zero; {numbers[0]} … {numbers[-1]} without a gap")

    def leave(self):
        self.step("A refresh token is good once")
        first = self.cookie
        with self.nothing_changes():
            self.refresh(first, 403, "cross_site_request", client=None)
        second = next(c for c in self.refresh(first).cookies())
        check(second.split(";")[0] != first.split(";")[0], "the token is a new one")
        self.move(advance="PT1M")
        self.refresh(first, 401, "invalid_refresh_token")
        self.refresh(second, 401, "invalid_refresh_token")
        check(self.eventually("the warning", lambda: self.mails("session")), "a mail warns the customer")
        self.effect("the used one came back: the whole session ended, and the customer is told by mail")

        self.step("Logging out")
        self.log_in()
        answer = self.call("POST", "/v1/auth/logout", {}, cookie=self.cookie.split(";")[0], **self.by_cookie())
        equal(answer.data, {"status": "signed_out"}, "the answer")
        check(any("Max-Age=0" in cookie for cookie in answer.cookies()), "the cookie is taken away")
        with self.nothing_changes():
            self.refresh(self.cookie, 401, "invalid_refresh_token")
            self.call("POST", f"/v1/orders/{self.order_id}/cancellation", {}, 401, "unauthenticated")
        self.effect("the session is over at once, even for an access token that is minutes old")

    def play(self):
        for chapter in (self.browse, self.join, self.fill_cart, self.order, self.pay, self.invoice,
                        self.renew, self.forge, self.trespass, self.give_back, self.count, self.leave):
            chapter()


def main():
    default = f"http://127.0.0.1:{os.environ.get('PORT') or 3000}"
    base = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BASE_URL") or default
    if base == "own":
        base = None
    try:
        with running(base) as address:
            story = Story(address)
            story.play()
    except (Wrong, OSError, KeyError, IndexError, StopIteration, TypeError, ValueError, subprocess.CalledProcessError) as error:
        print(f"\nNot as it should be: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nAll {story.steps} steps are as they should be.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
