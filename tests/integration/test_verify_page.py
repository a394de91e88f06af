"""The page /verify and its start: who gets it, under which headers, and who may start a verification from it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest

from blueprints.page_sessions import COOKIE
from settings import Settings
from tests.support.builders import an_environment
from tests.support.front_door import functions
from tests.support.user_api import BASE, NUMBER, OTHER_NUMBER, Reply, UserApi, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WISH = {"phoneNumber": NUMBER}
OURS = {"Origin": BASE, "Sec_Fetch_Site": "same-origin"}


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserApi]:
    """The API with the page open to everybody."""
    for name, value in an_environment(VerifyPageEnabled="true", StartsPerAddress="4/10m").items():
        monkeypatch.setenv(name, value)
    async with serving() as one:
        yield one


async def page(file: str | None = None, **headers: str) -> func.HttpResponse:
    """Ask for the page, or for a file of it."""
    params = {"file": file} if file else {}
    req = func.HttpRequest("GET", f"{BASE}/verify", headers=headers, route_params=params, body=b"")
    answer: func.HttpResponse = await functions()["ShowVerifyPage"].get_user_function()(req)
    return answer


async def cookie() -> str:
    """Ask for the page, and return the cookie that came with it as a browser sends it."""
    set_cookie: str = (await page()).headers["Set-Cookie"]
    return set_cookie.partition(";")[0]


async def start(api: UserApi, body: Any = None, **headers: str) -> Reply:
    """Start a verification as the page does."""
    return await api.ask("StartFromPage", body or WISH, **headers)


async def test_the_page_comes_with_a_session_that_only_browsers_carry(api: UserApi) -> None:
    """The cookie is this host's own, secure, of no use to scripts and other sites, and gone with the browser.

    Threat 54.
    """
    set_cookie = (await page()).headers["Set-Cookie"]

    value, _, attributes = set_cookie.partition("; ")
    assert re.fullmatch(r"__Host-countersign-verify=[0-9]+\.[0-9a-f]{32}\.[0-9a-f]{40}", value)
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Strict"
    assert api.sms.sent == []


async def test_a_session_is_kept_while_it_lasts(api: UserApi) -> None:
    """Whoever opens a second tab keeps the session of the first; after two hours there is a new one."""
    first = await cookie()

    again = await page(Cookie=f"theme=dark; {first}")
    await api.passes(timedelta(hours=2))
    later = await page(Cookie=first)

    assert "Set-Cookie" not in again.headers
    assert later.headers["Set-Cookie"].partition(";")[0] != first


@pytest.mark.parametrize("file", [None, "page.js", "words.js", "page.css", "icon.svg"])
@pytest.mark.usefixtures("api")
async def test_every_file_carries_the_policy(file: str | None) -> None:
    """Nothing inline and nothing foreign runs, nobody frames the page, and nothing is guessed or kept. Threat 55."""
    headers = (await page(file)).headers
    policy = headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert {"base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy.split("; "))
    assert "require-trusted-types-for 'script'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("api")
async def test_the_page_has_nothing_inline_and_nothing_foreign() -> None:
    """What the policy would block is not there, and each file that the page names is. Threat 55."""
    html = (await page()).get_body().decode()
    named = re.findall(r'(?:src|href)="([^"]*)"', html)

    assert named == ["/verify/icon.svg", "/verify/page.css", "/verify/page.js"]
    for path in named:
        assert (await page(path.rpartition("/")[2])).status_code == 200
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! type=\"module\" src=)", html)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("file", ["start", "Index.html", "..", "../../settings.py", "page.js.map", "x.html"])
async def test_another_file_is_not_found(file: str) -> None:
    """Only the page's own files are there."""
    assert (await page(file)).status_code == 404


async def test_a_start_from_the_page_is_a_start(api: UserApi) -> None:
    """With the page's cookie and from its origin a verification starts as with a function key."""
    reply = await start(api, Cookie=await cookie(), **OURS)

    assert reply.status == 201
    assert reply.body.keys() == (await api.start(OTHER_NUMBER)).body.keys()


REFUSED = {
    "no cookie": ({}, 401),
    "an empty cookie": ({"Cookie": f"{COOKIE}="}, 401),
    "a made-up cookie": ({"Cookie": f"{COOKIE}=99999999999.{'0' * 32}.{'0' * 40}"}, 401),
    "a cookie that is none": ({"Cookie": '"\\'}, 401),
    "another cookie": ({"Cookie": f"x{COOKIE}=1.2.3"}, 401),
}


@pytest.mark.parametrize(("headers", "status"), REFUSED.values(), ids=REFUSED)
async def test_without_the_session_nothing_starts(api: UserApi, headers: dict[str, str], status: int) -> None:
    """Whoever never asked for the page is refused before anything is read or counted. Threat 14, 54."""
    reply = await start(api, **OURS, **headers)

    assert (reply.status, reply.code) == (status, "unauthorized")
    assert (api.sms.sent, api.limits.records) == ([], {})


async def test_a_session_ends(api: UserApi) -> None:
    """Two hours after the page was opened its cookie is worth nothing, and nobody can make it last longer."""
    old = await cookie()
    await api.passes(timedelta(hours=2))
    name, _, rest = old.partition(".")
    later = f"{name[:-1]}{(int(name[-1]) + 1) % 10}.{rest}"

    replies = [await start(api, Cookie=one, **OURS) for one in (old, later, f"{COOKIE}=9{old.partition('=')[2]}")]

    assert [reply.status for reply in replies] == [401, 401, 401]


FOREIGN = {
    "no origin": {},
    "another site": {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
    "a sandbox": {"Origin": "null"},
    "another port": {"Origin": "http://localhost:7072", "Sec_Fetch_Site": "same-site"},
    "another scheme": {"Origin": "https://localhost:7071"},
    "a browser that tells the site": {"Origin": BASE, "Sec_Fetch_Site": "cross-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_the_cookie_alone_starts_nothing(api: UserApi, headers: dict[str, str]) -> None:
    """A request that another page makes the browser send is refused, though it carries the cookie. Threat 54."""
    reply = await start(api, Cookie=await cookie(), **headers)

    assert (reply.status, reply.code) == (403, "forbidden")
    assert api.sms.sent == []


async def test_a_form_starts_nothing(api: UserApi) -> None:
    """Only JSON is read, which no form of another site can send. Threat 28, 54."""
    mine = await cookie()
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")

    replies = [await start(api, Cookie=mine, Content_Type=kind, **OURS) for kind in kinds]

    assert {(reply.status, reply.code) for reply in replies} == {(415, "unsupported_media_type")}


async def test_the_public_address_decides_what_our_page_is(api: UserApi) -> None:
    """Where the app's address is set, a forged Host makes no other origin ours. Threat 35, 54."""
    api.wired.settings = Settings({**api.wired.settings.environ, "PublicBaseUrl": "https://verify.example.com"})
    mine = await cookie()

    forged = await start(api, Cookie=mine, **OURS)
    right = await start(api, Cookie=mine, Origin="https://verify.example.com", Sec_Fetch_Site="same-origin")

    assert (forged.status, right.status) == (403, 201)


async def test_starts_from_the_page_count_by_address(api: UserApi) -> None:
    """New sessions give nobody more starts: the address counts, over page and API. Threat 17."""
    numbers = [NUMBER, OTHER_NUMBER, "+14155550143", "+16465550143"]
    replies = [await start(api, {"phoneNumber": number}, Cookie=await cookie(), **OURS) for number in numbers]
    over = [
        await start(api, {"phoneNumber": "+17025550143"}, Cookie=await cookie(), **OURS),
        await api.start("+17025550143"),
    ]

    assert [reply.status for reply in replies] == [201] * 4
    assert {(reply.status, reply.code) for reply in over} == {(429, "rate_limited")}


async def test_a_page_that_got_no_answer_asks_again(api: UserApi) -> None:
    """With one key in one session there is one verification; in another session the key is another's."""
    mine, others = await cookie(), await cookie()

    replies = [await start(api, Cookie=mine, Idempotency_Key="k", **OURS) for _ in range(2)]
    other = await start(api, Cookie=others, Idempotency_Key="k", **OURS)

    assert replies[0].body == replies[1].body
    assert other.status == 429
    assert len(await api.sent()) == 1


@pytest.mark.parametrize("said", ["false", ""])
async def test_a_page_that_is_not_open_is_not_there(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Unless the setting opens it, neither the page nor its start exists."""
    for name, value in an_environment(VerifyPageEnabled=said).items():
        monkeypatch.setenv(name, value)
    async with serving() as api:
        answers = [(await page()).status_code, (await page("page.js")).status_code]
        reply = await start(api, **OURS)

    assert answers == [404, 404]
    assert (reply.status, reply.code) == (404, "not_found")
