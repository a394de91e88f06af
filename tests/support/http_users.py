"""People who use the user API over HTTP, as they would from outside."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

from tools.processes import LOOPBACK, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.running_devhost import RunningDevhost

PATIENCE_SECONDS: Final = 60.0
SETTLES_WITHIN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        """The stable code of a problem."""
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(frozen=True, slots=True)
class Held:
    """A verification that somebody started on a host."""

    id: str
    token: str = field(repr=False)


class Users:
    """Whoever calls one host."""

    def __init__(self, host: RunningDevhost) -> None:
        self.host = host

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str) -> Reply:
        """Make one request; without a *body* there is none."""
        connection = HTTPConnection(LOOPBACK, self.host.port, timeout=PATIENCE_SECONDS)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return Reply(response.status, json.loads(text) if text else None, dict(response.getheaders()))

    def start(self, number: str, **headers: str) -> Reply:
        """Start a verification."""
        return self.ask("POST", "/api/verifications", {"phoneNumber": number}, **headers)

    def started(self, number: str) -> Held:
        """Start a verification that has to start, and return it once its message is out."""
        return self.once_sent(held(self.start(number)))

    def once_sent(self, held: Held) -> Held:
        """Return a verification once its message is out."""
        wait_until(
            lambda: self.status(held).body["expiresAt"] is not None,
            within=SETTLES_WITHIN_SECONDS,
            what=f"the message of {held.id}",
        )
        return held

    def check(self, held: Held, code: object) -> Reply:
        """Answer with a code."""
        return self.ask("POST", f"/api/verifications/{held.id}/check", {"code": code}, token=held.token)

    def status(self, held: Held) -> Reply:
        """Look."""
        return self.ask("GET", f"/api/verifications/{held.id}", token=held.token)

    def lock(self, number: str) -> Any:
        """Return what is remembered of a phone."""
        return self.ask("POST", "/api/locks/query", {"phoneNumber": number}).body

    def code(self, held: Held) -> str:
        """Return the code that the console provider printed."""
        (sent,) = self.ask("GET", f"/api/outbox?instanceId={held.id}").body
        return str(re.findall("code is ([0-9]+)", sent["body"])[0])

    def messages(self) -> int:
        """Return how many messages the host has printed."""
        return self.host.log.read_text(encoding="utf-8").count("SMS to ")


def held(reply: Reply) -> Held:
    """Return the verification that was started."""
    assert reply.status == 201, reply
    return Held(reply.body["id"], reply.body["token"])


def numbers(count: int) -> list[str]:
    """Return different numbers that are valid and belong to nobody."""
    areas = ("202", "310", "415", "646", "702")
    found = [f"+1{area}5550{last}" for area in areas for last in range(100, 200)]
    return found[:count]
