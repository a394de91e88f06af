"""The sign-in that devhost plays: who gets in, what the app is told, what is taken away."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from devhost.api.easy_auth import COOKIE, EasyAuth, presets_in
from devhost.errors import ConfigurationError
from devhost.sdk.http import Incoming, Outgoing

ORIGIN = "http://localhost:7071"
SETTINGS = {
    "auth": {
        "presets": [
            {"name": "Sue", "id": "supervisor-1", "roles": ["Supervisor"]},
            {"name": "<b>Eve</b>", "id": "eve", "roles": []},
        ]
    }
}


class App:
    """Functions that remember what they were asked."""

    def __init__(self) -> None:
        self.asked: list[Incoming] = []

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        self.asked.append(incoming)
        return Outgoing(status=200)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def auth(app: App) -> EasyAuth:
    return EasyAuth(app, presets_in(SETTINGS))


async def ask(auth: EasyAuth, method: str, path: str, body: bytes = b"", **headers: Any) -> Outgoing:
    """Ask for *path*, which may have a query."""
    path, _, query = path.partition("?")
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    incoming = Incoming(
        method=method, origin=ORIGIN, path=path, query=query, headers=sent, body=body, peer=("127.0.0.1", 1)
    )
    answered = await auth.answer(incoming, path.strip("/"))
    assert answered is not None
    return answered


async def cookie_of(auth: EasyAuth, preset: str = "Sue") -> str:
    """Sign in and return the cookie."""
    answered = await ask(auth, "POST", "/.auth/login/aad", f"preset={preset}".encode())
    return dict(answered.headers)["Set-Cookie"].partition(";")[0]


async def test_the_form_has_a_button_for_everybody(auth: EasyAuth) -> None:
    """A plain form that works without a script; names are text."""
    page = await ask(auth, "GET", "/.auth/login/aad?post_login_redirect_uri=/dashboard")

    text = page.body.decode()
    assert re.findall('name="preset" value="([^"]*)"', text) == ["Sue", "&lt;b&gt;Eve&lt;/b&gt;"]
    assert 'action="/.auth/login/aad?post_login_redirect_uri=%2Fdashboard"' in text
    assert "script-src" not in dict(page.headers)["Content-Security-Policy"]


async def test_whoever_chose_a_preset_is_told_to_the_app(auth: EasyAuth, app: App) -> None:
    """The principal is what the platform would send: claims, with the type of those that are roles."""
    cookie = await cookie_of(auth)

    await ask(auth, "GET", "/api/cases", Cookie=cookie)

    told = json.loads(base64.b64decode(app.asked[0].header("X-MS-CLIENT-PRINCIPAL") or ""))
    assert told["role_typ"] == "roles"
    assert {"typ": "roles", "val": "Supervisor"} in told["claims"]
    assert app.asked[0].header("X-MS-CLIENT-PRINCIPAL-ID") == "supervisor-1"


@pytest.mark.parametrize("name", ["X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal-id", "X-Ms-Token-Aad-Id-Token"])
async def test_what_a_client_says_about_itself_is_taken_away(auth: EasyAuth, app: App, name: str) -> None:
    """Signed in or not, nobody writes these headers but the sign-in. Threat 38."""
    forged: dict[str, Any] = {name: "forged"}
    await ask(auth, "GET", "/api/cases", **forged)

    assert app.asked[0].header(name) is None


async def test_a_session_is_kept_from_scripts_and_other_sites(auth: EasyAuth) -> None:
    """The cookie is no script's and goes with no request that another site posts. Threat 54."""
    answered = await ask(auth, "POST", "/.auth/login/aad", b"preset=Sue", Origin=ORIGIN)

    assert answered.status == 302
    assert dict(answered.headers)["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")


async def test_another_site_signs_nobody_in(auth: EasyAuth) -> None:
    """Nobody is made to act as somebody else. Threat 54."""
    answered = await ask(auth, "POST", "/.auth/login/aad", b"preset=Sue", Origin="https://evil.example")

    assert answered.status == 403


@pytest.mark.parametrize("body", [b"", b"preset=Nobody", b"\xff"])
async def test_who_is_not_in_the_file_does_not_get_in(auth: EasyAuth, body: bytes) -> None:
    """Only the people of devhost.json can sign in."""
    assert (await ask(auth, "POST", "/.auth/login/aad", body)).status == 400


@pytest.mark.parametrize(
    ("wish", "goes_to"),
    [
        ("%2Fdashboard%3Fa%3Db", "/dashboard?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/a%0d%0aSet-Cookie:x", "/"),
        ("", "/"),
    ],
)
async def test_the_sign_in_leads_to_paths_of_this_host(auth: EasyAuth, wish: str, goes_to: str) -> None:
    """A link to the sign-in leads nowhere else."""
    answered = await ask(auth, "POST", f"/.auth/login/aad?post_login_redirect_uri={wish}", b"preset=Sue")

    assert dict(answered.headers)["Location"] == goes_to


async def test_who_i_am_is_told_until_i_sign_out(auth: EasyAuth) -> None:
    """`/.auth/me` tells the claims; afterwards, and for everybody else, 401."""
    cookie = await cookie_of(auth)
    me = await ask(auth, "GET", "/.auth/me", Cookie=cookie)
    left = await ask(auth, "GET", "/.auth/logout", Cookie=cookie)

    told: Any = json.loads(me.body)
    assert (told[0]["provider_name"], told[0]["user_id"]) == ("aad", "Sue")
    assert (left.status, "Max-Age=0" in dict(left.headers)["Set-Cookie"]) == (302, True)
    assert (await ask(auth, "GET", "/.auth/me", Cookie=cookie)).status == 401
    assert (await ask(auth, "GET", "/.auth/me", Cookie=f"{COOKIE}=guess")).status == 401


async def test_other_paths_of_the_sign_in_are_not_there(auth: EasyAuth, app: App) -> None:
    """Nothing below `/.auth` reaches the app."""
    assert (await ask(auth, "GET", "/.auth/login/google")).status == 404
    assert app.asked == []


@pytest.mark.parametrize(
    "settings", [{}, {"auth": {}}, {"auth": {"presets": []}}, {"auth": {"presets": [{"id": "x"}]}}]
)
def test_without_people_there_is_no_sign_in(settings: dict[str, Any]) -> None:
    """The error says what to write where."""
    with pytest.raises(ConfigurationError, match="presets"):
        presets_in(settings)
