"""One pass over a history that moves the walk along and drops the decisions that earlier turns have written already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine.history import EventType
from devhost.engine.nondeterminism import NonDeterminismError, check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devhost.engine.history import Event
    from devhost.engine.walk import Decision, Walk

_PASSES_SUSPENSION = frozenset(
    {
        EventType.EXECUTION_TERMINATED,
        EventType.ORCHESTRATOR_STARTED,
        EventType.EXECUTION_SUSPENDED,
        EventType.EXECUTION_RESUMED,
    }
)


class Replay:
    """What a history leads to: the walk at its end, and what suspension, termination and continuing left behind."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.is_suspended = False
        self.terminated: Event | None = None
        self.terminated_id = -1
        self.broken: str | None = None
        self.carried: list[Event] = []
        self.recognised: dict[int, Decision] = {}
        self._held: dict[int, Decision] = {}
        self._later: list[Event] = []

    def run(self, history: Iterable[Event]) -> None:
        """Handle all events in order; the first that does not fit the replay ends it."""
        try:
            for event in history:
                if self.is_suspended and event.type not in _PASSES_SUSPENSION:
                    self._later.append(event)
                else:
                    self._handle(event)
        except NonDeterminismError as error:
            self.broken = str(error)

    def _handle(self, event: Event) -> None:
        match event.type:
            case EventType.ORCHESTRATOR_STARTED:
                self.walk.now = event.at
            case EventType.EXECUTION_STARTED:
                self.walk.start()
            case (
                EventType.TASK_SCHEDULED
                | EventType.TIMER_CREATED
                | EventType.SUB_ORCHESTRATION_CREATED
                | EventType.EVENT_SENT
            ):
                self._recognise(event)
            case EventType.EVENT_RAISED:
                self._raise(event)
            case _:
                self._handle_end(event)

    def _handle_end(self, event: Event) -> None:
        match event.type:
            case EventType.TASK_COMPLETED | EventType.SUB_ORCHESTRATION_COMPLETED:
                self.walk.end(event.fields["TaskScheduledId"], has_failed=False)
            case EventType.TASK_FAILED | EventType.SUB_ORCHESTRATION_FAILED:
                self.walk.end(event.fields["TaskScheduledId"], has_failed=True)
            case EventType.TIMER_FIRED:
                self.walk.end(event.fields["TimerId"], has_failed=False)
            case _:
                self._handle_wish(event)

    def _handle_wish(self, event: Event) -> None:
        match event.type:
            case EventType.EXECUTION_SUSPENDED:
                self._suspend()
            case EventType.EXECUTION_RESUMED:
                self._resume()
            case EventType.EXECUTION_TERMINATED if self.terminated is None:
                self.terminated = event
                self.terminated_id = self.walk.take_id()

    def _recognise(self, event: Event) -> None:
        check(event, self.walk.new.get(event.id))
        self.recognised[event.id] = self.walk.new.pop(event.id)

    def _raise(self, event: Event) -> None:
        if self.walk.continued is None:
            self.walk.raise_event(event.fields["Name"])
        else:
            self.carried.append(event)

    def _suspend(self) -> None:
        self.is_suspended = True
        self._held.update(self.walk.new)
        self.walk.new = {}

    def _resume(self) -> None:
        self.is_suspended = False
        self.walk.new |= self._held
        self._held = {}
        later, self._later = self._later, []
        for event in later:
            self._handle(event)
