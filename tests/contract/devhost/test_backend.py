"""What every store of devhost promises; run against a file and against the one that lives with the process."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from devhost.engine.backend import PendingTimer, Query, TurnCommit
from devhost.engine.history import (
    EventType,
    Parent,
    RuntimeStatus,
    event_raised,
    execution_completed,
    execution_resumed,
    execution_started,
    execution_suspended,
    execution_terminated,
    orchestrator_completed,
    orchestrator_started,
    task_completed,
    task_scheduled,
    timer_created,
)
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.turn import ArmTimer, Ending, Message, RunActivity
from devhost.errors import (
    HostError,
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    InstanceStateError,
)
from devhost.ticks import Ticks
from tests.support.stored import COMPLETED, NOW, a_result, a_start, do, loaded, play, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devhost.engine.backend import Unit

LONG = json.dumps({f"field{number}": "\u00fc" for number in range(20)}, ensure_ascii=False)


@pytest.fixture(params=["file", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteBackend]:
    """A new store."""
    store = SqliteBackend(tmp_path / "hub.db" if request.param == "file" else None)
    yield store
    store.close()


def test_a_start_is_pending_with_its_first_message(backend: SqliteBackend) -> None:
    """A started instance waits with its ExecutionStarted for the first turn."""
    turn = started(backend)

    assert backend.instance("one") == turn.instance
    assert turn.instance.status == RuntimeStatus.PENDING
    assert [event.type for event in turn.messages] == [EventType.EXECUTION_STARTED]
    assert turn.messages[0].fields["Input"] == '{"a":1}'
    assert list(turn.past) == []


def test_a_second_start_of_a_living_id_is_refused(backend: SqliteBackend) -> None:
    """An id that has not ended cannot be started again, and nothing of the attempt stays."""
    started(backend)

    with pytest.raises(InstanceExistsError) as refused:
        do(backend, lambda unit: unit.start(a_start(input="2")))

    assert refused.value.status == "Pending"
    one = backend.instance("one")
    assert one is not None
    assert one.input == '{"a":1}'


def test_an_ended_id_is_replaced_and_counts_its_generations(backend: SqliteBackend) -> None:
    """The new instance has a history of its own and a generation one higher."""
    play(backend, started(backend), a_result(ending=COMPLETED, custom_status='"old"'))

    turn = started(backend, execution_id="again")

    assert turn.messages[0].fields["Generation"] == 1
    assert list(turn.past) == []
    assert turn.instance.custom_status is None


def test_a_turn_is_written_whole(backend: SqliteBackend) -> None:
    """History, status, work and timers of a turn appear together, and its messages are gone."""
    turn = started(backend)
    decided = a_result(
        task_scheduled(NOW, 0, "Act"),
        timer_created(NOW, 1, "2026-01-15T10:00:00Z"),
        messages=(
            RunActivity(task_id=0, name="Act", input="1"),
            ArmTimer(timer_id=1, fire_at=Ticks(NOW + 9), created=NOW),
        ),
        custom_status='{"n":1}',
    )

    effects = play(backend, turn, decided)

    one = backend.instance("one")
    assert one is not None
    assert (one.status, one.custom_status, one.updated) == (RuntimeStatus.RUNNING, '{"n":1}', NOW + 5)
    assert [event.type for event in backend.history("one")] == [12, 0, 4, 10, 13]
    assert [activity.name for activity in effects.activities] == ["Act"]
    assert effects.timers == [PendingTimer(NOW + 9, turn.seq, 1)]
    assert backend.load_turn(turn.seq) is None


def test_all_fields_of_an_event_come_back(backend: SqliteBackend) -> None:
    """What is read is what was written, odd characters and half surrogates included."""
    turn = started(backend)
    event = event_raised(NOW, "Gr\u00fc\u00dfe\n", '"\ud83d \U0001f44b"')
    do(backend, lambda unit: unit.send("one", event))

    again = backend.load_turn(turn.seq)

    assert again is not None
    assert again.messages[1] == event


def test_messages_that_come_during_a_turn_wait_for_the_next(backend: SqliteBackend) -> None:
    """A turn consumes what it loaded, and nothing else."""
    turn = started(backend)
    do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", "1")))

    play(backend, turn, a_result())

    again = backend.load_turn(turn.seq)
    assert again is not None
    assert [event.fields["Name"] for event in again.messages] == ["E"]
    assert [event.type for event in again.past] == [12, 0, 13]


def test_an_activity_ends_once(backend: SqliteBackend) -> None:
    """A second end of the same activity is dropped."""
    effects = play(backend, started(backend), a_result(messages=(RunActivity(task_id=0, name="Act", input=None),)))
    [pending] = effects.activities

    for _ in range(2):
        do(backend, lambda unit: unit.finish_activity(pending.number, task_completed(NOW, 0, "1")))

    turn = backend.load_turn(pending.seq)
    assert turn is not None
    assert [event.type for event in turn.messages] == [EventType.TASK_COMPLETED]


def test_a_timer_fires_once_and_tells_when_it_was_made(backend: SqliteBackend) -> None:
    """TimerFired carries the creation time of its timer, as the real host writes it."""
    message = ArmTimer(timer_id=3, fire_at=Ticks(NOW + 9), created=Ticks(NOW + 1))
    effects = play(backend, started(backend), a_result(messages=(message,)))
    [timer] = effects.timers
    assert backend.has_timer(timer)

    for _ in range(2):
        do(backend, lambda unit: unit.fire([timer]))

    turn = backend.load_turn(timer.seq)
    assert turn is not None
    assert [(event.type, event.at, event.fields["TimerId"]) for event in turn.messages] == [(11, NOW + 1, 3)]
    assert not backend.has_timer(timer)


def test_the_end_leaves_nothing_to_do(backend: SqliteBackend) -> None:
    """An ended instance has no timers and takes no messages; a running activity's result is dropped."""
    messages: tuple[Message, ...] = (
        RunActivity(task_id=0, name="Act", input=None),
        ArmTimer(timer_id=1, fire_at=Ticks(NOW + 9), created=NOW),
    )
    first = play(backend, started(backend), a_result(messages=messages))
    do(backend, lambda unit: unit.send("one", execution_terminated(NOW, "why")))
    turn = backend.load_turn(first.activities[0].seq)
    assert turn is not None

    play(backend, turn, a_result(ending=Ending(status=RuntimeStatus.TERMINATED, output="why")))
    do(backend, lambda unit: unit.finish_activity(first.activities[0].number, task_completed(NOW, 0, "1")))

    assert not backend.has_timer(first.timers[0])
    assert backend.load_turn(turn.seq) is None
    with pytest.raises(InstanceEndedError):
        do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", "1")))


def test_signals_to_nobody_are_refused(backend: SqliteBackend) -> None:
    """An unknown id is an error of its own."""
    with pytest.raises(InstanceNotFoundError):
        do(backend, lambda unit: unit.send("nobody", event_raised(NOW, "E", "1")))


def test_suspend_and_resume_check_the_committed_state(backend: SqliteBackend) -> None:
    """Suspending a Suspended instance and resuming another one is refused; reasons stand in the output."""
    turn = started(backend)
    with pytest.raises(InstanceStateError):
        do(backend, lambda unit: unit.resume("one", execution_resumed(NOW, None)))
    do(backend, lambda unit: unit.suspend("one", execution_suspended(NOW, "lunch")))
    again = backend.load_turn(turn.seq)
    assert again is not None

    play(backend, again, a_result(is_suspended=True))

    one = backend.instance("one")
    assert one is not None
    assert (one.status, one.output) == (RuntimeStatus.SUSPENDED, "lunch")
    with pytest.raises(InstanceStateError):
        do(backend, lambda unit: unit.suspend("one", execution_suspended(NOW, None)))
    do(backend, lambda unit: unit.resume("one", execution_resumed(NOW, None)))


def test_a_parent_hears_of_its_childs_end(backend: SqliteBackend) -> None:
    """The end of a child is a message to the execution that called it, and to no other."""
    play(backend, started(backend, "mum"), a_result())
    kin = [
        a_start("kid", parent=Parent(name="Flow", instance_id="mum", execution_id=execution, task_id=2))
        for execution in ("mum-x", "of another time")
    ]

    heard = []
    for kid in kin:
        effects = play(backend, started(backend, f"other{kid.parent}"), a_result(), children=[kid])
        child = next(turn for turn in map(backend.load_turn, effects.woken) if turn)
        heard.append(play(backend, child, a_result(ending=COMPLETED)))

    mum = loaded(backend, heard[0])
    assert [(event.type, event.fields["TaskScheduledId"]) for event in mum.messages] == [(8, 2)]
    assert heard[1].woken == set()


def test_a_child_replaces_whatever_had_its_id(backend: SqliteBackend) -> None:
    """A running instance of that id is gone, and so is the commit of its turn."""
    old = started(backend, "kid")
    parent = Parent(name="Flow", instance_id="mum", execution_id="mum-x", task_id=0)

    play(backend, started(backend, "mum"), a_result(), children=[a_start("kid", execution_id="new", parent=parent)])
    play(backend, old, a_result(ending=COMPLETED))

    one = backend.instance("kid")
    assert one is not None
    assert (one.execution_id, one.status) == ("new", RuntimeStatus.PENDING)


def test_continue_as_new_begins_a_fresh_execution(backend: SqliteBackend) -> None:
    """The old history is gone, the new one is there before its first turn is answered, and messages wait."""
    turn = started(backend)
    following = execution_started(
        NOW, instance_id="one", execution_id="two", name="Flow", version=None, input_text='"1"', generation=None
    )
    events = [orchestrator_started(NOW), following, orchestrator_completed(NOW)]

    effects = play(backend, turn, a_result(), next_started=following, next_events=events)
    do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", "1")))

    fresh = loaded(backend, effects)
    assert fresh.is_fresh
    assert [event.type for event in fresh.past] == [12, 0, 13]
    assert list(fresh.messages) == []
    assert (fresh.instance.execution_id, fresh.instance.input) == ("two", '"1"')
    commit = TurnCommit(loaded=fresh, events=[], result=a_result(), ended=NOW)
    do(backend, lambda unit: unit.commit_turn(commit))
    then = backend.load_turn(fresh.seq)
    assert then is not None
    assert [event.type for event in then.messages] == [EventType.EVENT_RAISED]


def test_purge_forgets_only_what_has_ended(backend: SqliteBackend) -> None:
    """A living instance stays; an ended one is gone with its history; an unknown one is an error."""
    turn = started(backend)
    with pytest.raises(InstanceStateError):
        do(backend, lambda unit: unit.purge("one"))
    play(backend, turn, a_result(ending=COMPLETED))

    assert do(backend, lambda unit: unit.purge("one"))[0] is True

    assert backend.instance("one") is None
    assert backend.history("one") == []
    with pytest.raises(InstanceNotFoundError):
        do(backend, lambda unit: unit.purge("one"))
    assert do(backend, lambda unit: unit.purge("@nobody@x"))[0] is False


def test_bulk_purge_takes_running_ones_too(backend: SqliteBackend) -> None:
    """Without statuses everything in the window goes; a first turn under way brings its instance back."""
    first = started(backend, "first")
    later = started(backend, "later")
    play(backend, later, a_result())
    do(backend, lambda unit: unit.send("later", event_raised(NOW, "E", "1")))
    second_turn = backend.load_turn(later.seq)
    assert second_turn is not None

    assert do(backend, lambda unit: unit.purge_where(Query(created_from=NOW)))[0] == 2
    play(backend, first, a_result())
    play(backend, second_turn, a_result())

    one = backend.instance("first")
    assert one is not None
    assert one.status == RuntimeStatus.RUNNING
    assert backend.instance("later") is None


def test_lists_are_ordered_filtered_and_paged(backend: SqliteBackend) -> None:
    """Ids come in ordinal order, by pages, and all conditions must hold."""
    for instance_id in ("b", "a", "B", "_", "ab"):
        started(backend, instance_id, at=Ticks(NOW + len(instance_id)))

    first = backend.instances(Query(), 2, "")
    rest = backend.instances(Query(), 5, first.next_after or "")

    assert [one.id for one in first.instances] == ["B", "_"]
    assert [one.id for one in rest.instances] == ["a", "ab", "b"]
    assert rest.next_after is None
    assert [one.id for one in backend.instances(Query(id_prefix="a"), 9, "").instances] == ["a", "ab"]
    assert [one.id for one in backend.instances(Query(created_from=Ticks(NOW + 2)), 9, "").instances] == ["ab"]
    assert len(backend.instances(Query(created_to=Ticks(NOW + 1)), 9, "").instances) == 4
    assert not backend.instances(Query(statuses=frozenset({RuntimeStatus.FAILED})), 9, "").instances


def test_an_instance_that_never_runs_can_be_terminated(backend: SqliteBackend) -> None:
    """Its end has no history."""
    turn = started(backend)

    do(backend, lambda unit: unit.end_unstarted("one", execution_terminated(NOW, "why")))

    one = backend.instance("one")
    assert one is not None
    assert (one.status, one.output) == (RuntimeStatus.TERMINATED, "why")
    assert backend.load_turn(turn.seq) is None


def test_a_refused_piece_leaves_the_others_in_place(backend: SqliteBackend) -> None:
    """Writes that share a commit do not share their refusals."""
    results, _ = backend.transact(
        [
            lambda unit: unit.start(a_start("one")),
            lambda unit: unit.start(a_start("one")),
            lambda unit: unit.start(a_start("two")),
        ]
    )

    assert [type(result) for result in results] == [type(None), InstanceExistsError, type(None)]
    assert [one.id for one in backend.instances(Query(), 9, "").instances] == ["one", "two"]


def test_a_piece_that_breaks_costs_only_itself(backend: SqliteBackend) -> None:
    """A write that the database refuses is rolled back alone."""

    def breaks(unit: Unit) -> None:
        unit.start(a_start("broken"))
        message = "no such thing"
        raise sqlite3.OperationalError(message)

    results, effects = backend.transact([breaks, lambda unit: unit.start(a_start("whole"))])

    assert isinstance(results[0], HostError)
    assert results[1] is None
    assert [one.id for one in backend.instances(Query(), 9, "").instances] == ["whole"]
    assert len(effects.woken) == 1


def test_a_start_may_replace_a_living_instance_if_it_says_so(backend: SqliteBackend) -> None:
    """The old one is gone with all that it waited for, and the new one counts a generation further."""
    first = started(backend, "x")

    second = started(backend, "x", replaces_living=True)

    assert second.seq != first.seq
    assert second.generation == 1
    assert backend.pending().woken == {second.seq}


def test_a_completion_event_is_kept_as_decided(backend: SqliteBackend) -> None:
    """The history ends with the completion that the turn decided."""
    end = execution_completed(NOW, 0, RuntimeStatus.COMPLETED, "true")

    play(backend, started(backend), a_result(end, ending=COMPLETED))

    assert [event.type for event in backend.history("one")] == [12, 0, 1, 13]


def test_long_texts_are_read_as_they_were_written(backend: SqliteBackend) -> None:
    """Input, custom status, output and history, from memory and from the file."""
    first = started(backend, input=LONG, execution_id="3d43ca79-081e-48c7-ab54-8534d4f1c720")
    ended = execution_completed(NOW, 0, RuntimeStatus.COMPLETED, LONG)
    ending = Ending(status=RuntimeStatus.COMPLETED, output=LONG)

    effects = play(backend, first, a_result(custom_status=LONG))
    do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", LONG)))
    second = backend.load_turn(first.seq)
    assert second is not None
    play(backend, second, a_result(ended, ending=ending, custom_status=LONG))

    one = backend.instance("one")
    assert one is not None
    assert effects.changed == {"one"}
    assert second.instance.custom_status == second.instance.input == LONG
    assert (one.input, one.custom_status, one.output) == (LONG, LONG, LONG)
    assert one.execution_id == first.instance.execution_id == "3d43ca79-081e-48c7-ab54-8534d4f1c720"
    history = backend.history("one")
    assert [event for event in history if event.type is EventType.EXECUTION_STARTED] == list(first.messages)
    assert [event for event in history if event.type is EventType.EVENT_RAISED] == list(second.messages)
    assert history[-2] == ended


def test_a_custom_status_that_a_turn_does_not_change_stays(backend: SqliteBackend) -> None:
    """And one that it takes away is gone."""
    first = started(backend)
    seen = []
    for status in ('"a"', '"a"', None):
        do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", "1")))
        turn = backend.load_turn(first.seq)
        assert turn is not None
        play(backend, turn, a_result(custom_status=status))
        one = backend.instance("one")
        assert one is not None
        seen.append(one.custom_status)

    assert seen == ['"a"', '"a"', None]


def test_the_status_of_a_turn_without_events_is_not_forgotten(backend: SqliteBackend) -> None:
    """The first turn of a continued execution may set one and decide nothing."""
    turn = started(backend)
    following = execution_started(
        NOW, instance_id="one", execution_id="two", name="Flow", version=None, input_text='"1"', generation=None
    )
    events = [orchestrator_started(NOW), following, orchestrator_completed(NOW)]
    fresh = loaded(backend, play(backend, turn, a_result(), next_started=following, next_events=events))
    commit = TurnCommit(loaded=fresh, events=[], result=a_result(custom_status='"new"'), ended=NOW)
    do(backend, lambda unit: unit.commit_turn(commit))
    do(backend, lambda unit: unit.send("one", event_raised(NOW, "E", "1")))

    then = backend.load_turn(fresh.seq)

    assert then is not None
    assert then.instance.custom_status == '"new"'
