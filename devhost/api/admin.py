"""The host's own pages: the landing page and what ``/admin`` says about the host."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devhost.api.answers import empty, json_answer
from devhost.sdk.http import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.api.admin_functions import FunctionsApi
    from devhost.sdk.http import Incoming

VERSION = "4.1000.0.0"  # the real host's form; tools look at the leading 4
_LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>devhost</title></head>
<body><h1>Your Functions app is up and running</h1><p>Served by devhost, a local Durable Functions host.</p></body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminApi:
    """Answers below ``/admin``; *functions* says what is to be known about the app's functions."""

    host_id: str
    bundle_id: str
    functions: FunctionsApi
    began: float = field(default_factory=time.monotonic)

    def answer(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing:
        """Answer the request for the path ``/admin/segments``."""
        room, *rest = [*(segment.lower() for segment in segments), ""]
        match (incoming.method, room, *rest):
            case ("GET", "host", "status", ""):
                return json_answer(200, self._status())
            case ("GET" | "POST", "host", "ping", ""):
                return empty(200)
            case (_, "functions", *_):
                return self.functions.answer(incoming, segments[1:])
        return empty(404)

    def _status(self) -> dict[str, object]:
        status: dict[str, object] = {
            "id": self.host_id,
            "state": "Running",
            "version": VERSION,
            "versionDetails": f"{VERSION}+devhost",
            "platformVersion": "",
            "instanceId": "",
            "computerName": "",
            "processUptime": int((time.monotonic() - self.began) * 1000),
            "functionAppContentEditingState": "NotAllowed",
        }
        if self.bundle_id:
            status["extensionBundle"] = {"id": self.bundle_id, "version": "4.38.0"}
        return status


def landing_page() -> Outgoing:
    """Return the page at the root."""
    return Outgoing(status=200, headers=[("Content-Type", "text/html; charset=utf-8")], body=_LANDING.encode())
