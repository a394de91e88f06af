"""Timer triggers on the host's clock: when they fire, what they are told, and what a restart makes up for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.clock import VirtualClock
from devhost.errors import AppError
from devhost.host import Host, HostOptions
from tests.support.apps import write_app

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import json
import pathlib
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
CALLS = pathlib.Path(__file__).with_name("calls.jsonl")

@app.timer_trigger(arg_name="timer", schedule="{schedule}", run_on_startup={at_once}, use_monitor={monitored})
@app.durable_client_input(client_name="client")
async def Tick(timer: {annotation}, client: df.DurableOrchestrationClient) -> None:
    facts = {{"past_due": timer.past_due, "status": timer.schedule_status}}
    with CALLS.open("a") as lines:
        lines.write(json.dumps(facts) + "\\n")
    await client.start_new("Ends")
    {more}

@app.orchestration_trigger(context_name="context")
def Ends(context):
    return "done"
    yield
"""
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def app_with(
    folder: Path,
    schedule: str = "0 */5 * * * *",
    *,
    at_once: bool = False,
    monitored: bool = True,
    annotation: str = "func.TimerRequest",
    more: str = "pass",
) -> Path:
    """Write an app with one timer."""
    source = SOURCE.format(schedule=schedule, at_once=at_once, monitored=monitored, annotation=annotation, more=more)
    return write_app(folder, source=source)


def host_of(folder: Path, at: datetime = NOON) -> Host:
    """A host of the app, at an instant."""
    return Host(HostOptions(folder=folder, port=0, clock=VirtualClock(at), db=folder / "hub.db"))


def calls_in(folder: Path) -> list[Any]:
    """What the timer was told, call by call."""
    path = folder / "calls.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_a_timer_fires_whenever_the_clock_passes_its_schedule(tmp_path: Path) -> None:
    """An hour of five-minute steps has twelve calls, and what each of them started has run."""
    folder = app_with(tmp_path)

    async with host_of(folder) as host:
        await host.engine.advance(timedelta(minutes=4, seconds=59))
        early = len(calls_in(folder))
        await host.engine.advance(timedelta(minutes=55, seconds=1))
        started = host.engine.clock.now()

    assert (early, len(calls_in(folder))) == (0, 12)
    assert started == VirtualClock(NOON + timedelta(hours=1)).now()


async def test_a_timer_is_told_when_it_ran_last_and_was_to_run_now(tmp_path: Path) -> None:
    """The status of a schedule names the last call and the one that was planned."""
    folder = app_with(tmp_path)

    async with host_of(folder) as host:
        await host.engine.advance(timedelta(minutes=10))

    first, second = calls_in(folder)
    assert first["past_due"] is False
    assert first["status"]["Last"] == "0001-01-01T00:00:00"
    assert (second["status"]["Last"], second["status"]["Next"]) == (
        "2026-01-15T12:05:00+00:00",
        "2026-01-15T12:10:00+00:00",
    )


async def test_what_was_slept_through_is_made_up_for_once(tmp_path: Path) -> None:
    """A host that was down over three occurrences calls once, at once, and says that it is overdue."""
    folder = app_with(tmp_path)
    async with host_of(folder) as host:
        await host.engine.advance(timedelta(minutes=5))

    async with host_of(folder, NOON + timedelta(minutes=12)) as host:
        await host.engine.at_rest()

    assert [call["past_due"] for call in calls_in(folder)] == [False, True]


async def test_a_restart_in_time_makes_up_for_nothing(tmp_path: Path) -> None:
    """A host that comes back before the next occurrence waits for it."""
    folder = app_with(tmp_path)
    async with host_of(folder):
        pass

    async with host_of(folder, NOON + timedelta(minutes=4)) as host:
        await host.engine.at_rest()

    assert calls_in(folder) == []


async def test_a_timer_without_monitor_makes_up_for_nothing_and_has_no_status(tmp_path: Path) -> None:
    """With use_monitor off, what was slept through is gone."""
    folder = app_with(tmp_path, monitored=False)
    async with host_of(folder):
        pass

    async with host_of(folder, NOON + timedelta(hours=1)) as host:
        await host.engine.advance(timedelta(minutes=5))

    assert calls_in(folder) == [{"past_due": False, "status": {}}]


async def test_run_on_startup_calls_at_once(tmp_path: Path) -> None:
    """The first call does not wait for the schedule."""
    folder = app_with(tmp_path, at_once=True)

    async with host_of(folder) as host:
        await host.engine.at_rest()

    assert len(calls_in(folder)) == 1


async def test_a_timer_that_fails_goes_on(tmp_path: Path) -> None:
    """A function that raises is logged and called again at the next occurrence."""
    folder = app_with(tmp_path, more="raise ValueError('broken by plan')")

    async with host_of(folder) as host:
        await host.engine.advance(timedelta(minutes=10))

    assert len(calls_in(folder)) == 2


async def test_a_span_is_a_schedule(tmp_path: Path) -> None:
    """A schedule may be a span of time, counted from the start of the host."""
    folder = app_with(tmp_path, "00:20:00")

    async with host_of(folder, NOON + timedelta(minutes=7)) as host:
        await host.engine.advance(timedelta(minutes=40))

    assert len(calls_in(folder)) == 2


async def test_a_setting_may_hold_the_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%Name%`` stands for an app setting."""
    monkeypatch.setenv("TickSchedule", "30 * * * * *")
    folder = app_with(tmp_path, "%TickSchedule%")

    async with host_of(folder) as host:
        await host.engine.advance(timedelta(minutes=2))

    assert len(calls_in(folder)) == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"schedule": "every minute"}, "is no schedule"),
        ({"schedule": "%Missing%"}, "the setting Missing is not set"),
        ({"annotation": "str"}, "does not go with the binding timerTrigger"),
    ],
)
async def test_a_timer_that_cannot_work_is_refused_at_the_start(
    tmp_path: Path, wrong: dict[str, str], told: str
) -> None:
    """The message says what to change."""
    folder = app_with(tmp_path, **wrong)  # type: ignore[arg-type]  # texts only

    with pytest.raises(AppError, match=told):
        async with host_of(folder):
            pass
