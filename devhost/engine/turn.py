"""One turn of one orchestration: from the whole history and the orchestrator's answer to what the host does.

Pure: no clock, no store, no SDK. The algorithm is that of the Durable Task extension's out-of-process shim on top of
DurableTask.Core, as recorded on extension 3.15.0, so what hangs there hangs here. It costs one pass over the history
and one walk over the actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devhost import ticks
from devhost.engine import history
from devhost.engine.entity_request import OPERATION_EVENT
from devhost.engine.history import RuntimeStatus
from devhost.engine.known import Known
from devhost.engine.messages import ArmTimer, Message, RunActivity, SendOperation, StartChild
from devhost.engine.refusals import MAX_ACTIONS, status_error
from devhost.engine.replay import Replay
from devhost.engine.walk import Walk
from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.actions import Answer
    from devhost.engine.entity_request import EntityRequest
    from devhost.engine.history import Event
    from devhost.engine.walk import Decision
    from devhost.ticks import Ticks

__all__ = [
    "ArmTimer",
    "Ending",
    "Known",
    "Message",
    "NextExecution",
    "RunActivity",
    "SendOperation",
    "StartChild",
    "Turn",
    "TurnResult",
    "decide",
]

_FRAME = "   at System.Threading.Tasks.Task.ThrowIfExceptional(Boolean includeTaskCanceledExceptions)"


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
    max_actions: int = MAX_ACTIONS


def decide(turn: Turn, answer: Answer) -> TurnResult:
    """Return what the host does after the orchestrator gave *answer* to the history of *turn*."""
    replay = Replay(Walk(turn, answer))
    replay.run(turn.history)
    end = _end(turn, replay)
    decided = _written(turn, replay.walk.new)
    if end is not None:
        decided.append((_end_event(turn, replay, end), None))
    decided.sort(key=lambda pair: pair[0].id)
    return TurnResult(
        decisions=tuple(event for event, _ in decided),
        messages=tuple(message for _, message in decided if message is not None),
        ending=end if isinstance(end, Ending) else None,
        next_execution=end if isinstance(end, NextExecution) else None,
        is_suspended=replay.is_suspended,
        custom_status=None if status_error(answer.custom_status) else answer.custom_status,
    )


def _end(turn: Turn, replay: Replay) -> Ending | NextExecution | None:
    """Return how the instance or its execution ends, if it does: not while anything is open, unless terminated."""
    walk = replay.walk
    if replay.terminated is not None:
        return Ending(status=RuntimeStatus.TERMINATED, output=replay.terminated.fields["Input"])
    if replay.broken is not None:
        return _failure(replay.broken, replay.broken)
    if walk.outcome is None or walk.open:
        return None
    if walk.outcome.error is not None:
        error = walk.outcome.error
        text = f"Orchestrator function '{turn.name}' failed: {error}".rstrip()  # as recorded, blanks at the end go
        return _failure(text, error, walk.outcome.details)
    if walk.continued is not None:
        text = "null" if walk.continued.input is None else walk.continued.input
        return NextExecution(input=compact(text), carried=tuple(replay.carried))
    return Ending(status=RuntimeStatus.COMPLETED, output=walk.outcome.output)


def _failure(output: str, error: str, details: str | None = None) -> Ending:
    told = details or f"Message: {error}, StackTrace: {_FRAME}"
    return Ending(status=RuntimeStatus.FAILED, output=output, details=told)


def _end_event(turn: Turn, replay: Replay, end: Ending | NextExecution) -> Event:
    event_id = replay.terminated_id if replay.terminated is not None else replay.walk.take_id()
    if isinstance(end, NextExecution):
        return history.continued_as_new(turn.ends_at, event_id, end.input)
    return history.execution_completed(turn.ends_at, event_id, end.status, end.output)


def _written(turn: Turn, new: dict[int, Decision]) -> list[tuple[Event, Message | None]]:
    return [_write(turn, event_id, decision) for event_id, decision in new.items()]


def _write(turn: Turn, event_id: int, decision: Decision) -> tuple[Event, Message]:
    match decision:
        case RunActivity():
            return history.task_scheduled(turn.ends_at, event_id, decision.name), decision
        case ArmTimer():
            return history.timer_created(turn.ends_at, event_id, ticks.to_text(decision.fire_at)), decision
        case StartChild(name=name, version=version, instance_id=child_id):
            return history.sub_orchestration_created(turn.ends_at, event_id, name, version, child_id), decision
        case _:
            return _send(turn, event_id, decision)


def _send(turn: Turn, event_id: int, request: EntityRequest) -> tuple[Event, Message]:
    text = request.to_text(parent=turn.instance_id, parent_execution=turn.execution_id, sent=turn.ends_at)
    target = request.operation.instance_id
    message = SendOperation(instance_id=target, request=text)
    return history.event_sent(turn.ends_at, event_id, target, OPERATION_EVENT, text), message
