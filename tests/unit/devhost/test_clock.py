"""Clocks that can be moved."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import pytest

from devhost.clock import FrozenClock, SystemClock, VirtualClock
from devhost.errors import ConfigurationError
from devhost.ticks import PER_SECOND, Ticks

HOUR = 3600 * PER_SECOND


def test_a_virtual_clock_moves_only_forward() -> None:
    """It stands still, moves to what lies ahead, and ignores the past."""
    clock = VirtualClock(datetime(2026, 1, 15, tzinfo=UTC))
    start = clock.now()

    clock.move_to(Ticks(start + HOUR))
    clock.move_to(start)

    assert clock.now() == start + HOUR
    assert clock.moved() == HOUR
    assert clock.real_seconds_until(start) == 0
    assert clock.real_seconds_until(Ticks(start + 2 * HOUR)) is None


def test_a_moved_system_clock_takes_the_process_along() -> None:
    """What the app reads as now moves too, twice if moved twice; monotonic time does not."""
    clock = SystemClock()
    try:
        before, monotonic = time.time(), time.monotonic()
        for _ in range(2):
            clock.move_to(Ticks(clock.now() + HOUR))

        assert 7199 < time.time() - before < 7260
        assert 7199 < datetime.now(UTC).timestamp() - before < 7260
        assert time.monotonic() - monotonic < 60
        assert clock.moved() == pytest.approx(2 * HOUR, abs=PER_SECOND)
        left = clock.real_seconds_until(Ticks(clock.now() + HOUR))
        assert left == pytest.approx(3600, abs=1)
    finally:
        clock.stand_again()
    assert time.time() - before < 60


def test_the_system_clock_never_goes_back() -> None:
    """Readings do not fall, and a move into the past is none."""
    clock = SystemClock()
    first = clock.now()

    clock.move_to(Ticks(first - HOUR))

    assert clock.now() >= first
    assert clock.moved() == 0


def test_a_frozen_clock_holds_the_process_still() -> None:
    """It begins with the machine's time, and goes only where it is moved, with what the app reads as now."""
    before = time.time()
    clock = FrozenClock()
    try:
        start, frozen = clock.now(), time.time()
        assert before <= frozen < before + 60
        assert time.time() == frozen
        assert clock.real_seconds_until(Ticks(start + HOUR)) is None
        assert clock.real_seconds_until(start) == 0

        clock.move_to(Ticks(start + HOUR))
        clock.move_to(start)

        assert clock.now() == start + HOUR
        assert clock.moved() == HOUR
        assert time.time() == pytest.approx(frozen + 3600, abs=0.001)
        assert datetime.now(UTC).timestamp() == pytest.approx(frozen + 3600, abs=0.001)
    finally:
        clock.stand_again()
    assert time.time() - before < 60


def test_moving_without_time_machine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one package that moving needs is named."""
    monkeypatch.setitem(sys.modules, "time_machine", None)
    clock = SystemClock()

    with pytest.raises(ConfigurationError, match="pip install time-machine"):
        clock.move_to(Ticks(clock.now() + HOUR))
