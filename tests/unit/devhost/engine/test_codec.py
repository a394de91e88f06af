"""How events are written."""

from __future__ import annotations

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


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type.name)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Every kind of event survives the store, its fields in their order."""
    again = codec.decode(codec.encode(event))

    assert again == event
    assert list(again.fields) == list(event.fields)


def test_a_turn_and_a_parent_come_back() -> None:
    """So do a whole turn and who waits for an instance."""
    assert list(codec.decode_all(codec.encode_all(EVENTS))) == EVENTS
    assert codec.decode_parent(codec.encode_parent(PARENT)) == PARENT
    assert codec.decode_parent(codec.encode_parent(None)) is None


def test_the_parent_of_a_start_can_be_read() -> None:
    """ExecutionStarted says who waits."""
    assert history.parent_of(EVENTS[1]) == PARENT
