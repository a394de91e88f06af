"""A history told again, turn by turn: what the orchestrator answers today, and what the host would decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devhost.engine.actions import WaitForEvent, WhenAll, WhenAny
from devhost.engine.history import INCOMING, EventType
from devhost.engine.names import KnownNames
from devhost.engine.turn import Turn, decide
from devhost.engine.worker import OrchestratorCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devhost.engine.actions import Action, Answer
    from devhost.engine.history import Event
    from devhost.engine.turn import TurnResult
    from devhost.engine.worker import Worker

_MESSAGES = INCOMING | {EventType.GENERIC_EVENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTurn:
    """A turn as a history holds it: `prefix` is all that the orchestrator saw, `decisions` what was decided then."""

    number: int
    prefix: Sequence[Event]
    new_from: int
    decisions: Sequence[Event]
    closed: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RetoldTurn:
    """A recorded turn, and what becomes of it today."""

    recorded: RecordedTurn
    answer: Answer
    result: TurnResult

    @property
    def awaited(self) -> tuple[str, ...]:
        """The events that the orchestrator waits for in its last step, without those that came already."""
        if self.answer.is_done or not self.answer.actions:
            return ()
        waits = Counter(_waits(self.answer.actions))
        waits.subtract(_raised(self.recorded.prefix))
        last = dict.fromkeys(_waits(self.answer.actions[-1:]))
        return tuple(name for name in last if waits[name] > 0)


def turns_of(history: Sequence[Event]) -> list[RecordedTurn]:
    """Return the turns that *history* is made of; what is behind the last OrchestratorCompleted is none."""
    found: list[RecordedTurn] = []
    begin = new_from = 0
    for index, event in enumerate(history):
        if event.type is not EventType.ORCHESTRATOR_COMPLETED:
            continue
        if _is_followed_by_its_own(history, begin, index):
            begin = index + 1  # the opening of a continued execution; its first turn has no mark of its own
            continue
        first = next((at for at in range(begin, index) if not _comes_in(history[at])), index)
        turn = RecordedTurn(
            number=len(found) + 1,
            prefix=history[:first],
            new_from=new_from,
            decisions=history[first:index],
            closed=event,
        )
        found.append(turn)
        begin = new_from = index + 1
    return found


def retold(worker: Worker, history: Sequence[Event]) -> Iterator[RetoldTurn]:
    """Tell *history* again by the functions of *worker*, as far as somebody asks."""
    started = next(event for event in history if event.type is EventType.EXECUTION_STARTED)
    known = KnownNames(worker)
    instance, parent = started.fields["OrchestrationInstance"], started.fields["ParentInstance"]
    for recorded in turns_of(history):
        call = OrchestratorCall(
            instance_id=instance["InstanceId"],
            name=started.fields["Name"],
            history=recorded.prefix,
            new_from=recorded.new_from,
            parent_instance_id=None if parent is None else parent["OrchestrationInstance"]["InstanceId"],
        )
        answer = worker.orchestrate(call)
        turn = Turn(
            instance_id=call.instance_id,
            execution_id=instance["ExecutionId"],
            name=call.name,
            history=recorded.prefix,
            known=known,
            ends_at=recorded.closed.at,
        )
        yield RetoldTurn(recorded=recorded, answer=answer, result=decide(turn, answer))


def _comes_in(event: Event) -> bool:
    return event.type in _MESSAGES or event.type is EventType.ORCHESTRATOR_STARTED


def _is_followed_by_its_own(history: Sequence[Event], begin: int, index: int) -> bool:
    """Say whether a block without decisions goes on in the next one, which then begins without a mark."""
    has_next = index + 1 < len(history)
    is_open = all(_comes_in(event) for event in history[begin:index])
    return has_next and is_open and history[index + 1].type is not EventType.ORCHESTRATOR_STARTED


def _waits(actions: Sequence[Action]) -> Iterator[str]:
    for action in actions:
        if isinstance(action, WaitForEvent):
            yield action.name
        elif isinstance(action, WhenAny | WhenAll):
            yield from _waits(action.actions)


def _raised(history: Sequence[Event]) -> Counter[str]:
    return Counter(str(event.fields["Name"]) for event in history if event.type is EventType.EVENT_RAISED)
