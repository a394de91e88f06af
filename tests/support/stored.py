"""The words of the store's contract: pieces of work, starts, turns, and what they were loaded as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost.engine.backend import LoadedTurn, NewInstance, TurnCommit
from devhost.engine.history import RuntimeStatus, orchestrator_completed, orchestrator_started
from devhost.engine.turn import Ending, Message, NextExecution, TurnResult
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from devhost.engine.backend import Effects, Unit
    from devhost.engine.history import Event
    from devhost.engine.sqlite import SqliteBackend

NOW = Ticks(17_000_000_000_000_000)


def do(backend: SqliteBackend, work: Callable[[Unit], object]) -> tuple[Any, Effects]:
    """Run one piece of work and return its result, or raise what it raised."""
    [result], effects = backend.transact([work])
    if isinstance(result, BaseException):
        raise result
    return result, effects


def a_start(instance_id: str = "one", **more: Any) -> NewInstance:
    facts = {"execution_id": f"{instance_id}-x", "name": "Flow", "version": None, "input": '{"a":1}', "at": NOW}
    return NewInstance(id=instance_id, **{**facts, **more})


def a_result(
    *decisions: Event,
    messages: tuple[Message, ...] = (),
    ending: Ending | None = None,
    next_execution: NextExecution | None = None,
    is_suspended: bool = False,
    custom_status: str | None = None,
) -> TurnResult:
    return TurnResult(
        decisions=decisions,
        messages=messages,
        ending=ending,
        next_execution=next_execution,
        is_suspended=is_suspended,
        custom_status=custom_status,
    )


COMPLETED = Ending(status=RuntimeStatus.COMPLETED, output="true")


def started(backend: SqliteBackend, instance_id: str = "one", **more: Any) -> LoadedTurn:
    """Start an instance and load its first turn."""
    _, effects = do(backend, lambda unit: unit.start(a_start(instance_id, **more)))
    return loaded(backend, effects)


def loaded(backend: SqliteBackend, effects: Effects) -> LoadedTurn:
    [seq] = effects.woken
    turn = backend.load_turn(seq)
    assert turn is not None
    return turn


def play(backend: SqliteBackend, turn: LoadedTurn, result: TurnResult, **more: Any) -> Effects:
    """Commit a turn."""
    events = [orchestrator_started(NOW), *turn.messages, *result.decisions, orchestrator_completed(NOW)]
    commit = TurnCommit(loaded=turn, events=events, result=result, ended=Ticks(NOW + 5), **more)
    return do(backend, lambda unit: unit.commit_turn(commit))[1]
