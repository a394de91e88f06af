"""The history that a turn begins with is the one in the store, whatever happened to it a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.backend import LoadedTurn, Query, TurnCommit
from devhost.engine.history import (
    EventType,
    RuntimeStatus,
    event_raised,
    execution_completed,
    execution_started,
    generic_event,
    orchestrator_completed,
    orchestrator_started,
    task_failed,
    task_scheduled,
    timer_created,
)
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.turn import Ending, RunActivity
from devhost.errors import HostError
from tests.support.stored import NOW, a_result, do, play, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devhost.engine.backend import Unit


@pytest.fixture(params=["file", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteBackend]:
    """A new store."""
    store = SqliteBackend(tmp_path / "hub.db" if request.param == "file" else None)
    yield store
    store.close()


def stored(backend: SqliteBackend, turn: LoadedTurn | None) -> bool:
    """Whether a turn begins with what the store holds of its instance."""
    assert turn is not None
    return list(turn.past) == list(backend.history(turn.instance.id))


def failed(backend: SqliteBackend, instance_id: str = "one", **more: Any) -> LoadedTurn:
    """Start an instance, and let an activity of it fail, and then the instance."""
    first = started(backend, instance_id, **more)
    play(
        backend,
        first,
        a_result(task_scheduled(NOW, 0, "Act"), messages=(RunActivity(task_id=0, name="Act", input=None),)),
    )
    do(backend, lambda unit: unit.send(instance_id, task_failed(NOW, 0, "no", None)))
    turn = backend.load_turn(first.seq)
    assert turn is not None
    end = execution_completed(NOW, 1, RuntimeStatus.FAILED, "no")
    play(backend, turn, a_result(end, ending=Ending(status=RuntimeStatus.FAILED, output="no")))
    return turn


def test_every_turn_begins_with_the_stored_history(backend: SqliteBackend) -> None:
    """Turn after turn, and in the execution after a continue-as-new; what an event held is what was written."""
    turn = started(backend)
    for number in range(3):
        play(backend, turn, a_result(timer_created(NOW, number, "2026-01-15T10:00:00Z")))
        do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", '"\ud83d {}"')))
        turn = backend.load_turn(turn.seq) or turn
        assert (turn.turns, stored(backend, turn)) == (number + 1, True)
    following = execution_started(
        NOW, instance_id="one", execution_id="two", name="Flow", version=None, input_text="1", generation=None
    )
    events = [orchestrator_started(NOW), following, orchestrator_completed(NOW)]

    play(backend, turn, a_result(), next_started=following, next_events=events)

    assert stored(backend, backend.load_turn(turn.seq))


def test_a_rewound_history_is_read_anew(backend: SqliteBackend) -> None:
    """Failures are blank in the turn that a rewind causes."""
    turn = failed(backend)

    do(backend, lambda unit: unit.rewind("one", generic_event(NOW, data="why")))

    again = backend.load_turn(turn.seq)
    assert stored(backend, again)
    assert again is not None
    assert [event.type for event in again.past] == [12, 0, 17, 13, 12, 17, 17, 13]
    assert [event.type for event in again.messages] == [EventType.GENERIC_EVENT]
    assert again.instance.status == RuntimeStatus.PENDING


def test_a_history_does_not_outlive_its_instance(backend: SqliteBackend) -> None:
    """An id that was purged, or replaced, begins with nothing, and an instance that came back with its first turn."""
    failed(backend)
    do(backend, lambda unit: unit.purge("one"))
    assert stored(backend, started(backend, execution_id="again"))
    failed(backend, "two")
    assert stored(backend, started(backend, "two", execution_id="again"))
    first = started(backend, "three")
    do(backend, lambda unit: unit.purge_where(Query(id_prefix="three")))

    play(backend, first, a_result())
    do(backend, lambda unit: unit.send("three", event_raised(NOW, "E", "1")))

    back = backend.load_turn(first.seq)
    assert stored(backend, back)
    assert [event.type for event in (back or first).past] == [12, 0, 13]


def test_only_histories_that_a_turn_may_need_are_kept(backend: SqliteBackend) -> None:
    """One that has ended makes room at once."""
    play(backend, started(backend, "alive"), a_result())
    failed(backend)

    assert [recent.execution_id for recent in backend._recent._kept.values()] == ["alive-x"]


def test_a_commit_that_is_refused_leaves_no_history_behind(tmp_path: Path) -> None:
    """What a broken transaction would have written is not taken for written."""
    backend = SqliteBackend(tmp_path / "hub.db")
    first = started(backend)
    events = [orchestrator_started(NOW), *first.messages, orchestrator_completed(NOW)]
    commit = TurnCommit(loaded=first, events=events, result=a_result(), ended=NOW)

    def breaks(unit: Unit) -> None:
        unit.commit_turn(commit)
        unit.note("key", None)  # type: ignore[arg-type]  # the store refuses it

    [refused], _ = backend.transact([breaks])

    again = backend.load_turn(first.seq)
    backend_holds = stored(backend, again)
    backend.close()
    assert isinstance(refused, HostError)
    assert backend_holds
    assert again is not None
    assert again.past == ()
