"""Cross-origin requests: which pages of other sites a browser lets read the answers, as local.settings.json says.

The sites are those of ``Host.CORS``; ``Host.CORSCredentials`` lets their requests carry cookies. devhost's own routes
below ``/devhost`` are open to no other site, whatever is set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devhost.api.answers import empty
from devhost.api.paths import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devhost.api.server import Answering
    from devhost.sdk.http import Incoming, Outgoing

ANY = "*"
_OWN = "devhost"


class Cors:
    """Answers what a browser asks first, and adds to the answers of another front what lets a page read them."""

    def __init__(self, behind: Answering, origins: Iterable[str], *, with_credentials: bool) -> None:
        self._behind = behind
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._with_credentials = with_credentials

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer by the front behind, unless a browser only asks whether it may send a request."""
        origin = incoming.header("Origin")
        if origin is None or decode(incoming.path).strip("/").lower().partition("/")[0] == _OWN:
            return await self._behind.answer(incoming)
        method = incoming.header("Access-Control-Request-Method")
        if incoming.method == "OPTIONS" and method is not None:
            return empty(204, [*self._grants(origin), *self._details(incoming, origin, method)])
        answered = await self._behind.answer(incoming)
        return replace(answered, headers=[*answered.headers, *self._grants(origin)])

    def _is_allowed(self, origin: str) -> bool:
        return ANY in self._origins or origin.lower() in self._origins

    def _grants(self, origin: str) -> list[tuple[str, str]]:
        """Return what lets a page of *origin* read an answer; nothing if it may not."""
        varies = [("Vary", "Origin")] if len(self._origins) > 1 else []
        if not self._is_allowed(origin):
            return varies
        allowed = [("Access-Control-Allow-Origin", ANY if ANY in self._origins else origin)]
        credentials = [("Access-Control-Allow-Credentials", "true")] if self._with_credentials else []
        return [*allowed, *credentials, *varies]

    def _details(self, incoming: Incoming, origin: str, method: str) -> list[tuple[str, str]]:
        """Return the method and the headers that a page may send: those that it asked for."""
        if not self._is_allowed(origin):
            return []
        headers = incoming.header("Access-Control-Request-Headers")
        asked = [("Access-Control-Allow-Headers", headers)] if headers else []
        return [("Access-Control-Allow-Methods", method), *asked]
