"""A loopback HTTP proxy that names the requests it passes on, and can kill a process around one of them."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from tools.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE")
ANSWER_WITHIN_SECONDS = 30.0
_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Moment(StrEnum):
    """How far a request has come."""

    RECEIVED = "received"  # the other side knows nothing of it
    DONE = "done"  # the other side has answered, and nobody heard it
    ANSWERED = "answered"


class Request(NamedTuple):
    """What a request asks for."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Whom to kill, and when: at which moment of which named request, counted from 1.

    With a *name* only the requests of that name count, from the one behind the first *since* of all.
    """

    pid: int
    number: int
    moment: Moment
    name: str | None = None
    since: int = 0

    def is_at(self, names: Sequence[str]) -> bool:
        """Say whether the last of *names* is the request."""
        if self.name is None:
            return len(names) == self.number
        return names[-1] == self.name and names[self.since :].count(self.name) == self.number


class Proxy:
    """What passed, and what is to happen."""

    def __init__(self, target: int, name_of: Callable[[Request], str | None]) -> None:
        self.target = target
        self.names: list[str] = []
        self.death: Death | None = None
        self._name_of = name_of
        self._guard = Lock()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """Where the proxy listens."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Begin to pass requests on."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def condemn(self, pid: int, name: str, number: int, moment: Moment) -> None:
        """Have a process killed at the request of *name* with that *number*, counted from now."""
        with self._guard:
            self.death = Death(pid=pid, number=number, moment=moment, name=name, since=len(self.names))

    def note(self, request: Request) -> int:
        """Return the number of a request that has a name, else 0."""
        name = self._name_of(request)
        if name is None:
            return 0
        with self._guard:
            self.names.append(name)
            return len(self.names)

    def kills(self, number: int, moment: Moment) -> bool:
        """Kill the victim if this is the moment, and say so once it is dead."""
        death = self.death
        if not number or death is None or moment is not death.moment or not death.is_at(self.names[:number]):
            return False
        os.kill(death.pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # whoever started it was quicker to collect it
            os.waitid(os.P_PID, death.pid, os.WEXITED | os.WNOWAIT)
        return True


@contextmanager
def proxied(target: int, name_of: Callable[[Request], str | None]) -> Iterator[Proxy]:
    """Pass requests on to port *target* for the length of a block; those that *name_of* names are counted."""
    proxy = Proxy(target, name_of)
    proxy.serve()
    try:
        yield proxy
    finally:
        proxy.close()


class _Handler(BaseHTTPRequestHandler):
    """Takes one request, passes it on, hands the answer back."""

    proxy: Proxy

    def pass_on(self) -> None:
        proxy = self.proxy
        request = Request(self.command, self.path, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        number = proxy.note(request)
        self.close_connection = True
        if proxy.kills(number, Moment.RECEIVED):
            return
        status, headers, body = self._asked(proxy.target, request)
        if proxy.kills(number, Moment.DONE):
            return
        with suppress(ConnectionError):  # who asked may have been killed elsewhere
            self._answer(status, headers, body)
        proxy.kills(number, Moment.ANSWERED)

    def _asked(self, target: int, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(LOOPBACK, target, timeout=ANSWER_WITHIN_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        try:
            connection.request(request.method, request.path, request.body or None, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  the base class calls it so
        """Keep quiet."""


for _verb in VERBS:
    setattr(_Handler, f"do_{_verb}", _Handler.pass_on)
