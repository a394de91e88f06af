"""The timers that are still to fire: a heap in memory over the table in the store, and one alarm for the next."""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING

from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devhost.clock import Clock
    from devhost.engine.backend import PendingTimer

LONGEST_SLEEP = 3600.0  # seconds; then the alarm is set anew, so that a clock that was put right is noticed
MOST_AT_ONCE = 500


class Timers:
    """Calls *fire* on the event loop with what is due, never before its time."""

    def __init__(self, clock: Clock, fire: Callable[[list[PendingTimer]], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[PendingTimer] = []
        self._alarm: asyncio.TimerHandle | None = None
        self.added = asyncio.Event()

    def add(self, timers: Iterable[PendingTimer]) -> None:
        """Take timers up; those that are due already fire at once, so that nobody takes the engine to be at rest."""
        for timer in timers:
            heapq.heappush(self._heap, timer)
        self.added.set()
        self.fire_due()

    def next(self, is_alive: Callable[[PendingTimer], bool]) -> Ticks | None:
        """Return when the next timer fires that *is_alive*, dropping dead ones on the way."""
        while self._heap and not is_alive(self._heap[0]):
            heapq.heappop(self._heap)
        return Ticks(self._heap[0].fire_at) if self._heap else None

    def fire_due(self) -> None:
        """Fire what is due now, and set the alarm for the rest."""
        now = self._clock.now()
        while self._heap and self._heap[0].fire_at <= now:
            due: list[PendingTimer] = []
            while self._heap and self._heap[0].fire_at <= now and len(due) < MOST_AT_ONCE:
                due.append(heapq.heappop(self._heap))
            self._fire(due)
        self.set_alarm()

    def set_alarm(self) -> None:
        """Wake up for the next timer; to be called again whenever the clock was moved."""
        self.stop()
        if not self._heap:
            return
        seconds = self._clock.real_seconds_until(Ticks(self._heap[0].fire_at))
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(min(seconds, LONGEST_SLEEP), self.fire_due)

    def stop(self) -> None:
        """Set no alarm."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
