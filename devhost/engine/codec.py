"""How events are written into the store: a JSON array each, the values of its fields in their fixed order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devhost.engine.history import Event, EventType, Parent
from devhost.ticks import Ticks

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
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(event: Event) -> str:
    """Return the text of one event."""
    return _ENCODER.encode(_row(event))


def decode(text: str) -> Event:
    """Return the event that *text* says."""
    return event_of(json.loads(text))


def encode_all(events: Iterable[Event]) -> str:
    """Return the text of the events of a turn."""
    return _ENCODER.encode([_row(event) for event in events])


def decode_all(text: str) -> Sequence[Event]:
    """Return the events of a turn."""
    return [event_of(row) for row in json.loads(text)]


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
