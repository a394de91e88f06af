"""The only place of devhost that reads the time.

Everything that waits asks a clock. `SystemClock` is the machine's time, which may be moved forward; then the whole
process moves with it (``datetime.now``, ``time.time``), by the package time-machine. `FrozenClock` takes the process
along too, and stands still until it is moved; so does `VirtualClock`, which leaves the process its time.
`time.monotonic` follows none of them, and real time-outs (sockets, shutdown) use it on purpose.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Protocol

from devhost.errors import ConfigurationError
from devhost.ticks import PER_SECOND, Ticks, to_datetime


class Clock(Protocol):
    """Tells the time, in ticks, and never goes back."""

    def now(self) -> Ticks:
        """Return the present instant."""

    def real_seconds_until(self, at: Ticks) -> float | None:
        """Return how many real seconds pass until *at* (0 if it is past), or None if it never comes by itself."""

    def move_to(self, at: Ticks) -> None:
        """Move forward to *at*; an instant that is not ahead changes nothing."""

    def moved(self) -> int:
        """Return by how many ticks the clock was moved in all."""


class SystemClock:
    """The machine's clock, which can be moved forward."""

    def __init__(self) -> None:
        self._latest = 0
        self._moved = 0
        self._process = _Process(tick=True)

    def now(self) -> Ticks:
        """Return the present instant."""
        self._latest = max(self._latest, time.time_ns() // 100)
        return Ticks(self._latest)

    def real_seconds_until(self, at: Ticks) -> float | None:
        """Return the seconds that are left."""
        return max(0.0, (at - self.now()) / PER_SECOND)

    def move_to(self, at: Ticks) -> None:
        """Move this whole process forward to *at*; raise `ConfigurationError` if time-machine is missing."""
        ahead = at - self.now()
        if ahead <= 0:
            return
        self._moved += ahead
        self._process.move_to(at)
        self._latest = max(self._latest, at)

    def moved(self) -> int:
        """Return by how many ticks the clock was moved in all."""
        return self._moved

    def stand_again(self) -> None:
        """Give the process its real time back; for tests, which share a process."""
        self._latest = self._moved = 0
        self._process.stand_again()


class FrozenClock:
    """The machine's time at the beginning, which stands still until it is moved, and with it the whole process."""

    def __init__(self) -> None:
        """Freeze the process; raise `ConfigurationError` if time-machine is missing."""
        self._now = self._start = time.time_ns() // 100
        self._process = _Process(tick=False)
        self._process.move_to(Ticks(self._now))

    def now(self) -> Ticks:
        """Return the instant to which the clock was moved."""
        return Ticks(self._now)

    def real_seconds_until(self, at: Ticks) -> float | None:
        """Return 0 for what is past, and None for what only a move brings."""
        return 0.0 if at <= self._now else None

    def move_to(self, at: Ticks) -> None:
        """Move this whole process forward to *at*."""
        if at > self._now:
            self._now = at
            self._process.move_to(at)

    def moved(self) -> int:
        """Return by how many ticks the clock was moved in all."""
        return self._now - self._start

    def stand_again(self) -> None:
        """Give the process its real time back; for tests, which share a process."""
        self._process.stand_again()


class _Process:
    """The time of this process as its code reads it; once moved it goes on if it may *tick*, or else stands still."""

    def __init__(self, *, tick: bool) -> None:
        self._tick = tick
        self._travel: Any = None  # time_machine.travel and time_machine.Traveller, once moved
        self._traveller: Any = None

    def move_to(self, at: Ticks) -> None:
        if self._traveller is not None:
            self._traveller.move_to(to_datetime(at))
        else:
            self._travel = _time_machine().travel(to_datetime(at), tick=self._tick)
            self._traveller = self._travel.start()

    def stand_again(self) -> None:
        if self._travel is not None:
            self._travel.stop()
            self._travel = self._traveller = None


def _time_machine() -> Any:  # noqa: ANN401  a module
    try:
        import time_machine  # noqa: PLC0415  only needed once somebody moves the clock
    except ImportError as error:
        message = "Moving the clock needs the package time-machine: pip install time-machine"
        raise ConfigurationError(message) from error
    return time_machine


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 1, 15, 10, tzinfo=UTC)) -> None:
        self._now = self._start = int(start.timestamp()) * PER_SECOND

    def now(self) -> Ticks:
        """Return the instant to which the clock was moved."""
        return Ticks(self._now)

    def real_seconds_until(self, at: Ticks) -> float | None:
        """Return 0 for what is past, and None for what only a move brings."""
        return 0.0 if at <= self._now else None

    def move_to(self, at: Ticks) -> None:
        """Move forward to *at*."""
        self._now = max(self._now, at)

    def moved(self) -> int:
        """Return by how many ticks the clock was moved in all."""
        return self._now - self._start
