"""Calls that lead out of the app: of functions that it does not have, and of servers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from devhost.engine.actions import Answer, CallActivity, CallHttp, CallSubOrchestration, EntityMessage, WhenAny
from devhost.engine.engine import EngineOptions
from devhost.engine.history import EventType, RuntimeStatus
from devhost.engine.worker import ActivityEnd
from tests.support.scripted import ScriptedWorker, running, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.actions import Action
    from devhost.engine.engine import Engine
    from devhost.engine.history import Event

ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)


async def echo(text: str | None) -> str | None:
    """Return what came in."""
    return text


async def ended(engine: Engine, instance_id: str) -> RuntimeStatus:
    """Wait for the end of an instance."""
    one = await engine.wait(instance_id, ENDED, timedelta(seconds=10))
    assert one is not None
    return one.status


async def test_an_unknown_activity_hangs_and_warns(caplog: pytest.LogCaptureFixture) -> None:
    """What waits for ever in Azure waits for ever here, and says so."""
    async with running(
        ScriptedWorker({"Flow": lambda _: Answer(actions=(CallActivity(name="Nowhere", input="1"),))})
    ) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await engine.at_rest()
        one = await engine.instance("one")

    assert one is not None
    assert one.status == RuntimeStatus.RUNNING
    assert "waits for ever" in caplog.text


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (CallActivity(name="Nowhere", input="1"), "activity"),
        (WhenAny(actions=(CallSubOrchestration(name="Nowhere", input=None),)), "orchestrator"),
        (EntityMessage(instance_id="@Nowhere@k", operation="get", input=None, is_signal=False), "entity"),
    ],
)
async def test_a_strict_host_fails_what_would_hang(action: Action, kind: str) -> None:
    """A call of a function that the app does not have ends the orchestration, which says which ones there are."""
    worker = ScriptedWorker({"Flow": lambda _: Answer(actions=(action,))}, {"Echo": echo})
    async with running(worker, options=EngineOptions(is_strict=True)) as engine:
        await engine.start_instance("Flow", instance_id="one")

        assert await ended(engine, "one") == RuntimeStatus.FAILED
        one = await engine.instance("one")

    assert one is not None
    assert (one.output or "").startswith("Orchestrator function 'Flow' failed: The function 'Nowhere' doesn't exist")
    assert f"The following are the known {kind} functions: " in (one.output or "")


async def test_durable_http_is_made_by_what_the_engine_was_given() -> None:
    """The request goes out as the orchestrator wrote it, and its result or its failure comes back."""

    class Web:
        async def call(self, request: str) -> ActivityEnd:
            if request == "[]":
                return ActivityEnd(reason="no", details="d", failure={"ErrorType": "E"})
            return ActivityEnd(result=request)

    def fetches(history: Sequence[Event]) -> Answer:
        ends = [event for event in history if event.type in (EventType.TASK_COMPLETED, EventType.TASK_FAILED)]
        return Answer(actions=(CallHttp(request='{"n":1}'), CallHttp(request="[]")), is_done=len(ends) == 2)

    async with running(ScriptedWorker({"Fetches": fetches}), web=Web()) as engine:
        await engine.start_instance("Fetches", instance_id="one")
        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
        history = await engine.history("one")

    [done] = [event for event in history if event.type == EventType.TASK_COMPLETED]
    [failed] = [event for event in history if event.type == EventType.TASK_FAILED]
    assert done.fields["Result"] == '{"n":1}'
    assert dict(failed.fields) == {
        "TaskScheduledId": 1,
        "Reason": "no",
        "Details": "d",
        "FailureDetails": {"ErrorType": "E"},
    }


async def test_an_engine_without_a_web_fails_durable_http() -> None:
    """The orchestration does not hang."""

    def fetches(history: Sequence[Event]) -> Answer:
        return Answer(actions=(CallHttp(request="{}"),), is_done=seen(history, EventType.TASK_FAILED))

    async with running(ScriptedWorker({"Fetches": fetches})) as engine:
        await engine.start_instance("Fetches", instance_id="one")

        assert await ended(engine, "one") == RuntimeStatus.COMPLETED
