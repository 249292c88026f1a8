"""Requests that belong together: each step uses what the one before brought,
and says which statuses it may end with.
"""

from contract_wire import Request
from contract_world import ADDRESS, ORIGIN, PASSWORD, RETURN_URL, bearer


class Teller:
    """Sends steps through the judge; stops the story where an answer is none to go on with."""

    def __init__(self, judge, world, rng):
        self.judge, self.world, self.rng = judge, world, rng

    def step(self, told, method, path, *expect, body=None, may_change=False, **headers):
        path, _, query = path.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request("", method, path, query, named, told=["story", told], expect=expect, may_change=may_change)
        if body is not None:
            request.set_json(body)
        answer = self.judge.exchange(request)
        if answer is None or answer.status not in expect:
            raise Broken(request.told_as())
        return answer

    def tell(self):
        for story in (self.an_order, self.a_merging, self.a_refund, self.a_dispute, self.a_card, self.a_coupon, self.a_login, self.a_guest, self.pages, self.a_payment):
            try:
                story()
            except Broken:
                pass

    def an_order(self):
        """Cart, order, replay, reuse, cancellation, each twice."""
        world, me, other = self.world, {"authorization": bearer(self.world.camille)}, {"authorization": bearer(self.world.lea)}
        plan = self.rng.choice(list(world.plans))
        cart = self.step("a line", "PUT", f"/v1/cart/items/{plan}", 200, body={"quantity": world.plans[plan]}, **me)
        body = {"fromCart": True, "cartVersion": cart.data["version"], "billingAddress": ADDRESS, "returnUrl": RETURN_URL, "acceptTerms": True}
        asked = {"fromCart": True, "cartVersion": cart.data["version"], "billingAddress": ADDRESS}
        quote = self.step("a quote", "POST", "/v1/orders/quote", 200, body=asked, **me)
        body["quoteToken"] = quote.data["quoteToken"]
        key = world.unique("story")
        placed = self.step("the order", "POST", "/v1/orders", 201, body=body, idempotency_key=key, **me)
        again = self.step("the order again", "POST", "/v1/orders", 201, body=body, idempotency_key=key, **me)
        self.judge.same("the replayed order", placed, again)
        self.step("another order under its key", "POST", "/v1/orders", 422, body=body | {"cartVersion": 99}, idempotency_key=key, **me)
        self.step("the same cart again", "POST", "/v1/orders", 409, body=body, idempotency_key=world.unique("story"), **me)
        self.step("a quote of that cart", "POST", "/v1/orders/quote", 409, body=asked, **me)
        order = f"/v1/orders/{placed.data['order']['id']}"
        version = self.step("the order", "GET", order, 200, **me).headers["etag"]
        self.step("another's order", "GET", order, 404, **other)
        self.step("canceling another's", "POST", f"{order}/cancellation", 404, **other)
        self.another_page(order, me, other)
        version = self.step("the order", "GET", order, 200, **me).headers["etag"]
        key = world.unique("story")
        self.step("another version", "POST", f"{order}/cancellation", 412, if_match='"77"', idempotency_key=key, **me)
        first = self.step("canceling", "POST", f"{order}/cancellation", 200, if_match=version, idempotency_key=key, **me)
        second = self.step("canceling again, by key", "POST", f"{order}/cancellation", 200, if_match=version, idempotency_key=key, **me)
        self.judge.same("the replayed cancellation", first, second)
        self.step("another body under that key", "POST", f"/v1/orders/{world.camille.pending[0]}/cancellation", 422, idempotency_key=key, **me)
        self.step("canceling once more", "POST", f"{order}/cancellation", 200, **me)
        self.step("what happened", "GET", f"{order}/timeline", 200, **me)
        self.step("what happened to another's", "GET", f"{order}/timeline", 404, **other)
        self.step("the list", "GET", "/v1/orders?limit=5", 200, **me)

    def another_page(self, order, me, other):
        """Another page of an order that waits, asked for twice."""
        path, key = f"{order}/payment", self.world.unique("story")
        self.step("another page of another's", "POST", path, 404, body={"returnUrl": RETURN_URL}, idempotency_key=key, **other)
        self.step("another page without a key", "POST", path, 400, body={"returnUrl": RETURN_URL}, **me)
        first = self.step("another page", "POST", path, 200, body={"returnUrl": RETURN_URL}, idempotency_key=key, **me)
        second = self.step("another page, by key", "POST", path, 200, body={"returnUrl": RETURN_URL}, idempotency_key=key, **me)
        self.judge.same("the replayed page", first, second)
        self.step("another body under that key", "POST", path, 422, body={"returnUrl": RETURN_URL + "?again"}, idempotency_key=key, **me)

    def a_merging(self):
        """A guest's cart is taken into the account's, by key and once."""
        world, me = self.world, {"authorization": bearer(self.world.camille)}
        plan = self.rng.choice(list(world.plans))
        line = self.step("a guest's line", "PUT", f"/v1/cart/items/{plan}", 200, body={"quantity": world.plans[plan]})
        guest = {"guestToken": line.data["guestToken"]}
        key = world.unique("story")
        self.step("into another version", "POST", "/v1/cart/merge", 412, body=guest, if_match='"77"', **me)
        first = self.step("taking it in", "POST", "/v1/cart/merge", 200, body=guest, idempotency_key=key, **me)
        second = self.step("taking it in, by key", "POST", "/v1/cart/merge", 200, body=guest, idempotency_key=key, **me)
        self.judge.same("the replayed merging", first, second)
        self.step("another's under that key", "POST", "/v1/cart/merge", 422, body={"guestToken": "A" * 43}, idempotency_key=key, **me)
        self.step("nothing is left to take in", "POST", "/v1/cart/merge", 200, body=guest, **me)

    def a_refund(self):
        """Asked for, approved, each twice under one key, and that key for something else."""
        world = self.world
        finance, admin = ({"authorization": bearer(person)} for person in (world.finance, world.admin))
        path, key = f"/v1/admin/payments/{world.large}/refunds", world.unique("story")
        cent = {"amount": {"amount": 1, "currency": "EUR"}, "reason": "goodwill"}
        first = self.step("a cent back", "POST", path, 201, 409, body=cent, idempotency_key=key, **finance)
        if first.status == 201:
            again = self.step("the cent again", "POST", path, 201, body=cent, idempotency_key=key, **finance)
            self.judge.same("the replayed refund", first, again)
            self.step("another reason under that key", "POST", path, 422, body=cent | {"reason": "duplicate"}, idempotency_key=key, **finance)
        path, key = f"{path}/{world.wait_for_approval()}/approval", world.unique("story")
        first = self.step("no", "POST", path, 200, body={"decision": "reject"}, idempotency_key=key, **finance)
        again = self.step("no, by key", "POST", path, 200, body={"decision": "reject"}, idempotency_key=key, **finance)
        self.judge.same("the replayed decision", first, again)
        self.step("yes under that key", "POST", path, 422, body={"decision": "approve"}, idempotency_key=key, **finance)
        self.step("too late", "POST", path, 409, body={"decision": "approve"}, **admin)

    def a_coupon(self):
        """Made twice under one key, redeemed, ended, and redeemed no more."""
        world, me = self.world, {"authorization": bearer(self.world.camille)}
        admin = {"authorization": bearer(world.admin)}
        key, code = world.unique("story"), world.unique("story")
        coupon = {"code": code, "kind": "amount", "amount": {"amount": 100, "currency": "EUR"}, "duration": "forever"}
        first = self.step("a coupon", "POST", "/v1/admin/coupons", 201, body=coupon, idempotency_key=key, **admin)
        again = self.step("the coupon again", "POST", "/v1/admin/coupons", 201, body=coupon, idempotency_key=key, **admin)
        self.judge.same("the replayed coupon", first, again)
        self.step("another under that key", "POST", "/v1/admin/coupons", 422, body=coupon | {"code": world.unique("story")}, idempotency_key=key, **admin)
        plan, quantity = next(iter(world.plans.items()))
        order = {"items": [{"planId": plan, "quantity": quantity}], "billingAddress": ADDRESS, "returnUrl": RETURN_URL, "acceptTerms": True, "couponCode": code}
        placed = self.step("an order with it", "POST", "/v1/orders", 201, body=order, idempotency_key=world.unique("story"), **me)
        self.step("a second one", "POST", "/v1/orders", 422, body=order, idempotency_key=world.unique("story"), **me)
        self.step("canceling the first", "POST", f"/v1/orders/{placed.data['order']['id']}/cancellation", 200, **me)
        self.step("ending it", "DELETE", f"/v1/admin/coupons/{code}", 200, **admin)
        self.step("ending it again", "DELETE", f"/v1/admin/coupons/{code}", 200, **admin)
        self.step("an order with an ended one", "POST", "/v1/orders", 422, body=order, idempotency_key=world.unique("story"), **me)

    def a_card(self):
        """Asked for twice under one key, given, chosen, kept, and removed."""
        world, me, other = self.world, {"authorization": bearer(self.world.camille)}, {"authorization": bearer(self.world.lea)}
        key, page = world.unique("story"), {"returnUrl": RETURN_URL}
        first = self.step("a page", "POST", "/v1/payment-methods", 201, body=page, idempotency_key=key, **me)
        again = self.step("the page again", "POST", "/v1/payment-methods", 201, body=page, idempotency_key=key, **me)
        self.judge.same("the replayed page", first, again)
        self.step("another page under that key", "POST", "/v1/payment-methods", 422, body={"returnUrl": f"{ORIGIN}/else"}, idempotency_key=key, **me)
        self.step("back to another shop", "POST", "/v1/payment-methods", 422, body={"returnUrl": "https://elsewhere.example"},
                  idempotency_key=world.unique("story"), **me)
        before = self.step("the cards", "GET", "/v1/payment-methods", 200, **me).data
        default = next(card["id"] for card in before if card["isDefault"])
        card = f"/v1/payment-methods/{world.give_card(world.camille, '2223003122003222')}"
        self.step("another's card", "PUT", f"{card}/default", 404, **other)
        self.step("removing another's", "DELETE", card, 404, **other)
        for told in ("the new card", "the new card again"):
            self.step(told, "PUT", f"{card}/default", 200, **me)
        self.step("the card that is needed", "DELETE", card, 409, **me)
        self.step("the old card", "PUT", f"/v1/payment-methods/{default}/default", 200, **me)
        self.step("removing the new one", "DELETE", card, 200, **me)
        self.step("removing it again", "DELETE", card, 200, **me)

    def a_dispute(self):
        """While a bank decides nothing is given back, and nothing that waits is approved."""
        world = self.world
        finance, admin = ({"authorization": bearer(person)} for person in (world.finance, world.admin))
        payment = world.buy_much()
        path = f"/v1/admin/payments/{payment}/refunds"
        waits = {"amount": {"amount": 100_001, "currency": "EUR"}, "reason": "goodwill"}
        refund = self.step("a refund that waits", "POST", path, 201, body=waits, idempotency_key=world.unique("story"), **finance)
        world.dispute(payment)
        approval = f"{path}/{refund.data['refund']['id']}/approval"
        self.step("a cent of it", "POST", path, 409, body=waits | {"amount": {"amount": 1, "currency": "EUR"}}, idempotency_key=world.unique("story"), **finance)
        self.step("yes", "POST", approval, 409, body={"decision": "approve"}, **admin)
        self.step("the payment", "GET", f"/v1/admin/payments/{payment}", 200, **finance)
        self.step("no ledger of nobody", "GET", "/v1/admin/ledger/verification?account=acc_00000000000070008000000000000000", 404, **finance)

    def a_login(self):
        """From the registration to the session's end."""
        world = self.world
        email = f"{world.unique('story')}@example.com"
        person = {"email": email, "password": PASSWORD, "firstName": "A", "lastName": "B", "acceptTerms": True}
        self.step("registering", "POST", "/v1/auth/register", 202, body=person)
        self.step("registering again", "POST", "/v1/auth/register", 202, body=person)
        self.step("too early", "POST", "/v1/auth/login", 401, body={"email": email, "password": PASSWORD})
        self.step("another mail", "POST", "/v1/auth/resend-verification", 202, body={"email": email})
        token = {"token": world.mailed_token(email)}
        self.step("confirming", "POST", "/v1/auth/verify-email", 200, body=token)
        self.step("confirming again", "POST", "/v1/auth/verify-email", 400, body=token)
        tokens = self.step("in the body", "POST", "/v1/auth/login", 200, body={"email": email, "password": PASSWORD, "tokenTransport": "body"}).data
        me = {"authorization": f"Bearer {tokens['accessToken']}"}
        self.step("the profile", "GET", "/v1/me", 200, **me)
        self.step("no orders", "GET", "/v1/orders", 200, **me)
        following = self.step("the next token", "POST", "/v1/auth/refresh", 200, body={"refreshToken": tokens["refreshToken"]}).data
        self.step("an access token to refresh with", "POST", "/v1/auth/refresh", 401, body={"refreshToken": tokens["accessToken"]})
        cookie = self.step("in the cookie", "POST", "/v1/auth/login", 200, body={"email": email, "password": PASSWORD}).headers["set-cookie"].split(";")[0]
        page = {"cookie": cookie, "origin": ORIGIN, "x_cyna_client": "fuzz"}
        self.step("a cookie's token in the body", "POST", "/v1/auth/refresh", 401, body={"refreshToken": cookie.split("=", 1)[1]}, may_change=True)
        self.step("the cookie without the page", "POST", "/v1/auth/logout", 403, cookie=cookie)
        self.step("the cookie's end", "POST", "/v1/auth/logout", 200, **page)
        self.step("the cookie after its end", "POST", "/v1/auth/refresh", 401, **page)
        self.step("the body's end", "POST", "/v1/auth/logout", 200, body={"refreshToken": following["refreshToken"]})
        self.step("canceling after the end", "POST", f"/v1/orders/{world.camille.pending[0]}/cancellation", 401, **me)

    def a_guest(self):
        """A cart of somebody without an account."""
        plans = list(self.world.plans)
        token = self.step("the first line", "PUT", f"/v1/cart/items/{plans[0]}", 200, body={"quantity": 50}).data["guestToken"]
        me = {"x_cart_token": token}
        version = self.step("the second line", "PUT", f"/v1/cart/items/{plans[1]}", 200, body={"quantity": 50}, **me).headers["etag"]
        self.step("a stale version", "PUT", f"/v1/cart/items/{plans[1]}", 412, body={"quantity": 51}, if_match='"1"', **me)
        self.step("a good version", "DELETE", f"/v1/cart/items/{plans[1]}", 200, if_match=version, **me)
        self.step("out again", "DELETE", f"/v1/cart/items/{plans[1]}", 200, **me)
        self.step("the cart", "GET", "/v1/cart", 200, **me)
        self.step("emptying it", "DELETE", "/v1/cart", 200, **me)

    def pages(self):
        """Every list, page by page, to its end."""
        camille = self.world.camille
        paths = ["/v1/orders", "/v1/payments", "/v1/subscriptions", "/v1/invoices", f"/v1/subscriptions/{camille.renewed}/renewals", "/v1/products",
                 "/v1/orders?status=paid,pending&q=edr"]
        for path in paths:
            cursor = None
            for _ in range(4):
                query = f"limit=2&cursor={cursor}" if cursor else "limit=2"
                answer = self.step("a page", "GET", f"{path}{'&' if '?' in path else '?'}{query}", 200, authorization=bearer(camille))
                cursor = answer.body["metadata"]["nextCursor"]
                if cursor is None:
                    break

    def a_payment(self):
        """Paid, so that it cannot be canceled; and its webhooks once more."""
        world = self.world
        placed = world.order(world.lea, [self.rng.choice(list(world.plans))])
        world.pay(placed)
        self.judge.begin()
        order = f"/v1/orders/{placed['order']['id']}"
        me = {"authorization": bearer(world.lea)}
        self.step("the paid order", "GET", order, 200, **me)
        self.step("canceling what is paid", "POST", f"{order}/cancellation", 409, **me)
        self.step("its subscription", "GET", "/v1/subscriptions?limit=1", 200, **me)
        self.step("what happened to it", "GET", f"{order}/timeline", 200, **me)
        self.step("how it was paid", "GET", "/v1/payments?limit=1", 200, **me)


class Broken(Exception):
    """A story cannot go on; the judge has written down why."""
