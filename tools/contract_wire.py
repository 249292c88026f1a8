"""One HTTP request as it goes over the wire, and the curl line that repeats it."""

import dataclasses
import http.client
import json
import shlex
import urllib.parse

# A body longer than this is told by its length.
SHOWN = 2000


@dataclasses.dataclass
class Request:
    """A request; `name` is the operation it is meant for, `told` who sends it and what was done to it."""

    name: str
    method: str
    path: str
    query: list = dataclasses.field(default_factory=list)
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    told: list = dataclasses.field(default_factory=list)
    # Statuses that may come; none where any documented one may.
    expect: tuple | None = None
    # True when the description forbids this request.
    forbidden: bool = False
    # True when the table may change though it is refused.
    may_change: bool = False
    # True when it should succeed, so that no digest is taken to compare with.
    likely: bool = False

    def target(self):
        """What stands in the request line. A query that is a text is sent as it is."""
        query = self.query if isinstance(self.query, str) else urllib.parse.urlencode(self.query)
        return f"{self.path}?{query}" if query else self.path

    def set_json(self, value):
        self.body = json.dumps(value).encode()
        self.headers.setdefault("content-type", "application/json")

    def json(self):
        return json.loads(self.body)

    def told_as(self):
        return f"{self.name} ({', '.join(self.told)})"

    def curl(self, tokens):
        """A curl line; `tokens` maps what is secret or short-lived to the shell variable it is shown as."""
        words = ["curl -i -X", self.method, f'"$BASE"{shlex.quote(self.target())}']
        for name, values in self.headers.items():
            for value in values if isinstance(values, list) else [values]:
                line = f"{name}: {value}" if value else f"{name};"
                shown = next((line.replace(token, "'\"$" + variable + "\"'") for token, variable in tokens.items() if token in line), None)
                words.append("-H " + (f"'{shown}'" if shown else shlex.quote(line)))
        if self.body is not None:
            words.append(self.shown_body())
        return " ".join(words)

    def shown_body(self):
        if len(self.body) > SHOWN:
            return f"--data-binary @- # {len(self.body)} bytes: {self.body[:80]!r}…"
        plain = self.body.isascii() and b"\0" not in self.body
        text = shlex.quote(self.body.decode()) if plain else "$'" + "".join(f"\\x{byte:02x}" for byte in self.body) + "'"
        return f"--data-binary {text}"


class Answer:
    """Status, headers (repeated ones in a list), bytes, and their JSON if they are JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()
        self.type = (self.headers.get("content-type") or "").split(";")[0].strip().lower()
        self.body = None
        if self.type == "application/json" or self.type.endswith("+json"):
            try:
                self.body = json.loads(self.raw)
            except ValueError:
                pass

    @property
    def data(self):
        return self.body["data"]

    @property
    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) and self.status >= 400 else None


class Wire:
    """A connection that is kept."""

    def __init__(self, base):
        url = urllib.parse.urlsplit(base)
        self.base, self.host, self.port = base.rstrip("/"), url.hostname, url.port or 80
        self.connection = None

    def send(self, request):
        try:
            return self.once(request)
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
            self.close()
            return self.once(request)

    def once(self, request):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        names = {name.lower() for name in request.headers}
        self.connection.putrequest(request.method, request.target(), skip_host="host" in names, skip_accept_encoding=True)
        for name, values in request.headers.items():
            for value in values if isinstance(values, list) else [values]:
                self.connection.putheader(name, value.encode("latin-1") if isinstance(value, str) else value)
        if request.body is not None and "content-length" not in names:
            self.connection.putheader("content-length", str(len(request.body)))
        elif request.body is None and request.method in ("POST", "PUT", "PATCH"):
            self.connection.putheader("content-length", "0")
        try:
            self.connection.endheaders(request.body)
            answer = Answer(self.connection.getresponse())
        except BaseException:
            self.close()
            raise
        if (answer.headers.get("connection") or "").lower() == "close":
            self.close()
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def local(self, method, path, body=None):
        """Asks the stack's own endpoints, and wants a success."""
        request = Request("_local", method, f"/_local{path}", headers={"accept": "application/json"})
        if body is not None:
            request.set_json(body)
        answer = self.send(request)
        if answer.status != 200:
            raise ConnectionError(f"{method} /_local{path} answered {answer.status}: {answer.raw[:300]!r}")
        return answer.body
