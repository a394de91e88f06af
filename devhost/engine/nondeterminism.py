"""What the host says when a replay does not come to the decisions that the history holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine.entity_request import OPERATION_EVENT, EntityRequest
from devhost.engine.history import EventType
from devhost.engine.messages import ArmTimer, RunActivity, StartChild

if TYPE_CHECKING:
    from devhost.engine.history import Event
    from devhost.engine.walk import Decision

_KIND_OF_EVENT: dict[EventType, type[Decision]] = {
    EventType.TASK_SCHEDULED: RunActivity,
    EventType.TIMER_CREATED: ArmTimer,
    EventType.SUB_ORCHESTRATION_CREATED: StartChild,
    EventType.EVENT_SENT: EntityRequest,
}
_ACTION_NAMES: dict[type[Decision], str] = {
    RunActivity: "ScheduleTaskOrchestratorAction",
    ArmTimer: "CreateTimerOrchestratorAction",
    StartChild: "CreateSubOrchestrationAction",
    EntityRequest: "SendEventOrchestratorAction",
}


class NonDeterminismError(Exception):
    """History holds a decision that the replay did not make; the message is the instance's output."""


def check(event: Event, decision: Decision | None) -> None:
    """Raise `NonDeterminismError` unless *decision* is what *event* says was decided."""
    if decision is None:
        raise _error(event, _nothing(event))
    if type(decision) is not _KIND_OF_EVENT[event.type]:
        raise _error(event, _other_kind(event, _ACTION_NAMES[type(decision)]))
    if isinstance(decision, (RunActivity, StartChild)) and _differ(decision.name, event.fields["Name"]):
        raise _error(event, _other_name(event, decision.name))


def _differ(one: str, other: str) -> bool:
    return one != other and one.casefold() != other.casefold()


def _error(event: Event, finding: str) -> NonDeterminismError:
    return NonDeterminismError(
        f"Non-Deterministic workflow detected: A previous execution of this orchestration scheduled {_what(event)}"
        f"{finding} Was a change made to the orchestrator code after this instance had already started running?"
    )


def _what(event: Event) -> str:
    if event.type is EventType.TASK_SCHEDULED:
        return "an activity task"
    if event.type is EventType.TIMER_CREATED:
        return "a timer task"
    return "a sub-orchestration task" if event.type is EventType.SUB_ORCHESTRATION_CREATED else "a send event task"


def _nothing(event: Event) -> str:
    missing = "but the current replay execution hasn't (yet?) scheduled this task."
    match event.type:
        case EventType.TASK_SCHEDULED:
            name, version = event.fields["Name"], event.fields["Version"] or ""
            return f" with sequence ID {event.id} and name '{name}' (version '{version}'), {missing}"
        case EventType.TIMER_CREATED:
            return f" with sequence number {event.id} {missing}"
        case EventType.SUB_ORCHESTRATION_CREATED:
            return f"{_child(event)}, {missing}"
        case _:
            target = event.fields["InstanceId"]
            return (
                f" with sequence ID {event.id}, type 'EventSent' name '{OPERATION_EVENT}', "
                f"instance ID '{target}', {missing}"
            )


def _other_kind(event: Event, action: str) -> str:
    produced = f"but the current orchestration replay instead produced a {action} action"
    match event.type:
        case EventType.TASK_SCHEDULED:
            name = event.fields["Name"]
            return f" with sequence number {event.id} named '{name}', {produced} with this sequence number."
        case EventType.TIMER_CREATED:
            return f" with sequence number {event.id} named {produced} with this sequence number."
        case EventType.SUB_ORCHESTRATION_CREATED:
            return f"{_child(event)}, {produced} at this sequence number."
        case _:
            target = event.fields["InstanceId"]
            return (
                f" with sequence ID {event.id}, type 'EventSent', name '{OPERATION_EVENT}', instance ID '{target}', "
                f"but the current orchestration replay instead scheduled a {action} task at this sequence number."
            )


def _other_name(event: Event, name: str) -> str:
    if event.type is EventType.TASK_SCHEDULED:
        return (
            f" with sequence number {event.id} named '{event.fields['Name']}', but the current orchestration replay "
            f"instead scheduled an activity task named '{name}' with this sequence number. "
        )
    return (
        f"{_child(event)}, but the current orchestration replay instead scheduled "
        f"a sub-orchestration task with name {name} at this sequence number."
    )


def _child(event: Event) -> str:
    fields = event.fields
    return (
        f" with sequence ID {event.id} and name '{fields['Name']}' "
        f"(version '{fields['Version'] or ''}', instance ID '{fields['InstanceId']}')"
    )
