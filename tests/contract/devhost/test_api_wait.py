"""The wait route answers once an instance is in a state; on a host that skips, time jumps meanwhile, and only then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from devhost.engine.engine import Query
from devhost.engine.history import RuntimeStatus
from devhost.ticks import to_text
from tests.support.raw_http import Reply, ask
from tests.support.served import HUB, Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/devhost/wait"
TEN = "2026-01-15T10:00:00Z"


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host whose clock stands at ten o'clock until it is moved."""
    async with served() as one:
        yield one


@pytest.fixture
async def skipping() -> AsyncIterator[Served]:
    """A host that skips time."""
    async with served(skips=True) as one:
        yield one


async def wait(host: Served, **wish: object) -> Reply:
    """Wait for an instance."""
    return await ask(host.port, "POST", PATH, send=wish)


async def watched(host: Served, *, by_anybody: bool) -> None:
    """Return once somebody waits in the host, or nobody does any more."""
    async with asyncio.timeout(20):
        while host.engine.is_watched is not by_anybody:  # noqa: ASYNC110  another task tells nobody
            await asyncio.sleep(0)


def now(host: Served) -> str:
    """Return the host's time."""
    return to_text(host.engine.clock.now())


async def test_who_is_there_already_is_shown_at_once(host: Served) -> None:
    """The answer is the status as the management API shows it; the state is Completed if none is named."""
    await host.start("Ends", "abc")

    named, unnamed = await wait(host, instanceId="abc", status="completed"), await wait(host, instanceId="abc")

    assert named.status == unnamed.status == 200
    assert named.json == unnamed.json == await host.status("abc")
    assert named.json["output"] == "done"


async def test_the_answer_comes_with_the_state(host: Served) -> None:
    """Whoever waits hears of an event's work as soon as it is committed."""
    await host.start("Waits", "abc")
    waiting = asyncio.create_task(wait(host, instanceId="abc", status="Completed"))
    suspended = asyncio.create_task(wait(host, instanceId="abc", status="Suspended"))
    await host.ask("POST", "/instances/abc/suspend")
    assert (await suspended).json["runtimeStatus"] == "Suspended"

    await host.ask("POST", "/instances/abc/resume")
    await host.ask("POST", "/instances/abc/raiseEvent/Go", send=1)

    assert (await waiting).json["output"] == 1


async def test_a_host_that_does_not_skip_stays_where_it_is(host: Served) -> None:
    """The time-out says how the instance stands, and when something is due."""
    await host.start("Sleeps", "abc")

    reply = await wait(host, instanceId="abc", status="Completed", timeout="PT0.05S")

    text = "'abc' is Running and not Completed after 0.05 seconds; "
    text += f"it is {TEN}, and the next timer of the host is due 2026-01-15T10:01:00Z."
    assert (reply.status, reply.json) == (408, {"Message": text})
    assert now(host) == TEN


async def test_an_end_of_another_kind_is_told_at_once(host: Served) -> None:
    """Nobody waits for what cannot come any more."""
    await host.start("Fails", "abc")

    reply = await wait(host, instanceId="abc", status="Completed")

    assert reply.status == 409
    assert reply.json["Message"] == "'abc' is Failed and not Completed; it has ended, and stays so."


async def test_nobody_is_waited_for_who_is_not_there(host: Served) -> None:
    """An unknown id is answered at once."""
    reply = await wait(host, instanceId="nobody", status="Completed")

    assert (reply.status, reply.json) == (404, {"Message": "There is no instance 'nobody'."})


async def test_one_who_is_purged_meanwhile_is_told_at_once(host: Served) -> None:
    """Nobody waits for what is not there any more."""
    await host.start("Waits", "abc")
    waiting = asyncio.create_task(wait(host, instanceId="abc", timeout="PT10M"))
    await watched(host, by_anybody=True)

    assert (await host.ask("DELETE", "/instances?createdTimeFrom=2020-01-01T00:00:00Z")).status == 200

    assert (await waiting).status == 404


@pytest.mark.parametrize("path", [PATH, f"{HUB}/orchestrators/Waits?timeout=600&pollingInterval=1"])
async def test_a_wait_ends_with_its_caller(host: Served, path: str) -> None:
    """A connection that is gone leaves nobody waiting in the host."""
    await host.start("Waits", "abc")
    waiting = asyncio.create_task(ask(host.port, "POST", path, send={"instanceId": "abc", "timeout": "PT10M"}))
    await watched(host, by_anybody=True)

    waiting.cancel()

    await watched(host, by_anybody=False)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"instanceId": 5},
        {"instanceId": ""},
        {"instanceId": "abc", "status": "Done"},
        {"instanceId": "abc", "status": ["Completed"]},
        {"instanceId": "abc", "timeout": "30"},
        {"instanceId": "abc", "timeout": 30},
        {"instanceId": "abc", "timeout": "PT"},
        {"instanceId": "abc", "timeout": "P9999999999D"},
        {"instanceId": "abc", "timeout": "PT61M"},
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(host: Served, wish: dict[str, object]) -> None:
    """The answer says what was expected, before anybody looks for the instance."""
    reply = await wait(host, **wish)

    assert reply.status == 400
    assert reply.json["Message"].startswith("Cannot wait: ")


async def test_a_wait_skips_to_what_is_due(skipping: Served) -> None:
    """The timer of a minute fires in no time, and the clock stands where it was due."""
    await skipping.start("Sleeps", "abc")
    assert now(skipping) == TEN

    reply = await wait(skipping, instanceId="abc", status="Completed")

    assert reply.json["output"] == "slept"
    assert now(skipping) == "2026-01-15T10:01:00Z"


async def test_nothing_is_skipped_once_nobody_waits(skipping: Served) -> None:
    """A later timer stays for the next wait."""
    await skipping.start("Sleeps", "first")
    await ask(skipping.port, "POST", "/devhost/clock/advance", send={"by": "PT1S"})
    await skipping.start("Sleeps", "second")

    await wait(skipping, instanceId="first", status="Completed")
    await skipping.engine.at_rest()

    assert now(skipping) == "2026-01-15T10:01:00Z"
    assert (await skipping.status("second"))["runtimeStatus"] == "Running"


async def test_nothing_is_skipped_while_something_is_under_way(skipping: Served) -> None:
    """Time does not jump over work that runs."""
    await skipping.start("Sleeps", "abc")

    with skipping.engine.under_way():
        reply = await wait(skipping, instanceId="abc", status="Completed", timeout="PT0.1S")
        assert now(skipping) == TEN

    assert reply.status == 408


async def test_nothing_is_skipped_for_a_caller_who_is_gone(skipping: Served) -> None:
    """Time stands still again once nobody is there who waits."""
    await skipping.start("Waits", "other")
    waiting = asyncio.create_task(wait(skipping, instanceId="other", timeout="PT10M"))
    await watched(skipping, by_anybody=True)
    waiting.cancel()
    await watched(skipping, by_anybody=False)

    await skipping.start("Sleeps", "abc")
    await skipping.engine.at_rest()

    assert now(skipping) == TEN


async def test_a_wait_goes_on_when_there_is_a_timer_again(skipping: Served) -> None:
    """A host in which nothing is due stands still; what comes from outside may set a timer, and is skipped to."""
    await skipping.start("Waits", "other")
    waiting = asyncio.create_task(wait(skipping, instanceId="other", status="Completed", timeout="PT30S"))
    await skipping.start("Sleeps", "abc")

    slept = await wait(skipping, instanceId="abc", status="Completed")
    await skipping.ask("POST", "/instances/other/raiseEvent/Go", send=1)

    assert slept.status == 200
    assert (await waiting).status == 200


async def test_a_wait_for_one_who_was_purged_holds_up_no_other(skipping: Served) -> None:
    """It moves no time any more; who waits for somebody that is there still does."""
    await skipping.start("Waits", "gone")
    with skipping.engine.skipping("gone", frozenset({RuntimeStatus.COMPLETED})):
        await skipping.engine.purge_where(Query(id_prefix="gone"))
        await skipping.start("Sleeps", "abc")
        assert now(skipping) == TEN

        slept = await wait(skipping, instanceId="abc", status="Completed", timeout="PT30S")

    assert (slept.status, slept.json["output"]) == (200, "slept")
