"""What the generator cannot think of, because no schema speaks of it: requests
that are as they should be but for one thing at the edge, each with the statuses
it may be answered with.
"""

import json

from contract_world import ADDRESS, ORIGIN, RETURN_URL, bearer

EDGES = []
LIMIT = 64 * 1024
WEBHOOK_LIMIT = 512 * 1024
BODY = ("POST", "PUT", "PATCH")


def edge(told, *expect, where=lambda name, operation: True):
    """Registers a change to a good request, and the statuses it leads to; none where any announced one is fine."""
    def register(change):
        EDGES.append((told, expect or None, where, change))
        return change
    return register


def enveloped(name, operation):
    return "406" in operation["responses"]


def reads_body(name, operation):
    return "415" in operation["responses"]


def needs_body(name, operation):
    return reads_body(name, operation) and operation["requestBody"]["required"]


def signed_in(name, operation):
    return operation["security"] == [{"accessToken": []}]


def cart(name, operation):
    return {"cartToken": []} in operation["security"]


def only(*names):
    return lambda name, operation: name in names


def paged(name, operation):
    named = {parameter.get("name") for parameter in operation["parameters"]}
    return "limit" in named and "account" not in named


def tagged(name, operation):
    return "304" in operation["responses"]


def keyed(name, operation):
    return any("IdempotencyKey" in parameter.get("$ref", "") for parameter in operation["parameters"])


def by_id(name, operation):
    """Days, years and codes are no ids."""
    named = (parameter["name"] for parameter in operation["parameters"] if parameter.get("in") == "path")
    return any(name not in ("date", "year", "code") for name in named)


def header(told, name, value, *expect, where=lambda name, operation: True):
    edge(told, *expect, where=where)(lambda request, world, rng: request.headers.update({name: value}))


def raw_body(told, body, *expect, where=reads_body):
    edge(told, *expect, where=where)(lambda request, world, rng: setattr(request, "body", body))


def query(told, text, *expect, where=lambda name, operation: True):
    edge(told, *expect, where=where)(lambda request, world, rng: setattr(request, "query", text))


SUCCESS = (200, 201, 202)
header("Accept: text/xml", "accept", "text/xml", 406, where=enveloped)
header("Accept without JSON", "accept", "application/json;q=0, */*", 406, where=enveloped)
header("Accept: */*", "accept", "text/html, */*;q=0.1")
header("Accept of bytes", "accept", "\xff\xfe, application/json")
header("a language nobody speaks", "accept-language", "tlh;q=1.0, *;q=0.1")
header("a language of bytes", "accept-language", "\xe9\xff")
header("Host of two ports", "host", "a:1:2", 400)
header("two tokens", "authorization", ["Bearer a", "Bearer b"], 400)
header("an overriding method", "x-http-method-override", "DELETE")
header("a forwarded port out of range", "x-forwarded-port", "99999")
header("our own note, forged", "x-cyna-edge-note", "query")
header("an origin that is allowed", "origin", ORIGIN)
header("a foreign origin", "origin", "https://elsewhere.example")
header("If-Match that never was", "if-match", '"99999"', 412, where=only("set_cart_item", "remove_cart_item", "clear_cart", "cancel_order", "end_coupon"))
header("If-Match of nonsense", "if-match", "W/\"x", 412, where=only("set_cart_item", "remove_cart_item", "clear_cart", "cancel_order"))
header("If-Match: *", "if-match", "*")
header("If-None-Match: *", "if-none-match", "*", 304, where=tagged)
header("If-None-Match of nonsense", "if-none-match", "\xff,,\"", 200, where=tagged)
header("no JSON by its type", "content-type", "text/plain", 415, where=reads_body)
header("a charset that is none of ours", "content-type", "application/json; charset=utf-16", 415, where=reads_body)
header("JSON in mixed case", "content-type", "Application/JSON; Charset=\"UTF-8\"", where=reads_body)
header("no token at all", "authorization", [], 401, where=signed_in)
header("a token of nonsense", "authorization", "Bearer a.b.c", 401, where=lambda name, operation: signed_in(name, operation) or cart(name, operation))
header("a cart token of a user", "x-cart-token", "gct_0", where=cart)
header("an empty key", "idempotency-key", "", 400, where=keyed)
header("a key of 256", "idempotency-key", "k" * 256, 400, where=keyed)
header("a key of bytes", "idempotency-key", "\xff", 400, where=keyed)
# A gateway joins them to one.
header("two keys", "idempotency-key", ["a", "b"], where=keyed)
header("no key", "idempotency-key", [], 400, where=only("create_order", "pay_order", "create_payment_method", "refund"))
raw_body("no body", None, 400, where=needs_body)
raw_body("an empty body", b"", 400, where=needs_body)
raw_body("half a body", b'{"a": ', 400)
raw_body("two documents", b"{} {}", 400)
raw_body("no number", b'{"a": NaN}', 400)
raw_body("a number out of this world", b'{"a": 1e400}', 400)
raw_body("a member twice", b'{"a": 1, "a": 1}', 400)
raw_body("half a surrogate", b'{"a": "\\ud800"}', 400)
raw_body("no UTF-8", b'{"a": "\xff"}', 400)
raw_body("a byte order mark", b"\xef\xbb\xbf{}", 400)
raw_body("a deep body", b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", 400)
raw_body("null", b"null", 422)
raw_body("an array", b"[]", 422)
raw_body("a member nobody knows", b'{"constructor": {"~/": 1}}', 422)
raw_body("a body where none belongs", b'{"a": 1}', where=lambda name, operation: "requestBody" not in operation)
raw_body("a body too large where none belongs", b" " * (LIMIT + 1), 413, where=lambda name, operation: "requestBody" not in operation)
query("a key nobody knows", "nobody=knows", 400, where=enveloped)
query("a key twice", "limit=1&limit=1", 400)
query("half an escape", "limit=%2", 400)
query("an escape that is no UTF-8", "limit=%ff", 400)
query("a nested key", "filter[a][b]=1", 400, where=enveloped)
query("an empty query", "&&")
query("a page of none", "limit=0", 422, where=paged)
query("a cursor of nonsense", "cursor=nonsense", 400, where=paged)


@edge("nothing is wrong", *SUCCESS)
def as_it_is(request, world, rng):
    if request.name == "verify_email":
        person = f"{world.unique('mailed')}@example.com"
        world.ask("POST", "/v1/auth/register", {"email": person, "password": "seven owls on a copper roof", "firstName": "A", "lastName": "B",
                                                "acceptTerms": True})
        request.set_json({"token": world.mailed_token(person)})
    if request.name == "logout":
        request.set_json({"refreshToken": world.session(world.admin)["refreshToken"]})
    if request.name == "approve_refund":
        request.path = request.path.replace(world.waiting, world.wait_for_approval())
    if request.name == "remove_payment_method":
        request.path = f"/v1/payment-methods/{world.give_card(world.camille, '378282246310005')}"
    if request.name in ("pay_order", "cancel_order"):
        act = "payment" if request.name == "pay_order" else "cancellation"
        request.path = f"/v1/orders/{world.order(world.camille, [list(world.plans)[2]])['order']['id']}/{act}"


@edge("a body too large", 413, where=lambda name, operation: "requestBody" in operation)
def too_large(request, world, rng):
    limit = WEBHOOK_LIMIT if request.name == "payment_webhook" else LIMIT
    request.body = request.body + b" " * (limit + 1 - len(request.body))


@edge("by the cookie", 200, where=only("refresh_session"))
def by_cookie(request, world, rng):
    request.body = None
    request.headers |= {"cookie": world.camille.cookie, "origin": ORIGIN, "x-cyna-client": "fuzz"}


@edge("by the cookie, from another site", 403, where=only("refresh_session", "logout"))
def cross_site(request, world, rng):
    request.body = None
    request.headers |= {"cookie": world.camille.cookie, "origin": "https://elsewhere.example", "x-cyna-client": "fuzz"}


@edge("a token that is none", 401, where=only("refresh_session"))
def no_refresh_token(request, world, rng):
    request.set_json({"refreshToken": world.camille.refresh[:-2] + "xx"})


@edge("a wrong password", 401, where=only("login"))
def wrong_password(request, world, rng):
    request.set_json({"email": world.camille.email, "password": "not this one"})


@edge("a link that is none", 400, where=only("verify_email"))
def no_link(request, world, rng):
    request.set_json({"token": "x" * 43})


@edge("what the caller has", 304, where=tagged)
def not_modified(request, world, rng):
    request.headers["if-none-match"] = world.tags[request.name]


CARDS = ("create_payment_method", "set_default_payment_method", "remove_payment_method")


@edge("a session that has ended", 401, where=only("create_order", "pay_order", "cancel_order", *CARDS))
def logged_out(request, world, rng):
    request.headers["authorization"] = f"Bearer {world.logged_out}"


STAFF = ("get_payment", "find_orders", "find_payments", "refund", "approve_refund", "verify_ledger", "export_ledger", "get_ledger_day", "get_series",
         "create_coupon", "get_coupon", "list_coupons", "end_coupon")


@edge("by a customer", 403, where=only(*STAFF))
def by_a_customer(request, world, rng):
    request.headers["authorization"] = bearer(world.camille)


@edge("a code that is taken", 409, where=only("create_coupon"))
def taken_code(request, world, rng):
    request.set_json(request.json() | {"code": world.coupon.lower()})


@edge("a code nobody made", 404, where=only("get_coupon", "end_coupon"))
def no_coupon(request, world, rng):
    request.path = "/v1/admin/coupons/NOT-THERE"


@edge("with a coupon", *SUCCESS, where=only("quote_order", "create_order"))
def with_coupon(request, world, rng):
    request.set_json(request.json() | {"couponCode": world.make_coupon()})


@edge("what is not paid", 409, where=only("refund"))
def not_paid(request, world, rng):
    request.path = request.path.replace(world.payment, world.unpaid)


@edge("by who asked for it", 403, where=only("approve_refund"))
def by_who_asked(request, world, rng):
    request.path = request.path.replace(world.waiting, world.wait_for_approval())
    request.headers["authorization"] = bearer(world.admin)


@edge("what was rejected", 409, where=only("approve_refund"))
def rejected(request, world, rng):
    refund = world.wait_for_approval()
    path = f"/v1/admin/payments/{world.large}/refunds/{refund}/approval"
    world.ask("POST", path, {"decision": "reject"}, authorization=bearer(world.finance))
    request.path = path


OWN = ("get_order", "get_order_timeline", "pay_order", "cancel_order", "get_subscription", "list_renewals", "get_invoice", "get_invoice_pdf",
       "set_default_payment_method", "remove_payment_method")


@edge("another's", 404, where=only(*OWN))
def anothers(request, world, rng):
    request.headers["authorization"] = bearer(world.lea)


@edge("nobody's", where=by_id)
def nobodys(request, world, rng):
    parts = request.path.split("/")
    at = next(index for index, part in enumerate(parts) if "_" in part[2:4] or part in world.slugs)
    parts[at] = parts[at].split("_")[0] + "_" + "0" * 32 if "_" in parts[at] else parts[at][:4] + "0" * 32
    request.path = "/".join(parts)


@edge("an id that is none", 404, 422, where=by_id)
def no_id(request, world, rng):
    parts = request.path.split("/")
    at = next(index for index, part in enumerate(parts) if "_" in part[2:4] or part in world.slugs)
    parts[at] = rng.choice(["%00", "%2F..%2F", "a%20b", "\u00e9".encode().hex(), "x" * 500, "%F0%9F%98%80"])
    request.path = "/".join(parts)


@edge("a cursor that is good", 200, where=paged)
def good_cursor(request, world, rng):
    request.query = [("cursor", world.camille.cursors.get(request.name, world.cursor_of_products)), ("limit", "1")]
    if request.name == "list_products":
        request.headers.pop("accept-language")


@edge("a cursor of another", 400, where=lambda name, operation: paged(name, operation) and signed_in(name, operation))
def cursor_of_another(request, world, rng):
    request.query = [("cursor", world.lea.cursors[request.name])]


@edge("a cursor that is over", 410, where=paged)
def old_cursor(request, world, rng):
    request.query = [("cursor", world.camille.old_cursors.get(request.name, world.old_product_cursor))]
    if request.name == "list_products":
        request.headers.pop("accept-language")


EXPORT = only("export_ledger")
query("a whole year", "from=2024-01-01&to=2024-12-31", 200, where=EXPORT)
query("more than a year", "from=2026-01-01&to=2027-01-02", 422, where=EXPORT)
query("a period that ends before it begins", "from=2026-02-02&to=2026-02-01", 422, where=EXPORT)
query("a period without an end", "from=2026-02-01", 422, where=EXPORT)
query("a day the calendar lacks", "from=2026-02-30&to=2026-03-01", 422, where=EXPORT)
query("the end of time", "from=9999-12-30&to=9999-12-31", 200, 422, where=EXPORT)
query("before all time", "from=0001-01-01&to=0001-01-02", 200, where=EXPORT)
query("a cursor of nonsense", "from=2026-02-01&to=2026-02-01&cursor=x", 400, where=EXPORT)


@edge("a day nothing happened", 200, where=only("get_ledger_day"))
def empty_day(request, world, rng):
    request.path = "/v1/admin/ledger/days/2001-01-01"


@edge("no day", 404, where=only("get_ledger_day"))
def no_day(request, world, rng):
    request.path = "/v1/admin/ledger/days/" + rng.choice(["2026-02-30", "20260201", "-262026-01-01", "2026-02-01T00:00:00Z", "today", "%00"])


@edge("a year without numbers", 200, where=only("get_series"))
def empty_year(request, world, rng):
    request.path = "/v1/admin/series/2001"


@edge("no year", 404, where=only("get_series"))
def no_year(request, world, rng):
    request.path = "/v1/admin/series/" + rng.choice(["this", "2026-01", "%00"])


@edge("a year before any", 422, where=only("get_series"))
def early_year(request, world, rng):
    request.path = "/v1/admin/series/1800"


OF_ACCOUNT = only("find_orders", "find_payments")


@edge("of nobody named", 422, where=OF_ACCOUNT)
def of_nobody_named(request, world, rng):
    request.query = "limit=3"


@edge("of an account there is not", 404, where=OF_ACCOUNT)
def of_no_account(request, world, rng):
    request.query = "account=acc_00000000000070008000000000000000"


@edge("a cursor of nonsense in an account's list", 400, where=OF_ACCOUNT)
def nonsense_of_account(request, world, rng):
    request.query = f"account={world.account}&cursor=nonsense"


query("a cursor of nonsense for numbers", "cursor=x", 400, where=only("get_series"))


FILTERED = only("list_orders")
query("every filter at once", "status=paid,pending&from=2020-01-01&to=2099-12-31&product=edr-essential&q=EDR&limit=3", 200, where=FILTERED)
query("a day there is none", "from=2026-02-30", 422, where=FILTERED)
query("a moment for a day", "to=2026-02-01T00:00:00Z", 422, where=FILTERED)
query("a span without a day", "from=2026-02-01&to=2026-02-01", 422, where=FILTERED)
query("the end of time", "to=9999-12-31", 422, where=FILTERED)
query("before all time", "from=0001-01-01&to=0001-01-02", 200, where=FILTERED)
query("a state there is none", "status=paid,open", 422, where=FILTERED)
query("no slug", "product=EDR%20Essential", 422, where=FILTERED)
query("words of an expression", "q=%23pk%20%3D%20%3Ax", 422, where=FILTERED)


@edge("another query's cursor", 400, where=FILTERED)
def cursor_of_another_query(request, world, rng):
    request.query = [("cursor", world.camille.cursors[request.name]), ("status", "paid")]


@edge("a guest's", 200, where=cart)
def guest(request, world, rng):
    as_guest(request, world.guest)


@edge("a newcomer's", 200, where=cart)
def newcomer(request, world, rng):
    del request.headers["authorization"]


@edge("a cart token of nonsense", 400, where=cart)
def no_cart_token(request, world, rng):
    as_guest(request, rng.choice(["gct_0", "", "\xff", "a" * 500]))


def as_guest(request, token):
    del request.headers["authorization"]
    request.headers["x-cart-token"] = token


@edge("of a cart that is over", 410, where=only("get_cart", "set_cart_item", "remove_cart_item"))
def expired_cart(request, world, rng):
    as_guest(request, world.old_guest)


@edge("from a cart that is over", 410, where=only("create_order"))
def order_from_expired_cart(request, world, rng):
    request.headers["authorization"] = bearer(world.dora)
    request.set_json(from_cart())


@edge("from a cart that never was", 412, where=only("create_order"))
def order_from_other_version(request, world, rng):
    request.set_json(from_cart(cartVersion=987654))


@edge("from an empty cart", 422, where=only("create_order"))
def order_from_empty_cart(request, world, rng):
    world.ask("DELETE", "/v1/cart", authorization=bearer(world.camille))
    request.set_json(from_cart())


@edge("to a country under sanctions", 403, where=only("create_order", "quote_order"))
def not_served(request, world, rng):
    request.set_json(request.json() | {"billingAddress": ADDRESS | {"country": "KP"}})


@edge("a guest's cart that is over", 410, where=only("merge_cart"))
def merge_of_expired_cart(request, world, rng):
    request.set_json({"guestToken": world.old_guest})


@edge("nobody's cart", 404, where=only("merge_cart"))
def merge_of_no_cart(request, world, rng):
    request.set_json({"guestToken": "A" * 43})


@edge("of a cart that is over", 410, where=only("quote_order"))
def quote_of_expired_cart(request, world, rng):
    as_guest(request, world.old_guest)
    request.set_json({"fromCart": True})


@edge("of a cart in another version", 412, where=only("quote_order"))
def quote_of_other_version(request, world, rng):
    request.set_json({"fromCart": True, "cartVersion": 987654})


@edge("of no cart", 422, where=only("quote_order"))
def quote_of_no_cart(request, world, rng):
    del request.headers["authorization"]
    request.set_json({"fromCart": True})


@edge("by a quote of nobody's", 422, where=only("create_order"))
def forged_quote(request, world, rng):
    request.set_json(request.json() | {"quoteToken": rng.choice(["", "A" * 80, "\u00e9", "a" * 301])})


@edge("a plan that is not sold", 422, where=only("create_order", "quote_order", "set_cart_item"))
def unsold(request, world, rng):
    if request.name != "set_cart_item":
        request.set_json(request.json() | {"items": [{"planId": world.unsold[0], "quantity": 1}]})
    else:
        request.path = f"/v1/cart/items/{world.unsold[0]}"


@edge("an order that is paid", 409, where=only("pay_order", "cancel_order"))
def paid_order(request, world, rng):
    act = "payment" if request.name == "pay_order" else "cancellation"
    request.path = f"/v1/orders/{world.camille.paid[0]}/{act}"


def from_cart(**members):
    return {"fromCart": True, "billingAddress": ADDRESS, "returnUrl": RETURN_URL, "acceptTerms": True, **members}


@edge("signed with another secret", 400, where=only("payment_webhook"))
def other_secret(request, world, rng):
    request.headers["stripe-signature"] = world.signature(request.body, secret="whsec_other")


@edge("signed 301 seconds ago", 400, where=only("payment_webhook"))
def old_signature(request, world, rng):
    request.headers["stripe-signature"] = world.signature(request.body, age=301)


@edge("signed for another body", 400, where=only("payment_webhook"))
def other_body(request, world, rng):
    request.body = request.body + b" "


@edge("not signed", 400, where=only("payment_webhook"))
def not_signed(request, world, rng):
    request.headers.pop("stripe-signature")


@edge("well signed, no JSON", 400, where=only("payment_webhook"))
def signed_nonsense(request, world, rng):
    request.body = rng.choice([b"{", b"[]", b"\xff", json.dumps({"id": "x"}).encode()])
    request.headers["stripe-signature"] = world.signature(request.body)


@edge("well signed, and empty", 400, where=only("payment_webhook"))
def signed_nothing(request, world, rng):
    request.body = b""
    request.headers["stripe-signature"] = world.signature(b"")


@edge("a method that is not offered", 405)
def other_method(request, world, rng):
    request.method = rng.choice([method for method in ("DELETE", "PATCH") if method != request.method])
    request.body = None
    if request.path in ("/v1/cart",) or request.name in ("set_cart_item", "remove_cart_item", "get_coupon", "end_coupon"):
        request.method = "PATCH"


@edge("a path that is none", 404, 405)
def other_path(request, world, rng):
    request.path = request.path + "/nowhere"
