"""Rewinding on the engine: what failed is taken back and runs again, in the instance where the failure began."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.actions import Answer, CallActivity, CallSubOrchestration
from devhost.engine.history import EventType, RuntimeStatus
from devhost.errors import InstanceNotFoundError, InstanceStateError
from tests.support.scripted import ScriptedWorker, names, running, seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devhost.engine.engine import Engine, Instance
    from devhost.engine.history import Event

ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)


class Repairable:
    """An activity that fails until it was repaired."""

    def __init__(self) -> None:
        self.is_broken = True

    async def run(self, _: str | None) -> Any:
        if self.is_broken:
            message = "broken"
            raise ValueError(message)
        return "fine"


def calls(history: Sequence[Event]) -> Answer:
    """Call Echo and then Act, and fail as soon as one of them does."""
    done = sum(event.type == EventType.TASK_COMPLETED for event in history)
    error = "Act failed" if seen(history, EventType.TASK_FAILED) else None
    actions = (CallActivity(name="Echo", input="1"), CallActivity(name="Act", input="2"))[: done + 1]
    return Answer(actions=actions, is_done=done == 2, error=error, output='"done"')


def nests(history: Sequence[Event]) -> Answer:
    """Call the child, and fail if it does."""
    error = "child failed" if seen(history, EventType.SUB_ORCHESTRATION_FAILED) else None
    child = CallSubOrchestration(name="Calls", input=None, instance_id="kid")
    return Answer(actions=(child,), is_done=seen(history, EventType.SUB_ORCHESTRATION_COMPLETED), error=error)


def raises(_: Sequence[Event]) -> Answer:
    return Answer(is_done=True, error="own fault")


def worker(act: Repairable) -> ScriptedWorker:
    async def echo(text: str | None) -> Any:
        return text

    return ScriptedWorker({"Calls": calls, "Nests": nests, "Raises": raises}, {"Echo": echo, "Act": act.run})


async def at_end(engine: Engine, instance_id: str = "one") -> Instance:
    one = await engine.wait(instance_id, ENDED, timedelta(seconds=10))
    assert one is not None
    return one


async def test_a_failed_activity_runs_again_under_its_id() -> None:
    """What had succeeded does not run again; the events of the failure stay in their places, blank."""
    act = Repairable()
    scripts = worker(act)
    async with running(scripts) as engine:
        await engine.start_instance("Calls", instance_id="one")
        assert (await at_end(engine)).status == RuntimeStatus.FAILED
        before = await engine.history("one")

        act.is_broken = False
        await engine.rewind("one", "repaired")
        await engine.at_rest()
        one = await at_end(engine)
        after = await engine.history("one")

    assert (one.status, one.output) == (RuntimeStatus.COMPLETED, '"done"')
    assert scripts.runs == {"Echo": 1, "Act": 2}
    assert names(after) == [
        *("EXECUTION_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED", "GENERIC_EVENT", "GENERIC_EVENT", "GENERIC_EVENT"),
        *("GENERIC_EVENT", "TASK_SCHEDULED", "TASK_COMPLETED", "EXECUTION_COMPLETED"),
    ]
    blank = [(event.at, event.id) for event in after if event.type == EventType.GENERIC_EVENT][:3]
    taken = [(event.at, event.id) for old, event in zip(before, before, strict=True) if old.type in {4, 6, 1}]
    assert blank == [taken[1], taken[2], taken[3]]
    assert [event.fields["Data"] for event in after if event.type == EventType.GENERIC_EVENT] == [
        *(None, None, None),
        "repaired",
    ]
    assert [event.id for event in after if event.type == EventType.TASK_SCHEDULED] == [0, 1]


async def test_a_rewound_instance_may_fail_again_and_be_rewound_again() -> None:
    """While it is not repaired, the failure comes back."""
    act = Repairable()
    async with running(worker(act)) as engine:
        await engine.start_instance("Calls", instance_id="one")
        await at_end(engine)
        await engine.rewind("one", None)
        await engine.at_rest()
        assert (await at_end(engine)).status == RuntimeStatus.FAILED

        act.is_broken = False
        await engine.rewind("one", None)
        await engine.at_rest()

        assert (await at_end(engine)).status == RuntimeStatus.COMPLETED


async def test_a_failed_child_is_rewound_and_its_parent_hears_the_new_end() -> None:
    """Only the child runs its activity again; the parent keeps its call and waits for the answer to it."""
    act = Repairable()
    scripts = worker(act)
    async with running(scripts) as engine:
        await engine.start_instance("Nests", instance_id="one")
        assert (await at_end(engine)).status == RuntimeStatus.FAILED

        act.is_broken = False
        await engine.rewind("one", "repaired")
        await engine.at_rest()
        one, kid = await at_end(engine), await at_end(engine, "kid")
        history = await engine.history("one")

    assert (one.status, kid.status) == (RuntimeStatus.COMPLETED, RuntimeStatus.COMPLETED)
    assert scripts.runs == {"Echo": 1, "Act": 2}
    assert names(history).count("SUB_ORCHESTRATION_CREATED") == 1
    assert {event.fields["Data"] for event in history if event.type == EventType.GENERIC_EVENT} == {None}


async def test_a_child_that_cannot_be_rewound_starts_again() -> None:
    """One that was purged meanwhile begins anew under its id."""
    act = Repairable()
    scripts = worker(act)
    async with running(scripts) as engine:
        await engine.start_instance("Nests", instance_id="one")
        await at_end(engine)
        await engine.purge("kid")

        act.is_broken = False
        await engine.rewind("one", None)
        await engine.at_rest()

        assert (await at_end(engine)).status == RuntimeStatus.COMPLETED
    assert scripts.runs == {"Echo": 2, "Act": 2}


async def test_an_orchestrator_that_failed_by_itself_fails_again() -> None:
    """Its function is called once more, with the same history."""
    async with running(worker(Repairable())) as engine:
        await engine.start_instance("Raises", instance_id="one")
        await at_end(engine)

        await engine.rewind("one", None)
        await engine.at_rest()

        one = await at_end(engine)
        assert names(await engine.history("one")).count("EXECUTION_COMPLETED") == 1
    assert (one.status, one.output) == (RuntimeStatus.FAILED, "Orchestrator function 'Raises' failed: own fault")


async def test_only_failed_instances_can_be_rewound() -> None:
    """Others are refused, with their state; unknown ones are unknown."""
    act = Repairable()
    act.is_broken = False
    async with running(worker(act)) as engine:
        with pytest.raises(InstanceNotFoundError):
            await engine.rewind("nobody", None)
        await engine.start_instance("Calls", instance_id="one")
        await at_end(engine)

        with pytest.raises(InstanceStateError) as refused:
            await engine.rewind("one", None)

    assert refused.value.status == "Completed"


async def test_a_rewind_that_was_committed_survives_a_restart(tmp_path: Path) -> None:
    """The history that a new process reads is the rewound one."""
    path, act = tmp_path / "hub.db", Repairable()
    async with running(worker(act), path) as engine:
        await engine.start_instance("Calls", instance_id="one")
        await at_end(engine)
        engine._turns.stop()
        await engine.rewind("one", None)
    act.is_broken = False
    async with running(worker(act), path) as engine:
        assert (await at_end(engine)).status == RuntimeStatus.COMPLETED
