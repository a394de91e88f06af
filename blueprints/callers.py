"""Who calls: the client's address, the bearer of a token, a page of ours, the holder of a function key."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import azure.functions as func

from domain.refusals import ForbiddenError, UnauthorizedError
from settings import Settings

_BEARER = re.compile(r"Bearer +([A-Za-z0-9_-]{20,100}={0,2})", re.IGNORECASE)


def address_of(req: func.HttpRequest, *, hops: int) -> str:
    """Return the address that the outermost of our own *hops* proxies saw; what stands before it is hearsay."""
    entries = [entry.strip() for entry in (req.headers.get("X-Forwarded-For") or "").split(",")]
    return _without_port(entries[-hops]) if len(entries) >= hops else ""


def token_of(req: func.HttpRequest) -> str:
    """Return the bearer token of a request."""
    found = _BEARER.fullmatch((req.headers.get("Authorization") or "").strip())
    if not found:
        message = "expected Authorization: Bearer and the token from the start"
        raise UnauthorizedError(message)
    return found[1]


def caller_of(req: func.HttpRequest) -> str:
    """Return what tells one holder of a function key from another; a secret, so it is only ever hashed."""
    return req.headers.get("x-functions-key") or req.params.get("code") or ""


def refuse_foreign_pages(req: func.HttpRequest, settings: Settings) -> None:
    """Refuse what a browser sends for a page that is not ours; programs send neither of these headers."""
    site = req.headers.get("Sec-Fetch-Site")
    origin = req.headers.get("Origin")
    own = _origin_in(settings.public_base_url or req.url)
    if site not in (None, "same-origin") or (origin is not None and _origin_in(origin) != own):
        message = "only our own page may ask for this from a browser"
        raise ForbiddenError(message)


def _origin_in(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of *url*; None where there is none, which is like no origin of ours."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname or "", port) if parts.hostname else None


def _without_port(entry: str) -> str:
    """Return the address in ``192.0.2.1:4711``, ``[2001:db8::1]:4711`` or either without port."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::[0-9]+)?", entry)
    if bracketed:
        return bracketed[1]
    try:
        ip_address(entry)
    except ValueError:
        return entry.rpartition(":")[0] if entry.count(":") == 1 else entry
    return entry
