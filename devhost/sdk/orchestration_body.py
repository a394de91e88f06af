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
    place, started = next(
        (index, event) for index, event in enumerate(call.history) if event.type is EventType.EXECUTION_STARTED
    )
    body = {
        "history": _history(call, place),
        "input": _input(started),
        "instanceId": call.instance_id,
        "isReplaying": place < call.new_from,
        "parentInstanceId": call.parent_instance_id,
        **_CONSTANTS,
    }
    return compact(body)


def _input(started: Event) -> Any:  # noqa: ANN401  JSON says anything
    text = started.fields["Input"]
    value = None if text is None else lenient_json.parse(text)
    if isinstance(value, dict) and next(iter(value), None) in _METADATA_KEYS:
        del value[next(iter(value))]  # the real host's parser takes such a first key for its own
    return value


def _history(call: OrchestratorCall, started_at: int) -> list[dict[str, Any]]:
    opened = _end_of_opening(call, started_at)
    carried = range(started_at + 1, opened if opened is not None else 0)
    return [
        _written(event, is_played=_is_played(call, index, event) or index in carried or _is_old(call, index, opened))
        for index, event in enumerate(call.history)
    ]


def _is_played(call: OrchestratorCall, index: int, event: Event) -> bool:
    """Say whether *event* came from outside in an earlier turn; what the host itself wrote stays unplayed for ever."""
    if index >= call.new_from:
        return False
    return event.type in INCOMING or (event.type is EventType.GENERIC_EVENT and event.id == NO_ID)


def _is_old(call: OrchestratorCall, index: int, opened: int | None) -> bool:
    return index == opened and index < call.new_from


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
