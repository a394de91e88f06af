"""The clock routes move the host's time for callers on this machine, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.raw_http import Reply, ask
from tests.support.served import Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/devhost/clock/advance"
NEXT = "/devhost/clock/next"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host whose clock stands at ten o'clock."""
    async with served() as one:
        yield one


async def advance(host: Served, **wish: object) -> Reply:
    """Move the clock."""
    return await ask(host.port, "POST", PATH, send=wish)


@pytest.mark.parametrize(
    ("span", "now"),
    [
        ("PT2M", "2026-01-15T10:02:00Z"),
        ("P4D", "2026-01-19T10:00:00Z"),
        ("P1DT1H1M1.5S", "2026-01-16T11:01:01.5Z"),
        ("P2W", "2026-01-29T10:00:00Z"),
        ("PT0S", "2026-01-15T10:00:00Z"),
    ],
)
async def test_the_clock_moves_by_a_duration(host: Served, span: str, now: str) -> None:
    """The answer tells the new time and that the host is idle."""
    reply = await advance(host, by=span)

    assert (reply.status, reply.json) == (200, {"now": now, "idle": True})


async def test_what_falls_due_on_the_way_has_happened(host: Served) -> None:
    """A timer of a minute has fired, and its instance ended, when two minutes have passed."""
    await host.start("Sleeps", "abc")

    await advance(host, by="PT2M")

    assert (await host.status("abc"))["output"] == "slept"


async def test_an_advance_stops_where_it_was_to_go(host: Served) -> None:
    """A timer that is due a second later has not fired."""
    await host.start("Sleeps", "abc")

    reply = await advance(host, by="PT59S")

    assert reply.json["now"] == "2026-01-15T10:00:59Z"
    assert (await host.status("abc"))["runtimeStatus"] == "Running"


async def test_the_clock_moves_to_the_next_timer(host: Served) -> None:
    """No body is needed; the timer has fired and its work is done, and of a later one nothing."""
    await host.start("Sleeps", "first")
    await advance(host, by="PT30S")
    await host.start("Sleeps", "second")

    reply = await ask(host.port, "POST", NEXT)

    assert (reply.status, reply.json) == (200, {"now": "2026-01-15T10:01:00Z", "idle": True})
    assert (await host.status("first"))["output"] == "slept"
    assert (await host.status("second"))["runtimeStatus"] == "Running"


async def test_without_a_timer_there_is_nowhere_to_move_to(host: Served) -> None:
    """The answer says so, and the clock stays."""
    reply = await ask(host.port, "POST", NEXT)

    assert (reply.status, reply.json) == (409, {"Message": "Cannot move the clock: no timer is due, ever."})
    assert (await advance(host, by="PT0S")).json["now"] == "2026-01-15T10:00:00Z"


async def test_what_is_next_is_known_once_nothing_is_under_way() -> None:
    """As long as work may set an earlier timer the clock stays, and the answer says that the host is not idle."""
    async with served(patience=0.05) as host:
        await host.start("Sleeps", "abc")
        with host.engine.under_way():
            early = await ask(host.port, "POST", NEXT)
        late = await ask(host.port, "POST", NEXT)

    assert (early.status, early.json) == (200, {"now": "2026-01-15T10:00:00Z", "idle": False})
    assert late.json == {"now": "2026-01-15T10:01:00Z", "idle": True}


async def test_the_clock_moves_to_an_instant_and_never_back(host: Served) -> None:
    """A target that is past changes nothing."""
    there = await advance(host, to="2026-01-15T12:00:00Z")
    back = await advance(host, to="2026-01-15T11:00:00Z")

    assert there.json == back.json == {"now": "2026-01-15T12:00:00Z", "idle": True}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "{",
        '{"by": 5}',
        '{"by": "2M"}',
        '{"by": "P"}',
        '{"by": "PT"}',
        '{"by": "P9999999999D"}',
        '{"by": "P20Y"}',
        '{"by": "P4000D"}',
        '{"to": "now"}',
        '{"by": "PT1S", "to": "2026-01-15T12:00:00Z"}',
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(host: Served, body: str) -> None:
    """Anything but one duration or one instant is answered by 400 and moves nothing."""
    reply = await ask(host.port, "POST", PATH, body, headers=JSON)

    assert reply.status == 400
    assert reply.json["Message"].startswith("Cannot move the clock")
    assert (await advance(host, by="PT0S")).json["now"] == "2026-01-15T10:00:00Z"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "127.0.0.1:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "10.0.0.1"}, 403),
        ({"Origin": "http://localhost:{port}"}, 200),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_only_programs_on_this_machine_move_the_clock(host: Served, headers: dict[str, str], status: int) -> None:
    """Host and origin must be of this machine, and the body JSON, so that no web page can do it."""
    given = JSON | {name: value.format(port=host.port) for name, value in headers.items()}
    reply = await ask(host.port, "POST", PATH, '{"by": "PT1S"}', headers=given)

    assert reply.status == status


@pytest.mark.parametrize("path", [PATH, NEXT, "/devhost/wait"])
async def test_every_route_about_time_is_for_this_machine(host: Served, path: str) -> None:
    """A name that is not this machine's is refused, whatever the request says."""
    reply = await ask(host.port, "POST", path, "{}", headers=JSON | {"Host": "evil.example"})

    assert reply.status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PATH),
        ("GET", NEXT),
        ("GET", "/devhost/wait"),
        ("POST", "/devhost"),
        ("POST", "/devhost/clock"),
        ("POST", "/devhost/wait/abc"),
    ],
)
async def test_nothing_else_is_there(host: Served, method: str, path: str) -> None:
    """Other methods and paths below /devhost are answered by 404."""
    reply = await ask(host.port, method, path, send={})

    assert (reply.status, reply.body) == (404, b"")


async def test_a_move_that_takes_long_can_be_gone_on_with() -> None:
    """When the caller's time is over the answer names the target; one who names it too waits for the same move."""
    async with served(patience=0.05) as host:
        host.engine._rest.begin()
        late = await advance(host, by="PT2M")
        other = await advance(host, by="PT5M")
        again = await advance(host, to=late.json["target"])
        host.engine._rest.end()
        await host.engine.at_rest()
        done = await advance(host, to=late.json["target"])

    target = "2026-01-15T10:02:00Z"
    assert late.json == again.json == {"now": "2026-01-15T10:00:00Z", "target": target, "idle": False}
    assert other.status == 409
    assert target in other.json["Message"]
    assert done.json == {"now": target, "idle": True}
