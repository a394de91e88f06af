"""How events are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devhost.engine import codec, history
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from devhost.engine.history import Event

AT = Ticks(17_000_000_000_000_001)
PARENT = history.Parent(name="P", instance_id="p", execution_id="x", task_id=3, version="1.0")
EVENTS = [
    history.orchestrator_started(AT),
    history.execution_started(
        AT, instance_id="i", execution_id="x", name="N", version=None, input_text='{"a": "\u00fc"}', parent=PARENT
    ),
    history.task_scheduled(AT, 0, "A"),
    history.task_completed(AT, 0, None),
    history.task_failed(AT, 0, "why", "details"),
    history.sub_orchestration_created(AT, 1, "S", None, "i:1"),
    history.sub_orchestration_completed(AT, 1, "1"),
    history.sub_orchestration_failed(AT, 1, "why", None),
    history.timer_created(AT, 2, "2026-01-15T10:00:00Z"),
    history.timer_fired(AT, 2, "2026-01-15T10:00:00Z"),
    history.event_sent(AT, 3, "@counter@k", "op", "{}"),
    history.event_raised(AT, "E", "\ud800"),
    history.execution_suspended(AT, None),
    history.execution_resumed(AT, "go"),
    history.execution_terminated(AT, "stop"),
    history.continued_as_new(AT, 4, '"1"'),
    history.execution_completed(AT, 5, history.RuntimeStatus.COMPLETED, "1"),
    history.orchestrator_completed(AT),
]
STARTED = history.execution_started(
    AT, instance_id="i", execution_id="x", name="N", version=None, input_text="the row's own"
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type.name)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Every kind of event survives the store, its fields in their order."""
    again = codec.event_of(json.loads(codec.encode(event)))

    assert again == event
    assert list(again.fields) == list(event.fields)


def test_a_turn_and_a_parent_come_back() -> None:
    """So do a whole turn and who waits for an instance."""
    assert list(codec.decode_all(codec.encode_all(EVENTS, AT), STARTED)) == EVENTS
    assert codec.decode_parent(codec.encode_parent(PARENT)) == PARENT
    assert codec.decode_parent(codec.encode_parent(None)) is None


def test_the_parent_of_a_start_can_be_read() -> None:
    """ExecutionStarted says who waits."""
    assert history.parent_of(EVENTS[1]) == PARENT


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type.name)
def test_an_event_of_a_history_comes_back_with_all_its_fields(event: Event) -> None:
    """What is left out and counted otherwise in a history is there again in its order when it is read."""
    [again] = codec.decode_all(codec.encode_all([event], AT), STARTED)

    assert again == event
    assert list(again.fields) == list(event.fields)


def test_a_history_does_not_repeat_what_its_row_says() -> None:
    """The ExecutionStarted that the row holds is a mark; one that differs stands there whole."""
    assert codec.encode_all([STARTED], AT, STARTED) == f"[{codec.STARTED}]"
    assert "the row's own" in codec.encode_all([STARTED], AT, EVENTS[1])


@pytest.mark.parametrize("text", ["2026-01-15T10:00:00.1234567Z", "2026-01-15T10:00:00.120Z", "10 o'clock"])
def test_an_instant_comes_back_as_it_was_written(text: str) -> None:
    """Whether a number of ticks can say it or not."""
    event = history.timer_created(AT, 2, text)

    assert codec.decode_all(codec.encode_all([event], AT), STARTED) == [event]
