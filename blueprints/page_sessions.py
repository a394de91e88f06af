"""The session of a page that is open to everybody: a cookie that shows that a browser of its own asked for the page.

The cookie is random, signed and short-lived; nothing is stored for it. Its prefix keeps it to this very host and to
secure connections (browsers take this machine for one), no script can read it, and no other site can have it sent.
"""

import hmac
import secrets
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie

import azure.functions as func

from domain.limit_ports import Pseudonyms
from domain.ports import Clock

COOKIE = "__Host-countersign-verify"
LIFE = timedelta(hours=2)

_KIND = "page session"


def session_of(req: func.HttpRequest, names: Pseudonyms, clock: Clock) -> str | None:
    """Return the id of the session that a request is part of, if it is one of ours and not over."""
    try:
        found = SimpleCookie(req.headers.get("Cookie") or "").get(COOKIE)
    except CookieError:
        return None
    said, _, mac = (found.value if found else "").rpartition(".")
    ends, _, session = said.partition(".")
    if not session or not hmac.compare_digest(mac.encode(), names.of(_KIND, said).encode()):
        return None
    return session if int(ends) > int(clock.now().timestamp()) else None


def fresh_cookie(names: Pseudonyms, clock: Clock) -> str:
    """Return a cookie that begins a session; the browser forgets it when it is closed."""
    ends = int((clock.now() + LIFE).timestamp())
    said = f"{ends}.{secrets.token_hex(16)}"
    return f"{COOKIE}={said}.{names.of(_KIND, said)}; Path=/; Secure; HttpOnly; SameSite=Strict"
