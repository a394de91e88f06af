"""Instants in ticks of 100 ns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost import ticks
from devhost.ticks import Ticks

INSTANTS = st.integers(min_value=0, max_value=4_000_000_000 * ticks.PER_SECOND).map(Ticks)


@given(INSTANTS)
def test_text_and_back_is_the_same_instant(at: Ticks) -> None:
    """What is written is read to the tick."""
    assert ticks.from_text(ticks.to_text(at)) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (Ticks(0), "1970-01-01T00:00:00Z"),
        (Ticks(17_684_715_011_234_567), "2026-01-15T10:05:01.1234567Z"),
        (Ticks(17_684_715_010_050_000), "2026-01-15T10:05:01.005Z"),
    ],
)
def test_trailing_zeros_are_cut(at: Ticks, text: str) -> None:
    """The fraction has as many digits as it needs, and none when it is zero."""
    assert ticks.to_text(at) == text


def test_whole_seconds_are_cut_and_not_rounded() -> None:
    """The status shows the second that has begun."""
    assert ticks.to_whole_seconds(ticks.from_text("2026-01-15T10:00:01.9999999Z")) == "2026-01-15T10:00:01Z"


@pytest.mark.parametrize("text", ["", "2026-01-15", "2026-01-15T10:00:00", "2026-01-15T10:00:00+00:00", "soon"])
def test_anything_else_is_no_instant(text: str) -> None:
    """Only instants that end in Z are read."""
    with pytest.raises(ValueError, match="is not an instant"):
        ticks.from_text(text)


def test_datetimes_and_spans_convert() -> None:
    """Microseconds survive the way there and back."""
    at = datetime(2026, 1, 15, 10, 0, 0, 123456, tzinfo=UTC)

    assert ticks.to_datetime(ticks.from_datetime(at)) == at
    assert ticks.from_span(timedelta(milliseconds=1)) == ticks.PER_MILLISECOND
