"""The events that an instance's history is made of.

Numbers, fields and their order are those of the Durable Task extension 3.15.0, as the trigger body shows them
(contract section 6.1). `Event.fields` holds the keys between `EventType` and `EventId` with JSON values; who writes
a body adds `IsPlayed`, which is not stored because it follows from the turn in which an event came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.ticks import Ticks

NO_ID = -1


class EventType(IntEnum):
    """Numbers of the events, as in the trigger body."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_FAILED = 2
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    CONTINUE_AS_NEW = 16
    GENERIC_EVENT = 17
    HISTORY_STATE = 18
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20
    EXECUTION_REWOUND = 21


INCOMING = frozenset(
    {
        EventType.EXECUTION_STARTED,
        EventType.EXECUTION_TERMINATED,
        EventType.TASK_COMPLETED,
        EventType.TASK_FAILED,
        EventType.SUB_ORCHESTRATION_COMPLETED,
        EventType.SUB_ORCHESTRATION_FAILED,
        EventType.TIMER_FIRED,
        EventType.EVENT_RAISED,
        EventType.EXECUTION_SUSPENDED,
        EventType.EXECUTION_RESUMED,
    }
)
"""What comes from outside the turn; these are marked as played once their turn is over."""


class RuntimeStatus(IntEnum):
    """States of an instance; the numbers are those of ``OrchestrationStatus`` in the history."""

    RUNNING = 0
    COMPLETED = 1
    CONTINUED_AS_NEW = 2
    FAILED = 3
    CANCELED = 4
    TERMINATED = 5
    PENDING = 6
    SUSPENDED = 7

    @property
    def label(self) -> str:
        """The name as the management API writes it, such as ``ContinuedAsNew``."""
        return "".join(word.capitalize() for word in self.name.split("_"))

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen to the instance any more."""
        return self in _ENDED


_ENDED = frozenset(
    {
        RuntimeStatus.COMPLETED,
        RuntimeStatus.FAILED,
        RuntimeStatus.CANCELED,
        RuntimeStatus.TERMINATED,
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a history."""

    type: EventType
    at: Ticks
    id: int = NO_ID
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Who called a sub-orchestration, and under which task id."""

    name: str
    instance_id: str
    execution_id: str
    task_id: int
    version: str | None = None


def orchestrator_started(at: Ticks) -> Event:
    """Return the event that opens a turn."""
    return Event(EventType.ORCHESTRATOR_STARTED, at)


def orchestrator_completed(at: Ticks) -> Event:
    """Return the event that closes a turn."""
    return Event(EventType.ORCHESTRATOR_COMPLETED, at)


def execution_started(  # noqa: PLR0913  one argument for each thing that is known about a start
    at: Ticks,
    *,
    instance_id: str,
    execution_id: str,
    name: str,
    version: str | None,
    input_text: str | None,
    parent: Parent | None = None,
    generation: int | None = 0,
) -> Event:
    """Return the event that begins an execution; *input_text* is the JSON text as it was sent."""
    return Event(
        EventType.EXECUTION_STARTED,
        at,
        fields={
            "OrchestrationInstance": {"InstanceId": instance_id, "ExecutionId": execution_id},
            "ParentInstance": None if parent is None else _parent_fields(parent),
            "Name": name,
            "Version": version,
            "Input": input_text,
            "Tags": None,
            "Correlation": None,
            "ParentTraceContext": None,
            "ScheduledStartTime": None,
            "Generation": generation,
            "GenerateNewTrace": False,
        },
    )


def _parent_fields(parent: Parent) -> dict[str, Any]:
    return {
        "Name": parent.name,
        "OrchestrationInstance": {
            "InstanceId": parent.instance_id,
            "ExecutionId": parent.execution_id,
        },
        "TaskScheduleId": parent.task_id,
        "Version": parent.version,
    }


def parent_of(started: Event) -> Parent | None:
    """Return the parent that an ExecutionStarted names."""
    fields = started.fields["ParentInstance"]
    if fields is None:
        return None
    return Parent(
        name=fields["Name"],
        instance_id=fields["OrchestrationInstance"]["InstanceId"],
        execution_id=fields["OrchestrationInstance"]["ExecutionId"],
        task_id=fields["TaskScheduleId"],
        version=fields["Version"],
    )


def execution_completed(at: Ticks, event_id: int, status: RuntimeStatus, result: str | None) -> Event:
    """Return the event that ends an instance; *result* is JSON text, or an error's plain text."""
    return Event(EventType.EXECUTION_COMPLETED, at, event_id, _end_fields(status, result))


def continued_as_new(at: Ticks, event_id: int, input_text: str) -> Event:
    """Return the event that ends an execution in favour of a new one."""
    fields = _end_fields(RuntimeStatus.CONTINUED_AS_NEW, input_text)
    return Event(EventType.CONTINUE_AS_NEW, at, event_id, fields)


def _end_fields(status: RuntimeStatus, result: str | None) -> dict[str, Any]:
    return {"OrchestrationStatus": int(status), "Result": result, "FailureDetails": None}


def execution_terminated(at: Ticks, reason: str | None) -> Event:
    """Return the wish to terminate; *reason* is plain text."""
    return Event(EventType.EXECUTION_TERMINATED, at, fields={"Input": reason})


def execution_suspended(at: Ticks, reason: str | None) -> Event:
    """Return the wish to suspend."""
    return Event(EventType.EXECUTION_SUSPENDED, at, fields={"Reason": reason})


def execution_resumed(at: Ticks, reason: str | None) -> Event:
    """Return the wish to resume."""
    return Event(EventType.EXECUTION_RESUMED, at, fields={"Reason": reason})


def task_scheduled(at: Ticks, event_id: int, name: str) -> Event:
    """Return the decision to run an activity; its input travels in the message only."""
    fields = {
        "Name": name,
        "Version": "",
        "Input": None,
        "ParentTraceContext": None,
        "Tags": None,
    }
    return Event(EventType.TASK_SCHEDULED, at, event_id, fields)


def task_completed(at: Ticks, task_id: int, result: str | None) -> Event:
    """Return an activity's result, as JSON text."""
    return Event(EventType.TASK_COMPLETED, at, fields={"TaskScheduledId": task_id, "Result": result})


def task_failed(
    at: Ticks, task_id: int, reason: str | None, details: str | None, failure: Mapping[str, Any] | None = None
) -> Event:
    """Return an activity's failure."""
    fields = {**_failure_fields(task_id, reason, details), "FailureDetails": failure}
    return Event(EventType.TASK_FAILED, at, fields=fields)


def sub_orchestration_created(at: Ticks, event_id: int, name: str, version: str | None, instance_id: str) -> Event:
    """Return the decision to start a sub-orchestration."""
    fields = {
        "Name": name,
        "Version": version,
        "InstanceId": instance_id,
        "Input": None,
        "ClientSpanId": None,
        "Tags": None,
    }
    return Event(EventType.SUB_ORCHESTRATION_CREATED, at, event_id, fields)


def sub_orchestration_completed(at: Ticks, task_id: int, result: str | None) -> Event:
    """Return a sub-orchestration's result, as JSON text."""
    return Event(
        EventType.SUB_ORCHESTRATION_COMPLETED,
        at,
        fields={"TaskScheduledId": task_id, "Result": result},
    )


def sub_orchestration_failed(at: Ticks, task_id: int, reason: str | None, details: str | None) -> Event:
    """Return a sub-orchestration's failure or termination."""
    return Event(EventType.SUB_ORCHESTRATION_FAILED, at, fields=_failure_fields(task_id, reason, details))


def _failure_fields(task_id: int, reason: str | None, details: str | None) -> dict[str, Any]:
    return {
        "TaskScheduledId": task_id,
        "Reason": reason,
        "Details": details,
        "FailureDetails": None,
    }


def timer_created(at: Ticks, event_id: int, fire_at: str) -> Event:
    """Return the decision to wait until *fire_at*, an instant as text."""
    return Event(EventType.TIMER_CREATED, at, event_id, {"FireAt": fire_at})


def timer_fired(at: Ticks, timer_id: int, fire_at: str) -> Event:
    """Return a timer's firing; *at* is, as on the real host, when the timer was created."""
    return Event(EventType.TIMER_FIRED, at, fields={"TimerId": timer_id, "FireAt": fire_at})


def event_sent(at: Ticks, event_id: int, instance_id: str, name: str, input_text: str) -> Event:
    """Return the decision to send a message to an entity."""
    fields = {"InstanceId": instance_id, "Name": name, "Input": input_text}
    return Event(EventType.EVENT_SENT, at, event_id, fields)


def generic_event(at: Ticks, event_id: int = NO_ID, data: str | None = None) -> Event:
    """Return what stands for an event that a rewind took back, or, with the reason as *data*, for the rewind."""
    return Event(EventType.GENERIC_EVENT, at, event_id, {"Data": data})


def event_raised(at: Ticks, name: str, input_text: str | None) -> Event:
    """Return an external event; *input_text* is JSON text."""
    fields = {"Name": name, "Input": input_text, "ParentTraceContext": None}
    return Event(EventType.EVENT_RAISED, at, fields=fields)
