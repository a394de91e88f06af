"""Schedules: which expressions are read, and when they come due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devhost.errors import AppError
from devhost.ticks import Ticks, from_datetime, to_datetime
from devhost.triggers.schedules import schedule_of

START = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("0 */5 * * * *", datetime(2026, 1, 15, 10, 5, tzinfo=UTC)),
        ("*/10 * * * * *", datetime(2026, 1, 15, 10, 0, 10, tzinfo=UTC)),
        ("0 0 9-17 * * *", datetime(2026, 1, 15, 11, 0, tzinfo=UTC)),
        ("0 30 9 * * 1-5", datetime(2026, 1, 16, 9, 30, tzinfo=UTC)),
        ("0 30 9 * Jan Mon", datetime(2026, 1, 19, 9, 30, tzinfo=UTC)),
        ("0 0 0 1 1 *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 1, 15, 10, 5, tzinfo=UTC)),
        ("0 0 0 13 * 5", datetime(2026, 2, 13, tzinfo=UTC)),
        ("00:00:30", START + timedelta(seconds=30)),
        ("1.00:00:00", START + timedelta(days=1)),
    ],
)
def test_the_first_occurrence_follows_the_expression(expression: str, first: datetime) -> None:
    """Six fields begin with seconds; day of month and day of week must both match."""
    assert to_datetime(schedule_of(expression).after(from_datetime(START))) == first


def test_a_fraction_of_a_second_is_passed() -> None:
    """From half a second after an occurrence, the next one follows, not the same."""
    schedule = schedule_of("* * * * * *")

    half_past = Ticks(from_datetime(START) + 5_000_000)

    assert schedule.after(half_past) == from_datetime(START + timedelta(seconds=1))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "0 0 0 * * 7",
        "0 60 * * * *",
        "0 0 0 * * L",
        "@daily",
        "0 0 0 30 2 *",
        "x * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(wrong: str) -> None:
    """What the platform would not take is refused with the shape that it expects."""
    with pytest.raises(AppError, match="expected six fields"):
        schedule_of(wrong)
