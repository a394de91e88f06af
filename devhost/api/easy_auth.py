"""Plays App Service's sign-in ("Easy Auth") in front of an app's functions, with people that ``devhost.json`` names.

As on the platform, what a client says about who it is is taken away, and what the sign-in knows is put in its place.
There are no passwords: whoever reaches this host may be anybody of that file, which is what a developer wants.
"""

from __future__ import annotations

import base64
import html
import json
import secrets
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from devhost.api.answers import empty, json_answer
from devhost.api.paths import Query
from devhost.errors import ConfigurationError
from devhost.sdk.http import Outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devhost.api.server import Functions
    from devhost.sdk.http import Incoming

ENABLED: Final = "WEBSITE_AUTH_ENABLED"
COOKIE: Final = "AppServiceAuthSession"
_PROVIDER: Final = "aad"
_OURS: Final = ("x-ms-client-principal", "x-ms-token-")
_OBJECT_ID: Final = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Somebody who can sign in by a click."""

    name: str
    id: str
    roles: tuple[str, ...]

    @property
    def claims(self) -> list[dict[str, str]]:
        """What the sign-in says about them."""
        said = [(_OBJECT_ID, self.id), ("name", self.name), *(("roles", role) for role in self.roles)]
        return [{"typ": kind, "val": value} for kind, value in said]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What an app is told with each of their requests."""
        told = {"auth_typ": _PROVIDER, "claims": self.claims, "name_typ": "name", "role_typ": "roles"}
        return [
            ("X-MS-CLIENT-PRINCIPAL", base64.b64encode(json.dumps(told).encode()).decode()),
            ("X-MS-CLIENT-PRINCIPAL-ID", self.id),
            ("X-MS-CLIENT-PRINCIPAL-NAME", self.name),
            ("X-MS-CLIENT-PRINCIPAL-IDP", _PROVIDER),
        ]


def presets_in(settings: Mapping[str, Any]) -> tuple[Preset, ...]:
    """Return the people in ``{"auth":{"presets":[{"name","id","roles"}]}}``; raise `ConfigurationError` if none are."""
    try:
        listed = settings["auth"]["presets"]
        presets = tuple(
            Preset(name=str(one["name"]), id=str(one["id"]), roles=tuple(map(str, one["roles"]))) for one in listed
        )
    except (KeyError, TypeError):
        presets = ()
    if not presets or not all((one.name + one.id).isascii() and (one.name + one.id).isprintable() for one in presets):
        message = 'devhost.json names nobody who could sign in; write {"auth":{"presets":[{"name","id","roles"}]}}.'
        raise ConfigurationError(message)
    return presets


class EasyAuth:
    """Answers ``/.auth``, and tells the functions behind it who is signed in; sessions end with the process."""

    def __init__(self, behind: Functions, presets: Sequence[Preset]) -> None:
        self._behind = behind
        self._presets = {preset.name: preset for preset in presets}
        self._sessions: dict[str, Preset] = {}

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        """Answer what is asked of the sign-in itself, and pass everything else on."""
        segments = path.lower().split("/")
        if segments[0] != ".auth":
            headers = [pair for pair in incoming.headers if not pair[0].lower().startswith(_OURS)]
            who = self._who(incoming)
            return await self._behind.answer(replace(incoming, headers=headers + (who.headers if who else [])), path)
        match (incoming.method, *segments[1:]):
            case ("GET", "login", "aad"):
                return self._form(Query(incoming.query).text("post_login_redirect_uri"))
            case ("POST", "login", "aad"):
                return self._signed_in(incoming)
            case ("GET", "me"):
                return self._me(incoming)
            case ("GET" | "POST", "logout"):
                return self._signed_out(incoming)
        return empty(404)

    def _who(self, incoming: Incoming) -> Preset | None:
        return self._sessions.get(_session_in(incoming))

    def _form(self, goes_to: str | None) -> Outgoing:
        query = urlencode({"post_login_redirect_uri": _own(goes_to)})
        buttons = "\n".join(
            f'<p><button name="preset" value="{html.escape(one.name)}">{html.escape(one.name)}</button>'
            f" {html.escape(', '.join(one.roles))}</p>"
            for one in self._presets.values()
        )
        page = (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>\n'
            '<meta name="viewport" content="width=device-width"></head>\n<body><main><h1>Sign in</h1>\n'
            "<p>This is a developer's machine: choose who you are.</p>\n"
            f'<form method="post" action="/.auth/login/aad?{html.escape(query)}">\n{buttons}\n'
            "</form></main></body></html>\n"
        )
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", _POLICY), *_NOT_KEPT]
        return Outgoing(status=200, headers=headers, body=page.encode())

    def _signed_in(self, incoming: Incoming) -> Outgoing:
        origin = incoming.header("Origin")
        if origin is not None and origin != incoming.origin:
            return empty(403)
        chosen = parse_qs(incoming.body.decode(errors="replace")).get("preset", [""])[-1]
        preset = self._presets.get(chosen)
        if preset is None:
            return empty(400)
        session = secrets.token_urlsafe(32)
        self._sessions[session] = preset
        return _sent(_own(Query(incoming.query).text("post_login_redirect_uri")), session, "")

    def _me(self, incoming: Incoming) -> Outgoing:
        who = self._who(incoming)
        if who is None:
            return empty(401, _NOT_KEPT)
        told = {"provider_name": _PROVIDER, "user_id": who.name, "user_claims": who.claims}
        return json_answer(200, [told], _NOT_KEPT)

    def _signed_out(self, incoming: Incoming) -> Outgoing:
        self._sessions.pop(_session_in(incoming), None)
        return _sent(_own(Query(incoming.query).text("post_logout_redirect_uri")), "", "; Max-Age=0")


_NOT_KEPT: Final = (("Cache-Control", "no-store"),)


def _session_in(incoming: Incoming) -> str:
    try:
        found = SimpleCookie(incoming.header("Cookie") or "").get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _own(goes_to: str | None) -> str:
    """Return a path of this host, whatever somebody wishes to be sent to."""
    parts = urlsplit(goes_to or "/")
    is_path = not parts.scheme and not parts.netloc and parts.path.startswith("/") and "\\" not in (goes_to or "")
    return (goes_to or "/") if is_path and (goes_to or "/").isprintable() else "/"


def _sent(to: str, session: str, life: str) -> Outgoing:
    cookie = f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax{life}"
    return Outgoing(status=302, headers=[("Location", to), ("Set-Cookie", cookie), *_NOT_KEPT])
