"""Moves the clock: from one due thing to the next, one move at a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from devhost.ticks import Ticks, from_span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from datetime import timedelta

    from devhost.clock import Clock
    from devhost.engine.alarms import Alarm
    from devhost.engine.backend import PendingTimer
    from devhost.engine.rest import Rest
    from devhost.engine.timers import Timers

LONGEST_WORK = 5.0  # seconds that running work may hold up a jump of the clock


class Moves:
    """Moves *clock*; *keep* commits by how much it was moved, before it is.

    All methods are called on the event loop's thread.
    """

    def __init__(
        self,
        clock: Clock,
        rest: Rest,
        timers: Timers,
        is_alive: Callable[[PendingTimer], bool],
        keep: Callable[[int], Awaitable[object]],
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._timers = timers
        self._is_alive = is_alive
        self._keep = keep
        self._alarms: list[Alarm] = []
        self._one_at_a_time = asyncio.Lock()
        self._wishes: list[Callable[[], bool]] = []
        self._skipping: asyncio.Task[None] | None = None

    def watch(self, alarm: Alarm) -> None:
        """Let moves stop at *alarm* too."""
        self._alarms.append(alarm)

    def next(self) -> Ticks | None:
        """Return when the next timer fires or the next alarm rings."""
        due = [self._timers.next(self._is_alive), *(alarm.next() for alarm in self._alarms)]
        return min((at for at in due if at is not None), default=None)

    async def by(self, span: timedelta) -> None:
        """Move by *span*, stopping at whatever is due on the way, and let the work that it causes come to rest."""
        target = Ticks(self._clock.now() + from_span(span))
        async with self._one_at_a_time:
            await self._through(target)
        await self._rest.reached()

    async def to_next(self) -> Ticks | None:
        """Move to what is due next and let the work that it causes come to rest; return when that was.

        Returns None, and moves nothing, if nothing is due, ever.
        """
        async with self._one_at_a_time:
            await self._rest.reached(LONGEST_WORK)
            due = self.next()
            if due is not None:
                await self._to(due)
        await self._rest.reached()
        return due

    @contextlib.contextmanager
    def skipping(self, is_wanted: Callable[[], bool]) -> Iterator[None]:
        """Within the block, jump to what is due next whenever nothing is under way and *is_wanted* says so."""
        self._wishes.append(is_wanted)
        self._timers.added.set()  # look again: what is due was nobody's wish so far
        self._skipping = self._skipping or asyncio.create_task(self._skip())
        try:
            yield
        finally:
            self._wishes.remove(is_wanted)
            if not self._wishes:
                self._skipping.cancel()
                self._skipping = None

    async def _skip(self) -> None:
        while True:
            await self._rest.reached()
            self._timers.added.clear()
            if not await asyncio.shield(self._jump()):  # a jump that has begun is made
                await self._timers.added.wait()

    async def _jump(self) -> bool:
        """Move to what is due next, if that is wanted; say whether another jump may follow."""
        async with self._one_at_a_time:
            due = self.next()
            if due is None or not any(is_wanted() for is_wanted in self._wishes):
                return False
            if self._rest.is_quiet:
                await self._to(due)
            return True

    async def _through(self, target: Ticks) -> None:
        await self._rest.reached(LONGEST_WORK)
        while (due := self.next()) is not None and due <= target:
            await self._to(due)
            await self._rest.reached(LONGEST_WORK)
        await self._to(target)

    async def _to(self, at: Ticks) -> None:
        await self._keep(self._clock.moved() + max(0, at - self._clock.now()))
        self._clock.move_to(at)
        self._timers.fire_due()
        for alarm in self._alarms:
            alarm.ring()
