"""The faster parts answer what the slow ones answer."""

from __future__ import annotations

import sys

import azure.durable_functions  # noqa: F401  the SDK is loaded, as an app loads it
import pytest
from dateutil.parser import parse  # type: ignore[import-untyped]  # ships no types
from hypothesis import given
from hypothesis import strategies as st

from devhost import ticks
from devhost.sdk import speed
from devhost.sdk.speed import TimestampParser, hasten_sdk, named_tuple
from devhost.ticks import Ticks

INSTANTS = st.integers(min_value=0, max_value=4_000_000_000 * ticks.PER_SECOND).map(Ticks)


@given(INSTANTS)
def test_every_timestamp_of_ours_reads_as_dateutil_reads_it(at: Ticks) -> None:
    """The same instant, the same cut to microseconds, the same kind of time zone."""
    text = ticks.to_text(at)

    quick, slow = TimestampParser(parse)(text), parse(text)

    assert quick == slow
    assert (quick.tzinfo, type(quick.tzinfo)) == (slow.tzinfo, type(slow.tzinfo))


@pytest.mark.parametrize("text", ["2026-01-15T10:00:00+02:00", "15 January 2026", "2026-01-15 10:00:00Z"])
def test_other_forms_are_left_to_dateutil(text: str) -> None:
    """What devhost does not write is read as before."""
    assert TimestampParser(parse)(text) == parse(text)


def test_what_is_no_time_is_refused_as_before() -> None:
    """A broken timestamp is dateutil's to refuse."""
    with pytest.raises(ValueError, match="2026-99"):
        TimestampParser(parse)("2026-99-15T10:00:00Z")


def test_the_sdk_uses_both_parts_once() -> None:
    """Installing twice wraps nothing twice."""
    hasten_sdk()
    hasten_sdk()

    events = sys.modules[speed._HISTORY_EVENT]
    assert isinstance(events.dt_parse, TimestampParser)
    assert not isinstance(events.dt_parse._slow, TimestampParser)
    assert sys.modules[speed._EXECUTOR].namedtuple is named_tuple


def test_named_tuples_are_made_once() -> None:
    """The same name and fields give the same class, with those fields."""
    kind = named_tuple("Pair", ("first", "second"))

    assert named_tuple("Pair", ("first", "second")) is kind
    assert kind(1, 2) == (1, 2)
