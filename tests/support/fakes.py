"""Small honest stand-ins for what is outside our code: the durable context, an SMS provider, a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.sms import SendOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from domain.sms import Sms

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
BAD_INPUT = object()
"""An input that the SDK cannot read."""


class FakeTask:
    """A task as the SDK makes it. One that was yielded before may not be yielded again."""

    def __init__(self, kind: str, name: str, value: Any = None) -> None:
        self.kind = kind
        self.name = name
        self.input = value
        self.is_completed = False
        self.is_canceled = False
        self.was_yielded = False
        self.result: Any = None

    def cancel(self) -> None:
        assert self.kind == "timer"
        if self.is_completed:
            message = "Cannot cancel a completed task."
            raise ValueError(message)
        self.is_canceled = True


class FakeContext:
    """The durable context of one instance; it remembers what it was asked."""

    def __init__(self, given: Any = None, *, instance_id: str = "sms_1", now: datetime = NOON) -> None:
        self.instance_id = instance_id
        self.current_utc_datetime = now
        self.tasks: list[FakeTask] = []
        self.statuses: list[Any] = []
        self._given = given

    def get_input(self) -> Any:
        if self._given is BAD_INPUT:
            message = "the JSON object must be str, bytes or bytearray, not list"
            raise TypeError(message)
        return self._given

    def set_custom_status(self, status: Any) -> None:
        self.statuses.append(status)

    def call_activity(self, name: str, input_: Any) -> FakeTask:
        return self._task("activity", name, input_)

    def create_timer(self, fire_at: datetime) -> FakeTask:
        return self._task("timer", "timer", fire_at)

    def wait_for_external_event(self, name: str) -> FakeTask:
        return self._task("event", name)

    def task_any(self, activities: list[Any]) -> FakeTask:
        return self._task("any", "any", list(activities))

    def of(self, kind: str) -> list[FakeTask]:
        """Return the tasks of one kind, in the order in which they were made."""
        return [task for task in self.tasks if task.kind == kind]

    def _task(self, kind: str, name: str, value: Any = None) -> FakeTask:
        self.tasks.append(FakeTask(kind, name, value))
        return self.tasks[-1]


class Flow:
    """A flow under test, told step by step. Each word lets one thing happen and runs on to the next yield."""

    def __init__(self, start: Callable[[Any], Generator[Any, Any, Any]], context: FakeContext) -> None:
        self.context = context
        self.output: Any = None
        self.has_ended = False
        self._steps = start(context)
        self._waits_for: FakeTask | None = None
        self._advance(lambda: next(self._steps))

    @property
    def waits_for(self) -> FakeTask:
        """The task that the flow yielded last."""
        assert self._waits_for is not None
        return self._waits_for

    @property
    def status(self) -> Any:
        """The custom status."""
        return self.context.statuses[-1]

    def passes(self, span: timedelta) -> None:
        """Let time go by without anything happening."""
        self.context.current_utc_datetime += span

    def answers(self, value: Any) -> None:
        """End the awaited activity with *value*."""
        assert self.waits_for.kind == "activity"
        self._settle(self.waits_for, value)

    def fails(self, text: str = "Activity function failed") -> None:
        """End the awaited activity with an exception, as the SDK tells it."""
        assert self.waits_for.kind == "activity"
        self._advance(lambda: self._steps.throw(Exception(text)))

    def happens(self, name: str, value: Any) -> None:
        """Raise an event for which the flow waits."""
        event = next(task for task in self._children() if task.kind == "event" and task.name == name)
        self._win(event, value)

    def fires(self, early: timedelta = timedelta()) -> None:
        """Let the awaited timer fire, *early* as the real host does or at its time."""
        timer = self.waits_for if self.waits_for.kind == "timer" else self._timer_of_race()
        self.context.current_utc_datetime = max(self.context.current_utc_datetime, timer.input - early)
        if self.waits_for is timer:
            self._settle(timer, None)
        else:
            self._win(timer, None)

    def _children(self) -> list[FakeTask]:
        assert self.waits_for.kind == "any"
        children: list[FakeTask] = self.waits_for.input
        return children

    def _timer_of_race(self) -> FakeTask:
        return next(task for task in self._children() if task.kind == "timer")

    def _win(self, child: FakeTask, value: Any) -> None:
        child.result, child.is_completed = value, True
        self._settle(self.waits_for, child)

    def _settle(self, task: FakeTask, value: Any) -> None:
        task.result, task.is_completed = value, True
        self._advance(lambda: self._steps.send(value))

    def _advance(self, step: Callable[[], FakeTask]) -> None:
        self._waits_for = None
        try:
            task = step()
        except StopIteration as end:
            self.output, self.has_ended = end.value, True
            return
        for yielded in (task, *(task.input if task.kind == "any" else ())):
            assert not yielded.was_yielded, "a task was yielded twice"
            yielded.was_yielded = True
        self._waits_for = task


class FakeSms:
    """An SMS provider that ends as it is told and remembers what it was given."""

    def __init__(self, *outcomes: SendOutcome) -> None:
        self.sent: list[Sms] = []
        self._outcomes = list(outcomes)

    async def send(self, sms: Sms) -> SendOutcome:
        self.sent.append(sms)
        return self._outcomes.pop(0) if self._outcomes else SendOutcome.SENT


class FakeClock:
    """A clock that stands still."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at
