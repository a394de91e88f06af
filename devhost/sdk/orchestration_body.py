"""The body with which the host triggers an orchestrator: the whole history, in the extension's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost import lenient_json, ticks
from devhost.engine.history import INCOMING, NO_ID, EventType
from devhost.json_text import compact

if TYPE_CHECKING:
    from devhost.engine.history import Event
    from devhost.engine.worker import OrchestratorCall

_CONSTANTS = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 3,
    "longRunningTimerIntervalDuration": "3.00:00:00",
    "maximumShortTimerDuration": "6.00:00:00",
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
}
_LEADING_KEYS = {EventType.EXECUTION_STARTED: "OrchestrationInstance", EventType.GENERIC_EVENT: "Data"}
_METADATA_KEYS = frozenset({"$type", "$id"})


def body_text(call: OrchestratorCall) -> str:
    """Return the trigger body of *call*; raise `ValueError` if the instance's input is no JSON."""
    place, started = beginning(call)
    events = zip(call.history, played(call, place), strict=True)
    history = [_written(event, is_played=is_played) for event, is_played in events]
    return compact({"history": history, "input": input_of(started.fields["Input"]), **facts(call, place)})


def beginning(call: OrchestratorCall) -> tuple[int, Event]:
    """Return the event that began the execution, and where it is."""
    return next((index, event) for index, event in enumerate(call.history) if event.type is EventType.EXECUTION_STARTED)


def facts(call: OrchestratorCall, started_at: int) -> dict[str, Any]:
    """Return what a body says besides history and input."""
    return {
        "instanceId": call.instance_id,
        "isReplaying": started_at < call.new_from,
        "parentInstanceId": call.parent_instance_id,
        **_CONSTANTS,
    }


def input_of(text: str | None) -> Any:  # noqa: ANN401  JSON says anything
    """Return the input of an execution that was started with *text*; raise `ValueError` if that is no JSON."""
    value = None if text is None else lenient_json.parse(text)
    if isinstance(value, dict) and next(iter(value), None) in _METADATA_KEYS:
        del value[next(iter(value))]  # the real host's parser takes such a first key for its own
    return value


def played(call: OrchestratorCall, started_at: int) -> list[bool]:
    """Return for each event of the history whether it is marked as played."""
    opened = _end_of_opening(call, started_at)
    marks = [_is_played(call, index, event) for index, event in enumerate(call.history)]
    if opened is not None:
        marks[started_at + 1 : opened] = [True] * (opened - started_at - 1)  # what was carried over
        marks[opened] = marks[opened] or opened < call.new_from
    return marks


def _is_played(call: OrchestratorCall, index: int, event: Event) -> bool:
    """Say whether *event* came from outside in an earlier turn; what the host itself wrote stays unplayed for ever."""
    if index >= call.new_from:
        return False
    return event.type in INCOMING or (event.type is EventType.GENERIC_EVENT and event.id == NO_ID)


def _end_of_opening(call: OrchestratorCall, started_at: int) -> int | None:
    """Return where the opening of a continued execution ends, if it is one.

    A continued execution opens with 12, 0, what was carried over, 13 before its first turn has said anything. So
    nothing precedes that 13 but events, and what follows it is no new turn's 12, unless the first turn decided nothing;
    such an execution is told from a first one by its generation, which only a client's start has.
    """
    history = call.history
    for index in range(started_at + 1, len(history)):
        kind = history[index].type
        if kind is EventType.ORCHESTRATOR_COMPLETED:
            return index if _is_opening(call, started_at, index) else None
        if kind is not EventType.EVENT_RAISED:
            return None
    return None


def _is_opening(call: OrchestratorCall, started_at: int, index: int) -> bool:
    history = call.history
    if call.new_from == 0 or history[index + 1].type is not EventType.ORCHESTRATOR_STARTED:
        return True
    fields = history[started_at].fields
    return fields["Generation"] is None and fields["ParentInstance"] is None


def _written(event: Event, *, is_played: bool) -> dict[str, Any]:
    """Return one event with its keys in the extension's order."""
    fields = dict(event.fields)
    leading = _LEADING_KEYS.get(event.type)
    written: dict[str, Any] = {} if leading is None else {leading: fields.pop(leading, None)}
    written["EventType"] = int(event.type)
    written |= fields
    written["EventId"] = event.id
    written["IsPlayed"] = is_played
    written["Timestamp"] = ticks.to_text(event.at)
    return written
