"""A server on this machine that stands in for a payment service, and can be told to fail as such services fail."""

from __future__ import annotations

import json
import secrets
import threading
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType


class Fault(Enum):
    """A way in which one payment fails."""

    BROKEN = auto()
    BOOKED_THEN_BROKEN = auto()
    BOOKED_THEN_RESET = auto()
    BOOKED_THEN_HANGS = auto()
    BOOKED_THEN_GARBAGE = auto()
    HANGS = auto()
    GARBAGE = auto()
    NO_RECEIPT = auto()
    OVERSIZE = auto()
    REDIRECT = auto()
    REFUSED = auto()


_BOOKS = frozenset(
    {Fault.BOOKED_THEN_BROKEN, Fault.BOOKED_THEN_RESET, Fault.BOOKED_THEN_HANGS, Fault.BOOKED_THEN_GARBAGE}
)
_STATUS = {Fault.BROKEN: 500, Fault.BOOKED_THEN_BROKEN: 500, Fault.REDIRECT: 302, Fault.REFUSED: 422}
_BODY = {Fault.NO_RECEIPT: b"{}", Fault.OVERSIZE: b'{"id": "' + b"x" * 70_000 + b'"}'}


class PaymentStandIn:
    """The service: what it booked, and how it fails next; one that *forgets* knows no keys."""

    def __init__(self) -> None:
        self.booked: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.forgets = False
        self.lists = True
        self.leads_to = "http://127.0.0.1:9"
        self.asked = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_over.is_set():
            self.is_over.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5)

    def book(self, key: str, wish: dict[str, Any]) -> str:
        """Book a refund, once a key unless keys are forgotten, and return its receipt."""
        with self.lock:
            known = [one for one in self.booked if one["key"] == key and not self.forgets]
            if not known:
                self.booked.append(wish | {"key": key, "id": f"rcpt_{secrets.token_hex(6)}"})
                known = self.booked[-1:]
            return str(known[0]["id"])


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    service: PaymentStandIn

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.service.asked += 1
        wanted = parse_qs(urlsplit(self.path).query)["caseId"][0]
        found = [one for one in self.service.booked if one["caseId"] == wanted]
        self.tell(200 if self.service.lists else 503, json.dumps(found).encode())

    def do_POST(self) -> None:
        self.service.asked += 1
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        fault = self.service.faults.pop(0) if self.service.faults else None
        if fault is None:
            self.tell(201, json.dumps({"id": self.service.book(key, wish)}).encode())
            return
        if fault in _BOOKS:
            self.service.book(key, wish)
        if fault in {Fault.HANGS, Fault.BOOKED_THEN_HANGS}:
            self.service.is_over.wait(5)
        elif fault is not Fault.BOOKED_THEN_RESET:
            self.tell(_STATUS.get(fault, 201), _BODY.get(fault, b"<html>"))

    def tell(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == _STATUS[Fault.REDIRECT]:
            self.send_header("Location", f"{self.service.leads_to}{self.path}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
