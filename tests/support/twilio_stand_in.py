"""A server on this machine that stands in for Twilio's message API.

It remembers the messages that it accepted, knows the magic numbers of Twilio's test credentials, and can be told to
fail in the ways in which such an API fails.
"""

from __future__ import annotations

import json
import secrets
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from types import TracebackType

PROVIDER_TEXT = "a sentence that only the provider says"
REFUSED_NUMBERS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
REFUSED_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


class Fault(Enum):
    """A way to fail once."""

    TOO_MANY = auto()
    BROKEN = auto()
    BROKEN_HTML = auto()
    UNAUTHORIZED = auto()
    HTML_SUCCESS = auto()
    NO_SID = auto()
    NOT_AN_OBJECT = auto()
    NOT_UTF8 = auto()
    REDIRECT = auto()
    HANG = auto()
    SLOW_DRIP = auto()
    SLOW_HEADERS = auto()
    OVERSIZE = auto()
    RESET = auto()
    ACCEPT_THEN_RESET = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: where to, by whom, and the fields of its form."""

    path: str
    user: str
    form: dict[str, str]


class TwilioStandIn:
    """The server; use it as a context manager. `fail_with` lines up faults for the next requests."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.messages: list[dict[str, str]] = []
        self.faults: list[Fault] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The base URL, for `TwilioApiBaseUrl`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail_with(self, *faults: Fault) -> None:
        """Fail the next requests, one fault each."""
        self.faults.extend(faults)

    def accept(self, form: dict[str, str]) -> Answer:
        """Answer a message as Twilio would, and remember it if it is accepted."""
        code = REFUSED_NUMBERS.get(form.get("To", "")) or REFUSED_SENDERS.get(form.get("From", ""))
        if code is not None:
            return _error(429 if code == REFUSED_SENDERS["+15005550008"] else 400, code)
        self.messages.append(form)
        sid = "SM" + secrets.token_hex(16)
        return _json(201, {"sid": sid, "status": "queued", "to": form.get("To"), "body": form.get("Body")})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; a second call changes nothing."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _error(status: int, code: int) -> Answer:
    return _json(status, {"code": code, "message": PROVIDER_TEXT, "status": status})


_ANSWERS = {
    Fault.TOO_MANY: _error(429, 20429),
    Fault.BROKEN: _error(500, 20500),
    Fault.BROKEN_HTML: Answer(503, f"<html>{PROVIDER_TEXT}</html>".encode(), {"Content-Type": "text/html"}),
    Fault.UNAUTHORIZED: _error(401, 20003),
    Fault.HTML_SUCCESS: Answer(200, f"<html>{PROVIDER_TEXT}</html>".encode(), {"Content-Type": "text/html"}),
    Fault.NO_SID: _json(201, {"status": "queued", "error_message": PROVIDER_TEXT}),
    Fault.NOT_AN_OBJECT: _json(201, [PROVIDER_TEXT]),
    Fault.NOT_UTF8: Answer(201, b'{"sid": "SM\xff\xfe"}', {"Content-Type": "application/json"}),
    Fault.OVERSIZE: _json(201, {"sid": "SM" + "0" * 32, "body": "x" * 70_000}),
}


def _handler(stand_in: TwilioStandIn) -> type[BaseHTTPRequestHandler]:
    """Return a request handler that works for *stand_in*."""
    return type("Handler", (_Handler,), {"stand_in": stand_in})


class _Handler(BaseHTTPRequestHandler):
    """Answers one request, well or with the next fault."""

    stand_in: TwilioStandIn

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        user = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")[0]
        self.stand_in.received.append(Received(self.path, user, form))
        if self.stand_in.faults:
            self._fail(self.stand_in.faults.pop(0), form)
        else:
            self._say(self.stand_in.accept(form))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""

    def _fail(self, fault: Fault, form: dict[str, str]) -> None:
        match fault:
            case Fault.REDIRECT:
                self._say(Answer(307, b"", {"Location": f"{self.stand_in.url}/elsewhere"}))
            case Fault.HANG:
                self.stand_in.closing.wait(30)
            case Fault.SLOW_DRIP:
                self._drip(b"HTTP/1.0 201 Created\r\n\r\n")
            case Fault.SLOW_HEADERS:
                self._drip(b"")
            case Fault.RESET:
                self.close_connection = True
            case Fault.ACCEPT_THEN_RESET:
                self.stand_in.accept(form)
            case _:
                self._say(_ANSWERS[fault])

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _drip(self, begin: bytes) -> None:
        """Send one byte after the other, as long as somebody listens."""
        try:
            self.wfile.write(begin)
            while not self.stand_in.closing.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            return
