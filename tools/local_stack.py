"""Finding or starting a local stack, and talking HTTP to it.

Python 3.10 or newer, standard library only.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The last day of a month: where billing dates go wrong first.
START = "2026-01-31T09:00:00Z"
# A first build takes minutes; a built stack is ready in a second.
READY_WITHIN = 30


class Wrong(Exception):
    """Something is not as it should be."""


class Answer:
    """An HTTP answer: status, headers, raw bytes, and their JSON."""

    def __init__(self, request, response):
        self.request = request
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()
        json_sent = "json" in (self.headers.get("content-type") or "")
        self.body = json.loads(self.raw) if json_sent and self.raw else None

    @property
    def data(self):
        """The payload inside the envelope."""
        return self.body["data"]

    def cookies(self):
        return self.headers.get_all("set-cookie") or []


class Client:
    """Sends requests; `on_answer` sees every answer to a request of the story."""

    def __init__(self, base, on_answer=lambda answer: None):
        url = urllib.parse.urlsplit(base)
        self.base = base.rstrip("/")
        self.host, self.port = url.hostname, url.port or 80
        self.on_answer = on_answer

    def send(self, method, path, body=None, quiet=False, **headers):
        """Sends a request. Header names are written with underscores."""
        if path.startswith(self.base):
            path = path[len(self.base):]
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=600)
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = Answer(f"{method} {path}", connection.getresponse())
        finally:
            connection.close()
        if not quiet:
            self.on_answer(answer)
        return answer


def is_local_stack(base):
    """True when a CYNA local stack answers there. Anything else that answers is an error."""
    try:
        answer = Client(base).send("GET", "/_local", accept="application/json")
    except OSError:
        return False
    if answer.status != 200 or "webhookSecret" not in (answer.body or {}):
        raise Wrong(f"{base} answers, but is no CYNA local stack")
    return True


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def running(base, *options):
    """The address of the stack at `base`, or of one of our own, with these options, that ends with the story."""
    if base and is_local_stack(base):
        yield base
        return
    print(f"Nothing answers at {base}: starting a stack for this story." if base else "Starting a stack for this story.", flush=True)
    subprocess.run(["cargo", "build", "--locked", "-p", "local"], cwd=ROOT, check=True)
    port = free_port()
    with tempfile.TemporaryFile(mode="w+") as log:
        command = ["cargo", "run", "--locked", "--quiet", "-p", "local", "--", "--port", str(port), "--now", START, *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            own = f"http://127.0.0.1:{port}"
            wait_until_ready(own, process)
            yield own
        except Exception:
            log.seek(0)
            sys.stderr.write("\nThe last lines of the stack's log:\n" + "".join(log.readlines()[-15:]))
            raise
        finally:
            stop(process)


def wait_until_ready(base, process):
    deadline = time.monotonic() + READY_WITHIN
    while not is_local_stack(base):
        if process.poll() is not None:
            raise Wrong(f"the stack ended by itself with status {process.returncode}")
        if time.monotonic() > deadline:
            raise Wrong(f"the stack was not ready within {READY_WITHIN} s")
        time.sleep(0.05)


def stop(process):
    """Ends the stack as Ctrl-C would, with everything it started."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
