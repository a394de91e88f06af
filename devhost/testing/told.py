"""The history of an instance as a test asks about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.engine.history import EventType
from devhost.engine.messages import RunActivity
from devhost.replaying.retold import retold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.history import Event
    from devhost.engine.worker import Worker

_ENDS = {EventType.TASK_COMPLETED, EventType.TASK_FAILED}
_MARKS = {EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityTold:
    """One call of an activity. `result` is None until it has ended; `failure` is the text that a failed one left."""

    name: str
    input: Any
    result: Any = None
    failure: str | None = None
    has_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTold:
    """What happened to an instance in its current execution."""

    events: tuple[Event, ...]
    activities: tuple[ActivityTold, ...]
    awaited: tuple[str, ...]

    @classmethod
    def of(cls, worker: Worker, events: Sequence[Event]) -> HistoryTold:
        """Tell *events*; what an activity was called with is known by running the orchestrator again."""
        turns = list(retold(worker, events))
        calls = [message for turn in turns for message in turn.result.messages if isinstance(message, RunActivity)]
        ends = {event.fields["TaskScheduledId"]: event for event in events if event.type in _ENDS}
        told = tuple(_told(call, ends.get(call.task_id)) for call in calls)
        return cls(events=tuple(events), activities=told, awaited=turns[-1].awaited if turns else ())

    @property
    def names(self) -> list[str]:
        """The kinds of the events, such as ``TaskScheduled``, without the marks of turns."""
        return [event.type.name.title().replace("_", "") for event in self.events if event.type not in _MARKS]

    def activity(self, name: str, number: int = 1) -> ActivityTold:
        """Return the *number*-th call of an activity; raise `AssertionError` if there was none."""
        calls = [call for call in self.activities if call.name.lower() == name.lower()]
        if len(calls) < number:
            called = ", ".join(call.name for call in self.activities) or "nothing"
            message = f"{name} was called {len(calls)} times, not {number}; called were: {called}"
            raise AssertionError(message)
        return calls[number - 1]

    def raised(self, name: str) -> list[Any]:
        """Return the values of the events of that name, in the order in which they came."""
        raised = [event for event in self.events if event.type is EventType.EVENT_RAISED]
        return [decoded(event.fields["Input"]) for event in raised if event.fields["Name"] == name]


def decoded(text: str | None) -> Any:  # noqa: ANN401  any JSON value
    """Return the JSON value of *text*; a text that is no JSON is itself."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _told(call: RunActivity, end: Event | None) -> ActivityTold:
    told = {"name": call.name, "input": decoded(call.input)}
    if end is None:
        return ActivityTold(**told)
    if end.type is EventType.TASK_FAILED:
        return ActivityTold(**told, failure=end.fields["Reason"], has_ended=True)
    return ActivityTold(**told, result=decoded(end.fields["Result"]), has_ended=True)
