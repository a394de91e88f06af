"""How events are written into the store: a JSON array each, the values of its fields in their fixed order.

In a history an event is written briefly: its instants count from the beginning of the execution, the fields at its end
that are None are left out, and of the ExecutionStarted only those stand there that the instance's row does not have.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from devhost.engine.history import NO_ID, Event, EventType, Parent
from devhost.ticks import Ticks, from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_END = ("OrchestrationStatus", "Result", "FailureDetails")
_DONE = ("TaskScheduledId", "Result")
_FAILED = ("TaskScheduledId", "Reason", "Details", "FailureDetails")
_FIELDS: dict[EventType, tuple[str, ...]] = {
    EventType.EXECUTION_STARTED: (
        "OrchestrationInstance",
        "ParentInstance",
        "Name",
        "Version",
        "Input",
        "Tags",
        "Correlation",
        "ParentTraceContext",
        "ScheduledStartTime",
        "Generation",
        "GenerateNewTrace",
    ),
    EventType.EXECUTION_COMPLETED: _END,
    EventType.EXECUTION_TERMINATED: ("Input",),
    EventType.TASK_SCHEDULED: ("Name", "Version", "Input", "ParentTraceContext", "Tags"),
    EventType.TASK_COMPLETED: _DONE,
    EventType.TASK_FAILED: _FAILED,
    EventType.SUB_ORCHESTRATION_CREATED: ("Name", "Version", "InstanceId", "Input", "ClientSpanId", "Tags"),
    EventType.SUB_ORCHESTRATION_COMPLETED: _DONE,
    EventType.SUB_ORCHESTRATION_FAILED: _FAILED,
    EventType.TIMER_CREATED: ("FireAt",),
    EventType.TIMER_FIRED: ("TimerId", "FireAt"),
    EventType.ORCHESTRATOR_STARTED: (),
    EventType.ORCHESTRATOR_COMPLETED: (),
    EventType.EVENT_SENT: ("InstanceId", "Name", "Input"),
    EventType.EVENT_RAISED: ("Name", "Input", "ParentTraceContext"),
    EventType.CONTINUE_AS_NEW: _END,
    EventType.GENERIC_EVENT: ("Data",),
    EventType.EXECUTION_SUSPENDED: ("Reason",),
    EventType.EXECUTION_RESUMED: ("Reason",),
}
_TYPES = tuple(EventType)
_TIMERS = frozenset({EventType.TIMER_CREATED, EventType.TIMER_FIRED})  # their last field is an instant
STARTED = "[0]"
"""Stands for the ExecutionStarted that an instance's row holds."""
_STARTED = [int(EventType.EXECUTION_STARTED)]
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(event: Event) -> str:
    """Return the text of one event."""
    return _ENCODER.encode(_row(event))


def encode_all(events: Iterable[Event], since: Ticks, started: Event | None = None) -> str:
    """Return the text of the events of a turn, counted from *since*; *started* is the beginning as the row has it."""
    return _ENCODER.encode([_STARTED if _is(event, started) else _brief(event, since) for event in events])


def decode_all(text: str, started: Event) -> Sequence[Event]:
    """Return the events of a turn; *started* is the beginning as the instance's row has it."""
    return [started if is_started(row) else _from_brief(row, started.at) for row in json.loads(text)]


def is_started(row: list[Any]) -> bool:
    """Say whether an array stands for the ExecutionStarted that the instance's row holds."""
    return row == _STARTED


def encode_parent(parent: Parent | None) -> str | None:
    """Return the text of a parent."""
    if parent is None:
        return None
    return json.dumps([parent.name, parent.instance_id, parent.execution_id, parent.task_id, parent.version])


def decode_parent(text: str | None) -> Parent | None:
    """Return the parent that *text* says."""
    if text is None:
        return None
    name, instance_id, execution_id, task_id, version = json.loads(text)
    return Parent(name=name, instance_id=instance_id, execution_id=execution_id, task_id=task_id, version=version)


def _row(event: Event) -> list[Any]:
    fields = event.fields
    return [int(event.type), event.at, event.id, *(fields[key] for key in _FIELDS[event.type])]


def event_of(row: list[Any]) -> Event:
    """Return the event that the array *row* says."""
    kind = _TYPES[row[0]]
    return Event(kind, Ticks(row[1]), row[2], dict(zip(_FIELDS[kind], row[3:], strict=True)))


def _is(event: Event, started: Event | None) -> bool:
    return event.type is EventType.EXECUTION_STARTED and event == started


def _brief(event: Event, since: Ticks) -> list[Any]:
    """Return *event* with instants counted from *since*, and without the usual at its end."""
    row = _row(event)
    row[1] -= since
    if event.type in _TIMERS:
        row[-1] = _counted(row[-1], since)
    while row[-1] is None:
        row.pop()
    return row[:2] if row[2:] == [NO_ID] else row


def _from_brief(row: list[Any], since: Ticks) -> Event:
    kind = _TYPES[row[0]]
    fields: dict[str, Any] = dict.fromkeys(_FIELDS[kind])
    fields.update(zip(_FIELDS[kind], row[3:], strict=False))  # those left out are None
    if kind in _TIMERS and isinstance(row[-1], int):
        fields["FireAt"] = to_text(Ticks(since + row[-1]))
    return Event(kind, Ticks(since + row[1]), row[2] if len(row) > 2 else NO_ID, fields)  # noqa: PLR2004  behind type and instant


def _counted(fire_at: str, since: Ticks) -> str | int:
    """Return an instant as a number of ticks, if that says it exactly as it is written."""
    with contextlib.suppress(ValueError):
        at = from_text(fire_at)
        if to_text(at) == fire_at:
            return at - since
    return fire_at
