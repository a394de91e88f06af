"""One turn of one orchestration: from the whole history and the orchestrator's answer to what the host does.

Pure: no clock, no store, no SDK. The algorithm is that of the Durable Task extension's out-of-process shim on top of
DurableTask.Core (contract section 5.4), so what hangs there hangs here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from devhost.engine.actions import Answer
    from devhost.engine.history import Event, RuntimeStatus
    from devhost.ticks import Ticks


class Known(Protocol):
    """Which names the app has; all compare without case."""

    def activity(self, name: str) -> bool: ...
    def orchestrator(self, name: str) -> bool: ...
    def entity(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunActivity:
    """Message: run an activity. `name` is ``BuiltIn::HttpActivity`` for durable HTTP."""

    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTimer:
    """Message: wake the instance at an instant."""

    timer_id: int
    fire_at: Ticks
    created: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class StartChild:
    """Message: start a sub-orchestration; `input` is the text to store as ExecutionStarted.Input."""

    task_id: int
    instance_id: str
    name: str
    input: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOperation:
    """Message: an operation for an entity; `request` is the text that stands in EventSent.Input."""

    instance_id: str
    request: str


Message = RunActivity | ArmTimer | StartChild | SendOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of an instance.

    `output` is the text to store: JSON text when Completed, plain text when Failed or Terminated.
    `details` is what a parent gets as SubOrchestrationInstanceFailed.Details.
    """

    status: RuntimeStatus
    output: str | None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextExecution:
    """Continue as new: the text of the new ExecutionStarted.Input and the events carried over."""

    input: str
    carried: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """What a turn decided.

    `decisions` are the history events to append, in the order in which they are written, without the closing
    OrchestratorCompleted; they include the completion event. At most one of `ending` and `next_execution` is set.
    """

    decisions: tuple[Event, ...]
    messages: tuple[Message, ...]
    ending: Ending | None
    next_execution: NextExecution | None
    is_suspended: bool
    custom_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The facts of one turn. `ends_at` stamps what the turn appends."""

    instance_id: str
    execution_id: str
    name: str
    history: Sequence[Event]
    known: Known
    ends_at: Ticks


def decide(turn: Turn, answer: Answer) -> TurnResult:
    """Return what the host does after the orchestrator gave *answer* to the history of *turn*."""
    raise NotImplementedError
