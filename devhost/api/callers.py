"""Who may use devhost's own routes: programs on this machine, and no page of another site that a browser here shows."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from devhost.api.answers import RefusedError, message

if TYPE_CHECKING:
    from devhost.sdk.http import Incoming

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host")
_FROM_HERE = {None, "same-origin", "none"}  # values of Sec-Fetch-Site; only browsers send it


def check_caller(incoming: Incoming) -> None:
    """Raise `RefusedError` for a request that comes from elsewhere.

    The name in ``Host`` must mean this machine too: a page of another site can have its own name resolve to it. A
    tunnel that carries requests of others here says so in a header of its own.
    """
    if not (_is_loopback(incoming.peer[0]) and _is_loopback(_host(incoming.header("Host")))):
        raise RefusedError(message(403, "devhost's own routes answer on the loopback interface only."))
    if any(incoming.header(name) is not None for name in _FORWARDED):
        raise RefusedError(message(403, "devhost's own routes take no requests that were forwarded."))
    if not _is_own(incoming):
        raise RefusedError(message(403, "devhost's own routes take no requests from other origins."))


def _is_own(incoming: Incoming) -> bool:
    if incoming.header("Origin") not in {None, incoming.origin}:
        return False
    return incoming.header("Sec-Fetch-Site") in _FROM_HERE or _is_link(incoming)


def _is_link(incoming: Incoming) -> bool:
    """Say whether somebody followed a link here, which shows the page and gives the other site nothing."""
    return incoming.method == "GET" and incoming.header("Sec-Fetch-Mode") == "navigate"


def _host(header: str | None) -> str | None:
    try:
        return urlsplit(f"//{header or ''}").hostname
    except ValueError:
        return None


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
