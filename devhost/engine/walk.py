"""The walk over the actions that an orchestrator asked for, one after the other, as the extension's shim does it.

The walk knows nothing of the history. It hands out ids, holds what is open, and stands still at the first action that
is not settled. An orchestrator's own view of its tasks plays no part here, so the two may disagree: then an instance
hangs, or its timer's firing is taken for something else, as on the real host.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from devhost.engine.actions import (
    CallActivity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    CreateTimer,
    EntityMessage,
    WaitForEvent,
    WhenAny,
)
from devhost.engine.entity_request import EntityRequest, EntityRequests, entity_name
from devhost.engine.messages import HTTP_ACTIVITY, ArmTimer, RunActivity, StartChild
from devhost.engine.refusals import status_error, too_many_actions, unknown_entity
from devhost.engine.waits import Attempts, Group, Wait
from devhost.json_text import compact
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.actions import Action, Answer, Retry, WhenAll
    from devhost.engine.history import Event
    from devhost.engine.known import Known

Decision = RunActivity | ArmTimer | StartChild | EntityRequest
"""New work under its id, until history shows that an earlier turn had decided it already."""


class Facts(Protocol):
    """What the walk has to know of its instance. `ends_at` stamps the timers of this turn."""

    @property
    def instance_id(self) -> str:
        """The instance."""

    @property
    def execution_id(self) -> str:
        """Its execution, after which children without an id are named."""

    @property
    def history(self) -> Sequence[Event]:
        """All its events."""

    @property
    def known(self) -> Known:
        """Which functions there are."""

    @property
    def max_actions(self) -> int:
        """How many actions an execution may ask for."""

    @property
    def ends_at(self) -> Ticks:
        """When the turn ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the orchestrator function ended: with a failure's text, or with JSON text."""

    error: str | None = None
    details: str | None = None
    output: str | None = None


class _OrchestrationFailedError(Exception):
    """An action that cannot even be asked for; it fails the orchestration with this text."""


class Walk:
    """The state of one walk, from `start` on moved by `end` and `raise_event`."""

    def __init__(self, facts: Facts, answer: Answer) -> None:
        self.now = Ticks(0)
        self.next_id = 0
        self.open: dict[int, Wait] = {}
        self.new: dict[int, Decision] = {}
        self.outcome: Outcome | None = None
        self.continued: ContinueAsNew | None = None
        self._facts = facts
        self._answer = answer
        self._actions = answer.actions
        self._position = 0
        self._current: Wait | None = None
        self._count = 0
        self._waiters: dict[str, list[Wait]] = {}
        self._early: Counter[str] = Counter()
        self._requests = EntityRequests(facts.instance_id, facts.history)

    def start(self) -> None:
        """Begin the walk; a crash and a custom status that is too long end it before its first action."""
        crash = self._answer.crash or status_error(self._answer.custom_status)
        if crash is None:
            self._go_on()
        else:
            self.outcome = Outcome(error=crash, details=self._answer.crash_details)

    def end(self, task_id: int, *, has_failed: bool) -> None:
        """Take the end of what is open under *task_id*; unknown ids and duplicates change nothing."""
        wait = self.open.pop(task_id, None)
        if wait is not None:
            wait.end(has_failed=has_failed)
            self._go_on()

    def raise_event(self, name: str) -> None:
        """Give an event to the newest that waits for this name, or keep it for one that comes."""
        waiters = self._waiters.get(name)
        if not waiters:
            self._early[name] += 1
            return
        waiters.pop().settle()
        self._go_on()

    def take_id(self) -> int:
        """Return the next free sequence id."""
        self.next_id += 1
        return self.next_id - 1

    def _go_on(self) -> None:
        try:
            while self._current is None or self._current.is_settled:
                if self._position == len(self._actions):
                    self._finish()
                    return
                self._position += 1
                self._current = self._invoke(self._actions[self._position - 1])
        except _OrchestrationFailedError as error:
            self._fail(str(error))

    def _finish(self) -> None:
        if self.outcome is not None:
            return
        if self._answer.error is not None:
            self._fail(self._answer.error)
        elif self._answer.is_done:
            self.outcome = Outcome(output=self._answer.output)

    def _fail(self, error: str) -> None:
        self._position = len(self._actions)
        self._current = Wait()
        self.outcome = Outcome(error=error)

    def _invoke(self, action: Action) -> Wait:
        match action:
            case CallActivity() | CallSubOrchestration():
                return self._call(action)
            case CreateTimer():
                return self._timer(action)
            case WaitForEvent():
                return self._wait_for(action.name)
            case EntityMessage():
                return self._send(action)
            case _:
                return self._invoke_other(action)

    def _invoke_other(self, action: CallHttp | ContinueAsNew | WhenAny | WhenAll) -> Wait:
        match action:
            case CallHttp():
                return self._work(partial(self._run, HTTP_ACTIVITY, action.request), None)
            case ContinueAsNew():
                self.continued = action
                return _settled()
            case _:
                members = [self._invoke(member) for member in action.actions]
                return Group(members, min(len(members), 1) if isinstance(action, WhenAny) else len(members))

    def _call(self, action: CallActivity | CallSubOrchestration) -> Wait:
        """Call a function; for one that the app does not have the host swallows the error, and nothing happens."""
        if isinstance(action, CallActivity):
            if not self._facts.known.activity(action.name):
                return _settled()
            return self._work(partial(self._run, action.name, action.input), action.retry)
        if not self._facts.known.orchestrator(action.name) or self._is_refused(action.instance_id):
            return _settled()
        return self._work(partial(self._start_child, action), action.retry)

    def _is_refused(self, child_id: str | None) -> bool:
        return child_id is not None and (child_id == self._facts.instance_id or child_id.startswith("@"))

    def _work(self, attempt: partial[None], retry: Retry | None) -> Wait:
        if not self._is_counted():
            return _settled()
        if retry is not None:
            return Attempts(attempt, self._pause, retry.first_interval_ticks, retry.max_attempts)
        wait = Wait()
        attempt(wait)
        return wait

    def _run(self, name: str, text: str | None, wait: Wait) -> None:
        task_id = self.take_id()
        self.open[task_id] = wait
        self.new[task_id] = RunActivity(task_id=task_id, name=name, input=text)

    def _start_child(self, action: CallSubOrchestration, wait: Wait) -> None:
        task_id = self.take_id()
        self.open[task_id] = wait
        self.new[task_id] = StartChild(
            task_id=task_id,
            instance_id=action.instance_id or f"{self._facts.execution_id}:{task_id}",
            name=action.name,
            input=None if action.input is None else compact(action.input),
            version=action.version,
        )

    def _pause(self, wait: Wait, length: int) -> None:
        self.open[self._decide_timer(Ticks(self.now + length))] = wait

    def _timer(self, action: CreateTimer) -> Wait:
        """Create a timer; one that is cancelled is created all the same, but nobody waits for it."""
        if not self._is_counted():
            return _settled()
        timer_id = self._decide_timer(action.fire_at)
        if action.is_canceled:
            return _settled()
        self.open[timer_id] = wait = Wait()
        return wait

    def _decide_timer(self, fire_at: Ticks) -> int:
        timer_id = self.take_id()
        self.new[timer_id] = ArmTimer(timer_id=timer_id, fire_at=fire_at, created=self._facts.ends_at)
        return timer_id

    def _wait_for(self, name: str) -> Wait:
        if self._early[name]:
            self._early[name] -= 1
            return _settled()
        wait = Wait()
        self._waiters.setdefault(name, []).append(wait)
        return wait

    def _send(self, action: EntityMessage) -> Wait:
        if not self._facts.known.entity(entity_name(action.instance_id)):
            return self._refuse(action, unknown_entity(entity_name(action.instance_id), self._facts.known))
        if not self._is_counted():
            return self._refuse(action, too_many_actions(self._facts.max_actions))
        event_id = self.take_id()
        self.new[event_id] = request = self._requests.next(action, event_id, self.now)
        return _settled() if action.is_signal else self._wait_for(request.id)

    def _refuse(self, action: EntityMessage, reason: str) -> Wait:
        """Swallow the error of a call; a signal's stops the orchestrator."""
        if action.is_signal:
            raise _OrchestrationFailedError(reason)
        return _settled()

    def _is_counted(self) -> bool:
        self._count += 1
        return self._count <= self._facts.max_actions


def _settled() -> Wait:
    wait = Wait()
    wait.settle()
    return wait
