"""Timer triggers: functions that are called by a schedule, on the host's clock.

The schedule's status is kept in the store, so that an occurrence which the host slept through is made up for, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from devhost import ticks
from devhost.errors import AppError
from devhost.sdk.converting import decoded
from devhost.triggers.names import resolved
from devhost.triggers.schedules import schedule_of

if TYPE_CHECKING:
    from devhost.sdk.functions import Function
    from devhost.ticks import Ticks
    from devhost.triggers.surroundings import Surroundings

logger = logging.getLogger(__name__)

LEAST_MONITORED = 60 * ticks.PER_SECOND  # schedules that are closer have no status on the real host
LONGEST_SLEEP = 3600.0  # seconds; then the alarm is set anew
_NEVER = "0001-01-01T00:00:00"


class TimerTrigger:
    """Calls one function by its schedule, one call at a time."""

    def __init__(self, function: Function, surroundings: Surroundings) -> None:
        self._function = function
        self._engine = surroundings.engine
        self._invoker = surroundings.invoker
        if surroundings.environ.get("WEBSITE_TIME_ZONE"):
            message = f"Function {function.name}: devhost's schedules are in UTC; unset WEBSITE_TIME_ZONE."
            raise AppError(message)
        self._schedule = schedule_of(resolved(str(function.trigger["schedule"]), surroundings.environ))
        self._status: dict[str, str] | None = None
        self._due: Ticks | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._run: asyncio.Task[None] | None = None
        self._is_stopped = False

    async def start(self) -> None:
        """Take up the schedule, and call the function at once if it is to be, or if it is overdue."""
        now = self._engine.clock.now()
        next_one = self._schedule.after(now)
        is_past_due = False
        if self._is_monitored(next_one):
            self._status = json.loads(self._engine.noted(self._key) or "null")
            is_past_due = self._is_past_due(now)
            if self._status is None:
                await self._note({"Last": _NEVER, "Next": _text(next_one), "LastUpdated": _text(now)})
        self._engine.watch(self)
        if is_past_due or self._function.trigger.get("runOnStartup"):
            self._begin(is_past_due=is_past_due)
        else:
            self._wait_until(next_one)

    async def stop(self) -> None:
        """Set no alarm any more, and give up a call that is under way."""
        self._is_stopped = True
        self._set_no_alarm()
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait({self._run})

    def next(self) -> Ticks | None:
        """Return when the function is called next; None while it runs."""
        return self._due

    def ring(self) -> None:
        """Call the function if it is time, or else set the alarm anew."""
        if self._due is None or self._is_stopped:
            return
        if self._engine.clock.now() >= self._due:
            self._begin(is_past_due=False)
        else:
            self._wait_until(self._due)

    @property
    def _key(self) -> str:
        return f"timer {self._function.name}"

    def _is_monitored(self, next_one: Ticks) -> bool:
        wants = bool(self._function.trigger.get("useMonitor", True))
        return wants and self._schedule.after(next_one) - next_one >= LEAST_MONITORED

    def _is_past_due(self, now: Ticks) -> bool:
        if self._status is None:
            return False
        last = self._status["Last"] if self._status["Last"] != _NEVER else self._status["LastUpdated"]
        return self._schedule.after(_ticks(last)) < now

    def _begin(self, *, is_past_due: bool) -> None:
        self._set_no_alarm()
        self._due = None
        under_way = contextlib.ExitStack()
        under_way.enter_context(self._engine.under_way())
        self._run = asyncio.create_task(self._call(is_past_due=is_past_due))
        self._run.add_done_callback(lambda _: under_way.close())

    async def _call(self, *, is_past_due: bool) -> None:
        began, at = time.perf_counter(), self._engine.clock.now()
        try:
            await self._invoker.call(self._function, self._request(is_past_due=is_past_due))
        except Exception:  # the top of a worker loop; the schedule goes on
            logger.exception("function failed", extra={"function": self._function.name})
        else:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            logger.info("function ended", extra={"function": self._function.name, "ms": milliseconds})
        now = self._engine.clock.now()
        following = self._schedule.after(now)
        if self._status is not None:
            await self._note({"Last": _text(at), "Next": _text(following), "LastUpdated": _text(now)})
        self._wait_until(following)

    def _request(self, *, is_past_due: bool) -> Any:  # noqa: ANN401  the SDK's class
        body = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": self._status, "IsPastDue": is_past_due}
        return decoded("timerTrigger", json.dumps(body), "json", {})

    async def _note(self, status: dict[str, str]) -> None:
        self._status = status
        await self._engine.note(self._key, json.dumps(status))

    def _wait_until(self, at: Ticks) -> None:
        self._set_no_alarm()
        self._due = at
        seconds = self._engine.clock.real_seconds_until(at)
        if seconds is not None and not self._is_stopped:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(min(seconds, LONGEST_SLEEP), self.ring)

    def _set_no_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _text(at: Ticks) -> str:
    return ticks.to_text(at)[:-1] + "+00:00"


def _ticks(text: str) -> Ticks:
    return ticks.from_text(text.replace("+00:00", "Z"))
