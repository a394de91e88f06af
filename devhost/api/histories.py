"""The ``historyEvents`` of a status: the stored history, folded and renamed as the management API shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost import lenient_json
from devhost.api.answers import ArgumentError
from devhost.engine.history import EventType, RuntimeStatus
from devhost.ticks import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devhost.engine.history import Event

_SCHEDULES = {
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
}
_ENDS = {
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
}
_TURN_MARKS = {EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED}
_HIDDEN = {"OrchestrationInstance", "ParentInstance", "Version", "TaskScheduledId", "TimerId"}
_HAS_STATUS = {EventType.EXECUTION_COMPLETED, EventType.CONTINUE_AS_NEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much of a history is asked for."""

    inputs: bool
    outputs: bool


def history_events(history: Sequence[Event], detail: Detail) -> list[dict[str, Any]]:
    """Return *history* as a status shows it.

    Raises `ArgumentError` where the real host stumbles: over two schedules of one id, which a replay that took another
    way can leave behind.
    """
    schedules: dict[str, Event] = {}
    ended: set[str] = set()
    for event in history:
        if event.type in _SCHEDULES:
            key = _key(event.type, event.id)
            if key in schedules:
                message = f"An item with the same key has already been added. Key: {key}"
                raise ArgumentError(message)
            schedules[key] = event
        elif event.type in _ENDS:
            ended.add(_schedule_of(event))
    shown = [event for event in history if event.type not in _TURN_MARKS and _own_key(event) not in ended]
    return [_shown(event, schedules, detail) for event in shown]


def _key(kind: EventType, task_id: int) -> str:
    return f"{_SCHEDULES[kind]}_{task_id}"


def _own_key(event: Event) -> str | None:
    return _key(event.type, event.id) if event.type in _SCHEDULES else None


def _schedule_of(end: Event) -> str:
    is_task = end.type in {EventType.TASK_COMPLETED, EventType.TASK_FAILED}
    kind = EventType.TASK_SCHEDULED if is_task else EventType.SUB_ORCHESTRATION_CREATED
    return _key(kind, end.fields["TaskScheduledId"])


def _shown(event: Event, schedules: Mapping[str, Event], detail: Detail) -> dict[str, Any]:
    shown = {"EventType": _name(event.type), **_fields(event, detail), "Timestamp": to_text(event.at)}
    if event.type == EventType.GENERIC_EVENT:
        shown = {"Data": shown.pop("Data"), **shown}
    if event.type == EventType.EXECUTION_STARTED:
        shown["FunctionName"] = shown.pop("Name")
        shown.pop("Tags", None)
    elif event.type in _ENDS and (schedule := schedules.get(_schedule_of(event))):
        shown["ScheduledTime"] = to_text(schedule.at)[:-1] + "+00:00"
        shown["FunctionName"] = schedule.fields["Name"]
        if "InstanceId" in schedule.fields:
            shown["InstanceId"] = schedule.fields["InstanceId"]
        if detail.inputs:
            shown["Input"] = schedule.fields["Input"]
    return shown


def _name(kind: EventType) -> str:
    if kind in _SCHEDULES:
        return _SCHEDULES[kind]
    return _ENDS.get(kind) or "".join(word.capitalize() for word in kind.name.split("_"))


def _fields(event: Event, detail: Detail) -> dict[str, Any]:
    fields = {name: value for name, value in event.fields.items() if name not in _HIDDEN}
    if not detail.inputs and event.type not in _SCHEDULES:
        fields.pop("Input", None)
    if "Result" in fields:
        result = fields.pop("Result")
        if detail.outputs:
            fields = _with_result(fields, lenient_json.shown(result))
    if event.type in _HAS_STATUS:
        fields["OrchestrationStatus"] = RuntimeStatus(fields["OrchestrationStatus"]).label
    return fields


def _with_result(fields: dict[str, Any], result: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON value
    """Put the result back in its place, before the failure details."""
    details = {name: fields.pop(name) for name in ("FailureDetails",) if name in fields}
    return {**fields, "Result": result, **details}
