"""The engine as a whole: scripted functions, a real store, a clock that is moved."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from devhost.clock import VirtualClock
from devhost.engine.actions import (
    Answer,
    CallActivity,
    CallSubOrchestration,
    ContinueAsNew,
    CreateTimer,
    WaitForEvent,
)
from devhost.engine.engine import EngineOptions, Query
from devhost.engine.history import EventType, RuntimeStatus
from devhost.engine.versions import VersionRules
from devhost.errors import InstanceEndedError, InstanceExistsError, InstanceNotFoundError
from devhost.ticks import from_datetime, to_datetime
from tests.support.scripted import ScriptedWorker, names, running, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from devhost.engine.engine import Engine
    from devhost.engine.history import Event

ENDED = frozenset({RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED})
SOON = timedelta(seconds=10)


def waits(history: Sequence[Event]) -> Answer:
    """Complete with true once the event Go is there."""
    is_done = seen(history, EventType.EVENT_RAISED)
    return Answer(actions=(WaitForEvent(name="Go"),), is_done=is_done, output="true" if is_done else None)


def calls(name: str) -> Callable[[Sequence[Event]], Answer]:
    """Complete once the activity has ended."""

    def script(history: Sequence[Event]) -> Answer:
        is_done = seen(history, EventType.TASK_COMPLETED) or seen(history, EventType.TASK_FAILED)
        return Answer(actions=(CallActivity(name=name, input="1"),), is_done=is_done, output="1")

    return script


def sleeps(by: timedelta) -> Callable[[Sequence[Event]], Answer]:
    """Complete after a span of time."""

    def script(history: Sequence[Event]) -> Answer:
        due = from_datetime(to_datetime(history[0].at) + by)
        return Answer(
            actions=(CreateTimer(fire_at=due),), is_done=seen(history, EventType.TIMER_FIRED), output='"woke"'
        )

    return script


async def ended(engine: Engine, instance_id: str) -> RuntimeStatus:
    """Wait for the end of an instance and return how it ended."""
    one = await engine.wait(instance_id, ENDED, SOON)
    assert one is not None, "it never ended"
    return one.status


async def echo(text: str | None) -> object:
    return text


async def test_an_event_completes_the_instance_that_waits_for_it() -> None:
    """Start, wait, answer, end: each step is in the history once."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one", input_text="{}")
        await engine.at_rest()

        await engine.raise_event("one", "Go", "1")

        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        assert names(await engine.history("one")) == ["EXECUTION_STARTED", "EVENT_RAISED", "EXECUTION_COMPLETED"]
        with pytest.raises(InstanceEndedError):
            await engine.raise_event("one", "Go", "1")


async def test_names_compare_without_case_and_are_shown_as_spelt() -> None:
    """An orchestrator is found under another spelling of its name."""
    worker = ScriptedWorker({"flow": waits})
    worker._orchestrators["FLOW"] = waits  # the worker is asked with the caller's spelling
    async with running(worker) as engine:
        await engine.start_instance("FLOW", instance_id="one")
        await engine.at_rest()

        one = await engine.instance("one")

    assert one is not None
    assert (one.name, one.status) == ("FLOW", RuntimeStatus.RUNNING)


async def test_an_activity_runs_after_the_turn_that_scheduled_it() -> None:
    """Its result comes back as a message of its own turn."""
    worker = ScriptedWorker({"Flow": calls("Echo")}, {"Echo": echo})
    async with running(worker) as engine:
        await engine.start_instance("Flow", instance_id="one")

        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        history = await engine.history("one")

    assert worker.runs == {"Echo": 1}
    assert names(history)[1:3] == ["TASK_SCHEDULED", "TASK_COMPLETED"]


async def test_a_moved_clock_wakes_timers_in_their_order() -> None:
    """Moving by a day fires what is due on the way, and nothing that lies behind it."""
    worker = ScriptedWorker({"Short": sleeps(timedelta(hours=3)), "Long": sleeps(timedelta(hours=30))})
    async with running(worker) as engine:
        started = engine.clock.now()
        await engine.start_instance("Short", instance_id="short")
        await engine.start_instance("Long", instance_id="long")

        await engine.advance(timedelta(hours=24))

        short, long = await engine.instance("short"), await engine.instance("long")
        assert short is not None
        assert long is not None
        assert (short.status, long.status) == (RuntimeStatus.COMPLETED, RuntimeStatus.RUNNING)
        assert to_datetime(short.updated) - to_datetime(started) == timedelta(hours=3)
        assert to_datetime(engine.clock.now()) - to_datetime(started) == timedelta(hours=24)
        await engine.advance(timedelta(hours=6))
        assert await ended(engine, "long") == RuntimeStatus.COMPLETED


async def test_a_restart_keeps_the_moved_time_and_fires_what_fell_due(tmp_path: Path) -> None:
    """A timer that fell due while nothing ran fires at once, and the time does not go back."""
    worker = ScriptedWorker({"Flow": sleeps(timedelta(hours=1)), "Later": sleeps(timedelta(hours=9))})
    async with running(worker, tmp_path / "hub.db") as engine:
        await engine.start_instance("Later", instance_id="later")
        await engine.advance(timedelta(hours=2))
        await engine.start_instance("Flow", instance_id="one")
        await engine.at_rest()
        before = engine.clock.now()

    clock = VirtualClock()
    async with running(worker, tmp_path / "hub.db", clock=clock) as engine:
        assert engine.clock.now() == before
        await engine.advance(timedelta(hours=20))
        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        assert await ended(engine, "later") == RuntimeStatus.COMPLETED


async def test_an_activity_that_was_under_way_runs_again_after_a_restart(tmp_path: Path) -> None:
    """At least once is the promise: what had no committed end is done again."""
    stuck = asyncio.Event()

    async def hangs(_: str | None) -> object:
        stuck.set()
        await asyncio.Event().wait()
        return None

    async with running(ScriptedWorker({"Flow": calls("Act")}, {"Act": hangs}), tmp_path / "hub.db") as engine:
        await engine.start_instance("Flow", instance_id="one")
        await stuck.wait()

    again = ScriptedWorker({"Flow": calls("Act")}, {"Act": echo})
    async with running(again, tmp_path / "hub.db") as engine:
        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        assert [event.type for event in await engine.history("one")].count(EventType.TASK_SCHEDULED) == 1

    assert again.runs == {"Act": 1}


async def test_work_that_hangs_holds_up_a_jump_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes on without it; the move is over only when all is at rest."""
    monkeypatch.setattr("devhost.engine.moves.LONGEST_WORK", 0.05)
    free = asyncio.Event()

    async def hangs(_: str | None) -> object:
        await free.wait()
        return None

    worker = ScriptedWorker({"Flow": calls("Act"), "Sleeper": sleeps(timedelta(hours=1))}, {"Act": hangs})
    async with running(worker) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.start_instance("Sleeper", instance_id="two")

        move = asyncio.create_task(engine.advance(timedelta(hours=2)))

        assert await ended(engine, "two") == RuntimeStatus.COMPLETED
        assert not move.done()
        free.set()
        await move
        assert await ended(engine, "one") == RuntimeStatus.COMPLETED


async def test_actions_past_the_limit_are_not_carried_out() -> None:
    """An orchestration that asks for more than host.json allows gets no more work done."""
    worker = ScriptedWorker({"Flow": calls("Echo")}, {"Echo": echo})
    async with running(worker, options=EngineOptions(max_actions=0)) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.at_rest()

        one = await engine.instance("one")

    assert one is not None
    assert one.status == RuntimeStatus.RUNNING
    assert worker.runs == {}


async def test_terminate_ends_with_the_reason() -> None:
    """The reason is the output; what was open is dropped."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.terminate("one", "enough")

        assert await ended(engine, "one") == RuntimeStatus.TERMINATED
        one = await engine.instance("one")

    assert one is not None
    assert one.output == "enough"


async def test_a_suspended_instance_takes_its_event_after_the_resume() -> None:
    """A bare wait is held back while Suspended."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.suspend("one", "lunch")
        await engine.at_rest()
        await engine.raise_event("one", "Go", "1")
        await engine.at_rest()
        held = await engine.instance("one")
        assert held is not None
        assert (held.status, held.output) == (RuntimeStatus.SUSPENDED, "lunch")

        await engine.resume("one", None)

        assert await ended(engine, "one") == RuntimeStatus.COMPLETED


async def test_a_child_tells_its_parent() -> None:
    """A sub-orchestration runs by itself and its end wakes the parent."""

    def parent(history: Sequence[Event]) -> Answer:
        is_done = seen(history, EventType.SUB_ORCHESTRATION_COMPLETED)
        return Answer(actions=(CallSubOrchestration(name="Kid", input="1", instance_id="kid"),), is_done=is_done)

    async with running(ScriptedWorker({"Parent": parent, "Kid": waits})) as engine:
        await engine.start_instance("Parent", instance_id="mum")
        await engine.at_rest()
        await engine.raise_event("kid", "Go", "1")

        assert await ended(engine, "mum") == RuntimeStatus.COMPLETED


async def test_continue_as_new_goes_on_under_the_same_id() -> None:
    """The second execution has the new input, a new history, and ends the instance."""

    def loop(history: Sequence[Event]) -> Answer:
        if history[1].fields["Input"] == '"again"':
            return Answer(is_done=True, output='"over"')
        return Answer(actions=(ContinueAsNew(input="again"),), is_done=True)

    async with running(ScriptedWorker({"Loop": loop})) as engine:
        await engine.start_instance("Loop", instance_id="one", input_text="{}")

        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        one = await engine.instance("one")
        history = await engine.history("one")

    assert one is not None
    assert (one.input, one.output) == ('"again"', '"over"')
    assert [event.type for event in history][:3] == [12, 0, 13]


async def test_an_unknown_orchestrator_fails_at_its_first_turn() -> None:
    """The start is taken; the failure names the orchestrators that there are."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Nowhere", instance_id="one")

        assert await ended(engine, "one") == RuntimeStatus.FAILED
        one = await engine.instance("one")

    assert one is not None
    assert one.output == (
        "Orchestrator function 'Nowhere' failed: The function 'Nowhere' doesn't exist, is disabled, or is not an "
        "orchestrator function. Additional info: The following are the known orchestrator functions: 'Flow'."
    )


async def test_a_blank_input_fails_without_a_call() -> None:
    """A start with a blank body never reaches the function."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one", input_text=" ")

        assert await ended(engine, "one") == RuntimeStatus.FAILED


async def test_a_version_that_this_host_does_not_run_stays_pending() -> None:
    """It is accepted, never run, and can be terminated."""
    options = EngineOptions(versions=VersionRules(default="1.0"))
    async with running(ScriptedWorker({"Flow": waits}), options=options) as engine:
        await engine.start_instance("Flow", instance_id="new", version="2.0")
        await engine.start_instance("Flow", instance_id="old", version="0.9")
        await engine.start_instance("Flow", instance_id="default")
        await engine.at_rest()

        found = {one.id: one for one in (await engine.instances(Query(), limit=9)).instances}
        assert {key: one.status.label for key, one in found.items()} == {
            "new": "Pending",
            "old": "Running",
            "default": "Running",
        }
        assert found["default"].version == "1.0"
        with pytest.raises(InstanceExistsError):
            await engine.start_instance("Flow", instance_id="new")
        await engine.terminate("new", "why")
        assert await ended(engine, "new") == RuntimeStatus.TERMINATED
        assert await engine.history("new") == []


async def test_a_version_mismatch_can_be_made_to_fail() -> None:
    """With the failure strategy Fail the instance ends instead of waiting."""
    options = EngineOptions(versions=VersionRules(default="1.0", fails=True))
    async with running(ScriptedWorker({"Flow": waits}), options=options) as engine:
        await engine.start_instance("Flow", instance_id="new", version="2.0")

        assert await ended(engine, "new") == RuntimeStatus.FAILED
        one = await engine.instance("new")

    assert one is not None
    assert one.output == "VersionMismatch: Orchestration version did not comply with Worker Versioning"


async def test_restart_begins_anew_with_the_same_input() -> None:
    """A restart makes a twin under a new id, or replaces an ended instance."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one", input_text='{"a": 1}')
        twin = await engine.restart("one", with_new_id=True)
        with pytest.raises(InstanceExistsError):
            await engine.restart("one", with_new_id=False)
        await engine.terminate("one", None)
        await ended(engine, "one")

        assert await engine.restart("one", with_new_id=False) == "one"

        other = await engine.instance(twin)
        assert other is not None
        assert (len(twin), other.input) == (32, '{"a":1}')
        with pytest.raises(InstanceNotFoundError):
            await engine.restart("nobody", with_new_id=True)


async def test_purge_forgets_one_or_many() -> None:
    """An ended instance can be forgotten by id, the rest by a query."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        for instance_id in ("a", "b", "c"):
            await engine.start_instance("Flow", instance_id=instance_id)
        await engine.terminate("a", None)
        await ended(engine, "a")

        assert await engine.purge("a")

        assert await engine.instance("a") is None
        assert await engine.purge_where(Query()) == 2


async def test_waiting_for_a_status_gives_up_in_time() -> None:
    """A wait that runs out returns nothing, whether the instance exists or not."""
    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id="one")

        assert await engine.wait("one", ENDED, timedelta(seconds=0.05)) is None
        assert await engine.wait("nobody", ENDED, timedelta(seconds=0.05)) is None


async def test_a_hundred_instances_share_the_writer() -> None:
    """Many at once: each ends, none is lost, none is done twice."""
    worker = ScriptedWorker({"Flow": calls("Echo")}, {"Echo": echo})
    async with running(worker) as engine:
        ids = [f"i{number}" for number in range(100)]
        await asyncio.gather(*(engine.start_instance("Flow", instance_id=one) for one in ids))

        ends = await asyncio.gather(*(ended(engine, one) for one in ids))

    assert set(ends) == {RuntimeStatus.COMPLETED}
    assert worker.runs == {"Echo": 100}


async def test_the_engine_is_not_at_rest_while_a_timer_is_due() -> None:
    """A timer that was created for a moment that is over fires before the engine is said to be at rest."""
    clock = VirtualClock()
    past = from_datetime(to_datetime(clock.now()) - timedelta(hours=1))

    def sleeps(history: Sequence[Event]) -> Answer:
        return Answer(actions=(CreateTimer(fire_at=past),), is_done=seen(history, EventType.TIMER_FIRED))

    async with running(ScriptedWorker({"Flow": sleeps}), clock=clock) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.at_rest()
        one = await engine.instance("one")

    assert one is not None
    assert one.status == RuntimeStatus.COMPLETED
