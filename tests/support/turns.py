"""The words of the replay tests: events from recorded JSON, an app's turn, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from devhost import ticks
from devhost.engine.actions import Answer
from devhost.engine.history import Event, EventType
from devhost.engine.names import KnownNames
from devhost.engine.turn import Turn, TurnResult, decide
from devhost.engine.worker import OrchestratorCall
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker

_NOT_FIELDS = frozenset({"EventType", "EventId", "IsPlayed", "Timestamp"})


def event_of(written: Mapping[str, Any]) -> Event:
    """Return the event that a trigger body or a recording shows."""
    return Event(
        EventType(written["EventType"]),
        ticks.from_text(written["Timestamp"]),
        written["EventId"],
        {key: value for key, value in written.items() if key not in _NOT_FIELDS},
    )


@dataclass(frozen=True)
class Decided:
    """The orchestrator's answer and what the host made of it."""

    answer: Answer
    result: TurnResult


class Player:
    """Plays turns of one app: the real SDK answers, the engine decides."""

    def __init__(self, app: Any, pool: Executor | None = None) -> None:
        self.worker = AppWorker(FunctionTable.of(app), pool or ThreadPoolExecutor(1))
        self.known = KnownNames(self.worker)

    def play(self, call: OrchestratorCall, *, execution_id: str, ends_at: ticks.Ticks) -> Decided:
        """Run one turn."""
        answer = self.worker.orchestrate(call)
        turn = Turn(
            instance_id=call.instance_id,
            execution_id=execution_id,
            name=call.name,
            history=call.history,
            known=self.known,
            ends_at=ends_at,
        )
        return Decided(answer, decide(turn, answer))


def last_start(history: Sequence[Event]) -> int:
    """Return where the last turn of *history* begins."""
    return max(index for index, event in enumerate(history) if event.type is EventType.ORCHESTRATOR_STARTED)
