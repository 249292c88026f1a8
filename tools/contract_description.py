"""The API description as a judge of answers.

What an answer may be is read from infra/openapi.json alone: status, content
type, headers, body. The house's own rules about problems come on top.
"""

import csv
import io
import json
import urllib.parse

import jsonschema_rs

# What every answer has, told in the description of the API once and for all.
EVERYWHERE = {"content-type", "content-length", "content-language", "date", "cache-control", "vary", "x-content-type-options",
              "strict-transport-security", "referrer-policy", "content-security-policy", "x-request-id"}
# What the gateway adds for a page of another origin.
CORS = {"access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"}
ALWAYS = {"x-request-id", "x-content-type-options", "strict-transport-security", "referrer-policy", "content-security-policy",
          "cache-control", "content-language", "vary"}
PROBLEM = "application/problem+json"
# What answers where no operation does.
NO_ROUTE = {"responses": {"200": {"content": {"text/plain": {}}}} | {str(status): {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                                        "headers": {"Allow": {"schema": {"type": "string"}}}} for status in (400, 404, 405, 413)}}


class Description:
    def __init__(self, document):
        self.document = document
        self.operations = {}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self.operations[operation["operationId"]] = (method.upper(), path, operation)
        self.validators = {}

    def responses(self, name):
        return self.operations[name][2]["responses"] if name in self.operations else NO_ROUTE["responses"]

    def announced(self, name):
        """Every (status, code) the operation announces; the code is None for a success."""
        for status, response in self.responses(name).items():
            codes = response.get("content", {}).get(PROBLEM, {}).get("schema", {}).get("properties", {}).get("code", {}).get("enum")
            for code in codes or [None]:
                yield int(status), code

    def valid(self, key, schema, value):
        """The first thing that is wrong with a value; none when nothing is."""
        if key not in self.validators:
            self.validators[key] = jsonschema_rs.Draft202012Validator({**schema, "components": self.document["components"]}, validate_formats=False)
        error = next(self.validators[key].iter_errors(value), None)
        return None if error is None else f"{error.message[:200]} at /{'/'.join(map(str, error.instance_path))}"

    # -- requests -------------------------------------------------------------

    def find(self, method, path):
        """The operation that serves a path; `no_route` where none does."""
        given = path.split("/")
        for name, (verb, template, _) in self.operations.items():
            wanted = template.split("/")
            fits = all(part == found or part.startswith("{") and found for part, found in zip(wanted, given))
            if verb == method and len(wanted) == len(given) and fits:
                return name
        return "no_route"

    def forbids(self, request):
        """What the description forbids about a request; empty when nothing is."""
        if request.name == "no_route":
            return ""
        return self.forbidden_path(request) or self.forbidden_query(request) or self.forbidden_body(request)

    def parameters(self, name, where):
        for parameter in self.operations[name][2]["parameters"]:
            if parameter.get("in") == where:
                yield parameter["name"], parameter["schema"]

    def forbidden_path(self, request):
        schemas = dict(self.parameters(request.name, "path"))
        for wanted, found in zip(self.operations[request.name][1].split("/"), request.path.split("/")):
            if wanted.startswith("{"):
                name = wanted.strip("{}")
                value = typed(urllib.parse.unquote(found, errors="replace"), schemas[name].get("type"))
                wrong = self.valid((request.name, "path", name), schemas[name], value)
                if wrong:
                    return f"path: {wrong}"
        return ""

    def forbidden_query(self, request):
        schemas = dict(self.parameters(request.name, "query"))
        if "406" not in self.responses(request.name):
            return ""  # documents and webhooks do not look at it
        query = request.target().partition("?")[2]
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, errors="replace")
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            return "query: a key twice"
        for name, text in pairs:
            if name not in schemas:
                return f"query: no key {name!r}"
            wrong = self.valid((request.name, "query", name), schemas[name], typed(text, schemas[name].get("type")))
            if wrong:
                return f"query: {wrong}"
        return ""

    def forbidden_body(self, request):
        body = self.operations[request.name][2].get("requestBody")
        if body is None or not request.body and not body["required"]:
            return ""
        schema = body["content"]["application/json"]["schema"]
        try:
            value = json.loads(request.body or b"", parse_constant=lambda text: 1 / 0)
            wrong = self.valid((request.name, "body"), schema, value)
        except (ValueError, ZeroDivisionError):  # no JSON, or half a surrogate in it
            return "body: no JSON"
        return f"body: {wrong}" if wrong else ""

    # -- answers --------------------------------------------------------------

    def resolved(self, value):
        """What a reference into the components leads to."""
        if "$ref" not in value:
            return value
        _, _, kind, name = value["$ref"].split("/")
        return self.document["components"][kind][name]

    def wrongs(self, request, answer):
        """Everything about an answer that is not as announced."""
        response = self.responses(request.name).get(str(answer.status))
        if response is None:
            yield "status", f"{answer.status} {answer.code or ''} is not announced"
            return
        yield from self.wrong_content(request, answer, response)
        yield from self.wrong_headers(answer, response)
        if answer.status >= 400:
            yield from wrong_problem(answer)

    def wrong_content(self, request, answer, response):
        content = response.get("content", {})
        if not content:
            if answer.raw and request.method != "HEAD":
                yield "body", f"{answer.status} has a body, and none is announced"
            return
        if answer.type not in content:
            yield "content type", f"{answer.status} came as {answer.type or 'nothing'}, announced is {', '.join(content)}"
            return
        if answer.type in ("text/html", "text/plain"):
            return
        if answer.body is None:
            if answer.type == "application/pdf" and answer.raw.startswith(b"%PDF-"):
                return
            if answer.type == "text/csv" and wrong_table(answer.raw) is None:
                return
            yield "body", f"{answer.status}: the body is no JSON: {answer.raw[:100]!r}"
            return
        wrong = self.valid((request.name, answer.status, answer.type), content[answer.type]["schema"], answer.body)
        if wrong:
            yield "body", f"{answer.status}: {wrong}"

    def wrong_headers(self, answer, response):
        announced = {name.lower(): self.resolved(header) for name, header in response.get("headers", {}).items()}
        sent = {name.lower() for name in answer.headers}
        for name in sorted(sent - EVERYWHERE - CORS - set(announced)):
            yield "header", f"{answer.status} has {name}, which is not announced"
        for name in sorted(ALWAYS - sent):
            yield "header", f"{answer.status} lacks {name}"
        for name, header in announced.items():
            if header.get("required") and name not in sent:
                yield "header", f"{answer.status} lacks {name}"
            if name in sent and header["schema"].get("type") == "integer" and not answer.headers[name].isdigit():
                yield "header", f"{answer.status}: {name} is {answer.headers[name]!r}, no number"


def wrong_table(raw):
    """RFC 4180: every row has as many fields as the first."""
    try:
        rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return str(error)
    widths = {len(row) for row in rows}
    return None if len(widths) == 1 else f"rows of {widths} fields"


def typed(text, kind):
    """A parameter as the JSON value it stands for, where it stands for one."""
    if kind == "integer" and text.lstrip("-").isdecimal() and text.isascii():
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def wrong_problem(answer):
    """RFC 9457, and the envelope's members: they say the same thing twice."""
    problem = answer.body
    if not isinstance(problem, dict):
        return
    pairs = {"status": answer.status, "error": problem.get("detail"), "type": f"/problems/{problem.get('code')}",
             "requestId": answer.headers.get("x-request-id")}
    for name, wanted in pairs.items():
        if problem.get(name) != wanted:
            yield "problem", f"{answer.status}: {name} is {problem.get(name)!r}, not {wanted!r}"
    if answer.status == 401 and "www-authenticate" not in answer.headers:
        yield "header", "401 lacks www-authenticate"
    if answer.status == 405 and not answer.headers.get("allow"):
        yield "header", "405 lacks allow"
    if answer.status in (429, 503) and not (answer.headers.get("retry-after") or "").isdigit():
        yield "header", f"{answer.status} lacks retry-after"
