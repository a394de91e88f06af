"""What activities and children were called with, found again by a replay."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.actions import Answer, CallActivity, CallSubOrchestration, ContinueAsNew, Retry, WaitForEvent
from devhost.engine.history import EventType, orchestrator_completed, orchestrator_started
from devhost.engine.worker import OrchestratorCall
from devhost.ticks import PER_SECOND, Ticks
from devhost.triggers.durable import LoggedWorker
from tests.support.raw_http import ask
from tests.support.scripted import ScriptedWorker, running
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from devhost.engine.engine import Engine
    from devhost.engine.history import Event

RETRY = Retry(first_interval_ticks=PER_SECOND, max_attempts=3)
CALLS = (
    CallActivity(name="Fails", input='"often"', retry=RETRY),
    CallSubOrchestration(name="Child", input="given", instance_id="child"),
    CallActivity(name="Echo", input='{"a":1}'),
)


async def _fails(_: str | None) -> Any:
    raise ValueError


async def _echo(text: str | None) -> Any:
    return json.loads(text or "null")


def _parent(history: Sequence[Event]) -> Answer:
    """Call one after the other, whatever becomes of each."""
    ended = (EventType.TASK_COMPLETED, EventType.SUB_ORCHESTRATION_COMPLETED)
    went = sum(event.type in ended for event in history)
    failed = sum(event.type == EventType.TASK_FAILED for event in history) >= RETRY.max_attempts
    made = 1 + failed * (1 + went)
    return Answer(actions=CALLS[:made], is_done=made > len(CALLS))


def _again(history: Sequence[Event]) -> Answer:
    started = next(event for event in history if event.type == EventType.EXECUTION_STARTED)
    if started.fields["Input"] == '"again"':
        return Answer(actions=(WaitForEvent(name="Go"),))
    return Answer(actions=(ContinueAsNew(input="again"),), is_done=True)


def worker() -> ScriptedWorker:
    """An orchestrator that calls with retries and children, its child, and one that begins anew."""
    orchestrators = {"Parent": _parent, "Child": lambda _: Answer(is_done=True, output="1"), "Again": _again}
    return ScriptedWorker(orchestrators, {"Fails": _fails, "Echo": _echo})


async def named_inputs(engine: Engine, instance_id: str) -> list[tuple[str, str | None]]:
    """Return name and input of each call, in the order in which they were scheduled."""
    inputs: Mapping[int, str | None] = await engine.inputs(instance_id)
    names = {event.id: event.fields["Name"] for event in await engine.history(instance_id) if event.id in inputs}
    return [(names[event_id], inputs[event_id]) for event_id in sorted(inputs)]


async def test_each_call_has_its_input() -> None:
    """Every attempt of a retried activity, every child and every activity is known with what it was given."""
    async with running(worker()) as engine:
        await engine.start_instance("Parent", instance_id="one")
        await engine.at_rest()
        await engine.advance(timedelta(minutes=1))

        found = await named_inputs(engine, "one")

        attempts = [("Fails", '"often"')] * RETRY.max_attempts
        assert found == [*attempts, ("Child", '"given"'), ("Echo", '{"a":1}')]


async def test_what_was_found_is_known_until_something_happens() -> None:
    """Who asks again costs no replay, and new events are seen."""
    async with running(worker()) as engine:
        await engine.start_instance("Parent", instance_id="one")
        await engine.at_rest()

        first = await engine.inputs("one")
        assert await engine.inputs("one") is first
        await engine.advance(timedelta(minutes=1))

        assert (len(first), len(await engine.inputs("one"))) == (1, 5)


async def test_an_instance_that_called_nothing_has_no_inputs() -> None:
    """Neither an unknown instance nor one that has begun anew and waits has anything to be known."""
    async with running(worker()) as engine:
        await engine.start_instance("Again", instance_id="one")
        await engine.at_rest()

        assert (await engine.inputs("one"), await engine.inputs("nobody")) == ({}, {})


async def test_code_that_asks_for_other_things_has_lost_its_inputs(tmp_path: Path) -> None:
    """After a change of the app, what still fits is known, and nothing is made up."""
    store = tmp_path / "hub.db"
    async with running(worker(), store) as engine:
        await engine.start_instance("Parent", instance_id="one")
        await engine.at_rest()
    changed = ScriptedWorker({"Parent": lambda _: Answer(actions=(CallActivity(name="Echo", input="2"),))})

    async with running(changed, store) as engine:
        assert await engine.inputs("one") == {}
    async with running(ScriptedWorker({}), store) as engine:
        assert await engine.inputs("one") == {}


async def test_the_page_shows_a_history_with_inputs() -> None:
    """The page's history is that of the management API, with the inputs that are not in there, and all as values."""
    async with served() as host:
        await host.start("Calls", "one", {"a": 1})

        own = (await ask(host.port, "GET", "/devhost/api/history?instanceId=one")).json
        public = (await host.status("one", "showHistory=true&showHistoryOutput=true"))["historyEvents"]

    assert [event.get("Input") for event in public] == ['{"a": 1}', None, None]
    assert [event.get("Input") for event in own] == [{"a": 1}, 21, None]
    assert [{**event, "Input": None} for event in own] == [{**event, "Input": None} for event in public]


@pytest.mark.parametrize(("new_from", "lines"), [(1, ["function ended"]), (2, [])])
def test_a_look_back_is_no_line(caplog: pytest.LogCaptureFixture, new_from: int, lines: list[str]) -> None:
    """A turn is logged, and a replay in which nothing is new is not: looking at inputs is no work of the app."""
    caplog.set_level(logging.INFO)
    history = (orchestrator_started(Ticks(0)), orchestrator_completed(Ticks(0)))
    call = OrchestratorCall(
        instance_id="one", name="Child", history=history, new_from=new_from, parent_instance_id=None
    )

    LoggedWorker(worker()).orchestrate(call)

    assert caplog.messages == lines
