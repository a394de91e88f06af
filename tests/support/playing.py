"""Plays an orchestrator in this thread, with time that jumps: what the SDK would yield is answered at once.

It is strict where the SDK and the host do not forgive: a task may be yielded only once, and when the orchestrator
returns, no timer may be left open. Of early events it keeps one a name and repeats it, as the SDK does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from orchestrators.context import Context

START = datetime(2026, 1, 15, 10, tzinfo=UTC)
NOTHING = object()


@dataclass(eq=False)
class Task:
    """Something that was yielded or will be."""

    result: Any = NOTHING
    is_yielded: bool = False

    @property
    def is_completed(self) -> bool:
        return self.result is not NOTHING


@dataclass(eq=False)
class Call(Task):
    name: str = ""
    payload: Any = None


@dataclass(eq=False)
class Wait(Task):
    name: str = ""


@dataclass(eq=False)
class Timer(Task):
    fire_at: datetime = START
    is_canceled: bool = False

    def cancel(self) -> None:
        assert not self.is_completed, "a timer that fired cannot be cancelled"
        self.is_canceled = True


@dataclass(eq=False)
class Race(Task):
    tasks: Sequence[Task] = ()


@dataclass(frozen=True)
class Event:
    """An event that somebody raises, *after* so long, and what they do before; without a name nothing is raised."""

    after: timedelta
    value: Any = None
    name: str = "Approval"
    does: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Called:
    """A call of an activity: when, after the start, and with what."""

    after: timedelta
    name: str
    payload: dict[str, Any]


@dataclass
class Play:
    """One instance: its input, what its activities do, and what is raised when."""

    input: Any
    activities: dict[str, Callable[[dict[str, Any]], Any]]
    events: Sequence[Event] = ()
    instance_id: str = "case_0123456789abcdef0123456789abcdef"
    current_utc_datetime: datetime = START
    statuses: list[Any] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    fires_early_by: timedelta = timedelta(0)
    activity_takes: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self._coming = sorted(self.events, key=lambda event: event.after)
        self._early: dict[str, Any] = {}
        self._open: list[Wait] = []

    @property
    def elapsed(self) -> timedelta:
        """The time since the start."""
        return self.current_utc_datetime - START

    @property
    def states(self) -> list[str]:
        """The states that were shown, each change once."""
        shown = [status["state"] for status in self.statuses]
        return [state for place, state in enumerate(shown) if not place or shown[place - 1] != state]

    def names_called(self) -> list[str]:
        """The activities that were called, in order."""
        return [call.name for call in self.calls]

    def run(self, orchestrator: Callable[[Context], Generator[Any, Any, Any]]) -> Any:
        """Play to the end and return the output."""
        steps = orchestrator(self)
        try:
            task = next(steps)
            while True:
                task = self._answer(steps, task)
        except StopIteration as end:
            assert all(timer.is_completed or timer.is_canceled for timer in self.timers), "a timer was left open"
            return end.value

    def get_input(self) -> Any:
        if isinstance(self.input, Exception):
            raise self.input
        return self.input

    def set_custom_status(self, status: object) -> None:
        self.statuses.append(status)

    def call_activity(self, name: str, input_: object) -> Task:
        return Call(name=name, payload=input_)

    def create_timer(self, fire_at: datetime) -> Timer:
        timer = Timer(fire_at=fire_at)
        self.timers.append(timer)
        return timer

    def wait_for_external_event(self, name: str) -> Task:
        self._open.append(Wait(name=name))
        return self._open[-1]

    def task_any(self, activities: Sequence[Any]) -> Task:
        return Race(tasks=activities)

    def _answer(self, steps: Generator[Any, Any, Any], task: Task) -> Task:
        self._take(task)
        if isinstance(task, Call):
            return self._call(steps, task)
        if isinstance(task, Race):
            return _next(steps.send(self._race(task)))
        assert isinstance(task, Timer), "an event without a deadline is waited for for ever"
        self._pass_until(self._due(task))
        task.result = None
        return _next(steps.send(None))

    def _call(self, steps: Generator[Any, Any, Any], call: Call) -> Task:
        self.calls.append(Called(self.elapsed, call.name, call.payload))
        self._pass_until(self.current_utc_datetime + self.activity_takes)
        try:
            call.result = self.activities[call.name](call.payload)
        except ValueError as error:
            return _next(steps.throw(Exception(f"Activity function '{call.name}' failed: {error}")))
        return _next(steps.send(call.result))

    def _race(self, race: Race) -> Task:
        (timer,) = [task for task in race.tasks if isinstance(task, Timer)]
        waits = [task for task in race.tasks if isinstance(task, Wait)]
        for task in race.tasks:
            self._take(task)
        for wait in waits:
            if wait.name in self._early:
                self._open.remove(wait)
                wait.result = self._early[wait.name]
                return wait
        while self._coming and START + self._coming[0].after < self._due(timer):
            self.current_utc_datetime = max(self.current_utc_datetime, START + self._coming[0].after)
            heard = self._come()
            if heard in waits:
                return heard
        self._pass_until(self._due(timer))
        timer.result = None
        return timer

    def _come(self) -> Wait | None:
        """Let the next event happen: the newest open wait of its name gets it, whether or not it is still raced."""
        event = self._coming.pop(0)
        event.does()
        for wait in reversed(self._open):
            if wait.name == event.name:
                self._open.remove(wait)
                wait.result = event.value
                return wait
        self._early[event.name] = event.value
        return None

    def _due(self, timer: Timer) -> datetime:
        return max(self.current_utc_datetime, timer.fire_at - self.fires_early_by)

    def _pass_until(self, instant: datetime) -> None:
        while self._coming and START + self._coming[0].after < instant:
            self._come()
        self.current_utc_datetime = max(self.current_utc_datetime, instant)

    def _take(self, task: Task) -> None:
        assert not task.is_yielded, "a task was yielded twice"
        task.is_yielded = True


def _next(task: object) -> Task:
    assert isinstance(task, Task), "something was yielded that is no task"
    return task
