"""What is answered at /devhost, and to whom."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.support.raw_http import Reply, ask
from tests.support.served import Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

API = "/devhost/api"
WORKING = {"Content-Type": "application/json"}


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host without an app."""
    async with served() as one:
        yield one


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/devhost", "text/html; charset=utf-8", b"<h1>devhost</h1>"),
        ("/devhost/", "text/html; charset=utf-8", b"<h1>devhost</h1>"),
        ("/devhost/page.js", "text/javascript; charset=utf-8", b"/devhost/api"),
        ("/devhost/elements.js", "text/javascript; charset=utf-8", b"export function"),
        ("/devhost/page.css", "text/css; charset=utf-8", b"body"),
        ("/devhost/icon.svg", "image/svg+xml", b"<svg"),
    ],
)
async def test_the_page_and_its_files_are_served(host: Served, path: str, kind: str, text: bytes) -> None:
    """The page, its script, its style sheet and its icon are there, each with its content type."""
    reply = await ask(host.port, "GET", path)

    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert text in reply.body


@pytest.mark.parametrize("path", ["/devhost", f"{API}/due", f"{API}/instances", f"{API}/nothing"])
async def test_every_answer_carries_the_policy(host: Served, path: str) -> None:
    """No answer lets inline script or style run, be framed, be sniffed, be cached, or be read by another site."""
    headers = (await ask(host.port, "GET", path)).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_the_page_has_nothing_inline(host: Served) -> None:
    """What the policy would block is not in the page: no inline script, style or handler."""
    page = (await ask(host.port, "GET", "/devhost")).body

    assert page.count(b"<script") == page.count(b'<script type="module" src="/devhost/page.js"></script>') == 1
    assert not any(word in page for word in (b"<style", b" style=", b" onclick=", b" onload=", b"javascript:"))


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/devhost"), ("GET", "/devhost/page.mjs"), ("POST", f"{API}/due"), ("GET", API)]
)
async def test_what_is_not_there_is_not_found(host: Served, method: str, path: str) -> None:
    """Another method, another file and another route are 404."""
    assert (await ask(host.port, method, path)).status == 404


async def test_what_is_due_is_told_with_the_host_time(host: Served) -> None:
    """The time, the task hub and the next timers are one answer."""
    await host.start("Sleeps", "one")

    reply = await ask(host.port, "GET", f"{API}/due")

    assert reply.json == {
        "taskHub": "TestHub",
        "now": "2026-01-15T10:00:00Z",
        "due": [{"instanceId": "one", "name": "Sleeps", "fireAt": "2026-01-15T10:01:00Z"}],
    }


async def test_the_management_api_is_below_the_page(host: Served) -> None:
    """The script lists, reads, signals and purges by the management API under a path of the page's own."""
    await host.start("Waits", "one")

    listed = await ask(host.port, "GET", f"{API}/instances?top=5")
    raised = await ask(host.port, "POST", f"{API}/instances/one/raiseEvent/Go", send="now")
    await host.engine.at_rest()
    read = await ask(host.port, "GET", f"{API}/instances/one?showHistory=true")
    purged = await ask(host.port, "DELETE", f"{API}/instances/one")

    assert [one["instanceId"] for one in listed.json] == ["one"]
    assert (raised.status, read.json["runtimeStatus"], purged.json) == (202, "Completed", {"instancesDeleted": 1})


async def test_nothing_else_of_the_management_api_is_below_the_page(host: Served) -> None:
    """A start is not among the things that the page can do."""
    assert (await ask(host.port, "POST", f"{API}/orchestrators/Waits", send=1)).status == 404


FOREIGN = {
    "the name of another site": {"Host": "rebound.example"},
    "a name that begins like ours": {"Host": "localhost.rebound.example:7071"},
    "an address that is not loopback": {"Host": "192.0.2.1:7071"},
    "a Host that is none": {"Host": "[::1"},
    "another site's page": {"Origin": "https://elsewhere.example"},
    "a page without an origin": {"Origin": "null"},
    "a page of another port": {"Origin": "http://localhost:1"},
    "another site, in the browser's own words": {"Sec-Fetch-Site": "cross-site"},
    "another port, in the browser's own words": {"Sec-Fetch-Site": "same-site"},
    "a form of another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    "a tunnel": {"X-Forwarded-For": "203.0.113.9"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_caller_from_elsewhere_changes_nothing(host: Served, headers: dict[str, str]) -> None:
    """Whoever is not a program or a page of this very host gets 403, and the instance stays as it is."""
    await host.start("Waits", "one")

    replies = [
        await ask(host.port, "POST", f"{API}/instances/one/terminate", headers=headers),
        await ask(host.port, "DELETE", f"{API}/instances/one", headers=headers),
        await ask(host.port, "POST", "/devhost/clock/advance", '{"by":"PT1M"}', headers={**WORKING, **headers}),
    ]
    await host.engine.at_rest()

    assert [reply.status for reply in replies] == [403, 403, 403]
    assert (await host.status("one"))["runtimeStatus"] == "Running"


async def test_a_page_of_this_host_may_change_things(host: Served) -> None:
    """What the host's own page sends is carried out, under each name that this machine has for itself."""
    names = [f"{name}:{host.port}" for name in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]")]

    replies: list[Reply] = []
    for number, name in enumerate(names):
        await host.start("Waits", str(number))
        headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
        replies.append(await ask(host.port, "POST", f"{API}/instances/{number}/terminate", headers=headers))

    assert [reply.status for reply in replies] == [202, 202, 202, 202]


async def test_a_link_from_another_site_shows_the_page(host: Served) -> None:
    """Following a link to the page is no attack, but asking for it as a part of another page is refused."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert (await ask(host.port, "GET", "/devhost", headers=link)).status == 200
    assert (await ask(host.port, "GET", "/devhost/page.js", headers={"Sec-Fetch-Site": "cross-site"})).status == 403


async def test_looking_is_not_logged_and_doing_is(host: Served, caplog: pytest.LogCaptureFixture) -> None:
    """The page asks every other second and fills no log; what it does, and what it is refused, is a line each."""
    caplog.set_level(logging.INFO)
    await host.start("Waits", "one")
    caplog.clear()

    await ask(host.port, "GET", f"{API}/instances/one")
    await ask(host.port, "POST", f"{API}/instances/one/suspend")
    await ask(host.port, "GET", f"{API}/instances/nobody")

    lines = [vars(line) for line in caplog.records if line.message == "request"]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 202), ("GET", 404)]
