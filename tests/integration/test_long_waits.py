"""Waits of days and years, which pass as fast as the turns that they are made of."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from devhost.testing import DevHost, ReachError
from devhost.testing.dev_host import START
from tests.support.apps import write_app

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
MORE = """
from datetime import timedelta

@app.orchestration_trigger(context_name="context")
def Sleeps(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(days=context.get_input()["days"]))
    return "slept"

@app.orchestration_trigger(context_name="context")
def Ticks(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(days=1))
    context.continue_as_new(None)

@app.orchestration_trigger(context_name="context")
def Waits(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("Go"))
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with an orchestrator that sleeps, one that sleeps for ever, and one that waits without a deadline."""
    return write_app(tmp_path / "app", more=MORE)


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON; its other way warns once a process, and warnings are errors."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


@pytest.mark.parametrize(("days", "seconds"), [(7, 0.9), (365, 9.0)])
async def test_a_long_wait_takes_no_time(app: Path, days: int, seconds: float) -> None:
    """Seven days take milliseconds and a year takes seconds, and the clock stands where the last leg was due."""
    async with DevHost(app) as host:
        sleeper = await host.start("Sleeps", {"days": days})
        began = time.perf_counter()

        status = await host.wait(sleeper, "Completed")

        assert time.perf_counter() - began < seconds
        assert (status.output, host.now) == ("slept", START + timedelta(days=days))


async def test_a_year_that_is_advanced_by_takes_seconds(app: Path) -> None:
    """The same without a wait: all legs fall due on the way."""
    async with DevHost(app) as host:
        sleeper = await host.start("Sleeps", {"days": 365})
        began = time.perf_counter()

        await host.advance(YEAR)

        assert time.perf_counter() - began < 9.0
        assert (await host.wait_for(sleeper)).output == "slept"


async def test_a_wait_ends_where_no_timer_is_left(app: Path) -> None:
    """Time cannot bring what only an event brings, and the message says so."""
    async with DevHost(app) as host:
        waiter = await host.start("Waits")

        with pytest.raises(ReachError, match="is Running and awaits Go; the next timer of the host is due never"):
            await host.wait(waiter, "Completed")
        assert host.now == START


async def test_a_wait_among_endless_timers_ends_in_real_time(app: Path) -> None:
    """A host that always has a timer could skip for ever; the wait gives up, and says when."""
    async with DevHost(app) as host:
        await host.start("Ticks")
        waiter = await host.start("Waits")

        with pytest.raises(ReachError, match="is Running and awaits Go"):
            await host.wait(waiter, "Completed", within=1)
        assert host.now > START


async def test_a_wait_moves_no_further_than_it_must(app: Path) -> None:
    """Of two sleepers only the first is waited for, and the second sleeps on."""
    async with DevHost(app) as host:
        first, second = await host.start("Sleeps", {"days": 1}), await host.start("Sleeps", {"days": 2})

        await host.wait(first)

        assert host.now == START + DAY
        assert (await host.status(second)).runtime_status == "Running"
