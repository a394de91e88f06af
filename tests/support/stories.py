"""The words of the turn tests: an instance whose turns are told one by one, without an orchestrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devhost import ticks
from devhost.engine import history
from devhost.engine.actions import Action, Answer, CallActivity, CallSubOrchestration, CreateTimer, Retry, WaitForEvent
from devhost.engine.history import Event, EventType, RuntimeStatus
from devhost.engine.turn import Turn, TurnResult, decide
from devhost.ticks import Ticks

START = ticks.from_text("2026-01-15T10:00:00Z")
INSTANCE = "one"
EXECUTION = "exec"


class SomeNames:
    """Knows the functions that the stories call."""

    def activity(self, name: str) -> bool:
        """Say yes to Echo, Kind and Slow."""
        return name.lower() in {"echo", "kind", "slow"}

    def orchestrator(self, name: str) -> bool:
        """Say yes to Flow, Kid and Other."""
        return name.lower() in {"flow", "kid", "other"}

    def entity(self, name: str) -> bool:
        """Say yes to Counter and Keeper."""
        return name.lower() in {"counter", "keeper"}

    def activity_names(self) -> Sequence[str]:
        """Return the activities."""
        return ("Echo", "Kind", "Slow")

    def orchestrator_names(self) -> Sequence[str]:
        """Return the orchestrators."""
        return ("Flow", "Kid", "Other")

    def entity_names(self) -> Sequence[str]:
        """Return Counter and Keeper."""
        return ("Counter", "Keeper")


class Story:
    """One instance of the orchestrator Flow; its turns are ten seconds apart and take one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = START

    def begin(self, answer: Answer, *new: Event) -> TurnResult:
        """Play the first turn."""
        return self.turn(answer, a_start(), *new)

    def turn(self, answer: Answer, *new: Event) -> TurnResult:
        """Play a turn with *new* events, and write down what it decided."""
        self.now = Ticks(self.now + 10 * ticks.PER_SECOND)
        ends_at = Ticks(self.now + ticks.PER_SECOND)
        self.events += [history.orchestrator_started(self.now), *new]
        turn = Turn(
            instance_id=INSTANCE,
            execution_id=EXECUTION,
            name="Flow",
            history=self.events,
            known=SomeNames(),
            ends_at=ends_at,
        )
        result = decide(turn, answer)
        self.events = [*self.events, *result.decisions, history.orchestrator_completed(ends_at)]
        return result


def a_start() -> Event:
    """Return the start of Flow."""
    return history.execution_started(
        START, instance_id=INSTANCE, execution_id=EXECUTION, name="Flow", version=None, input_text=None
    )


def asks(*actions: Action, **more: Any) -> Answer:
    """Return an answer with these actions."""
    return Answer(actions=actions, **more)


def activity(name: str = "Echo", *, attempts: int = 0, seconds: float = 5) -> CallActivity:
    """Return a call of an activity, retried if *attempts* says so."""
    return CallActivity(name=name, input='"x"', retry=retry_of(attempts, seconds))


def child(name: str = "Kid", child_id: str | None = None, *, attempts: int = 0) -> CallSubOrchestration:
    """Return a call of a sub-orchestrator."""
    return CallSubOrchestration(name=name, input='{"n": 1}', instance_id=child_id, retry=retry_of(attempts, 5))


def retry_of(attempts: int, seconds: float) -> Retry | None:
    """Return the retry of a call, or none for no attempts."""
    interval = int(seconds * ticks.PER_SECOND)
    return Retry(first_interval_ticks=interval, max_attempts=attempts) if attempts else None


def timer(seconds: float = 60, *, is_canceled: bool = False) -> CreateTimer:
    """Return a timer that is due so many seconds after the start."""
    return CreateTimer(fire_at=Ticks(START + int(seconds * ticks.PER_SECOND)), is_canceled=is_canceled)


def event(name: str = "E") -> WaitForEvent:
    """Return a wait for an event."""
    return WaitForEvent(name=name)


def done(task_id: int) -> Event:
    """Return an activity's result."""
    return history.task_completed(START, task_id, '"x"')


def failed(task_id: int) -> Event:
    """Return an activity's failure."""
    return history.task_failed(START, task_id, "no", None)


def fired(timer_id: int) -> Event:
    """Return a timer's firing."""
    return history.timer_fired(START, timer_id, ticks.to_text(START))


def raised(name: str = "E") -> Event:
    """Return an external event."""
    return history.event_raised(START, name, "1")


def suspended() -> Event:
    """Return the wish to suspend."""
    return history.execution_suspended(START, "wait")


def resumed() -> Event:
    """Return the wish to resume."""
    return history.execution_resumed(START, "go on")


def terminated(reason: str = "enough") -> Event:
    """Return the wish to terminate."""
    return history.execution_terminated(START, reason)


def told(result: TurnResult) -> list[str]:
    """Return the decisions of a turn in short: kind, id, and what matters of it."""
    return [_told(event) for event in result.decisions]


def _told(decision: Event) -> str:
    fields = decision.fields
    match decision.type:
        case EventType.TIMER_CREATED:
            due = (ticks.from_text(fields["FireAt"]) - START) / ticks.PER_SECOND
            return f"timer {decision.id} +{due:.7f}".rstrip("0").rstrip(".")
        case EventType.SUB_ORCHESTRATION_CREATED:
            return f"child {decision.id} {fields['Name']} {fields['InstanceId']}"
        case EventType.EXECUTION_COMPLETED | EventType.CONTINUE_AS_NEW:
            return f"{RuntimeStatus(fields['OrchestrationStatus']).label} {decision.id} {fields['Result']}"
        case _:
            return f"{decision.type.name.lower()} {decision.id} {fields['Name']}"
