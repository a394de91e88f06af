"""Instants as the real host keeps them: ticks of 100 ns, written with up to seven fraction digits.

A ``Ticks`` is a whole number of 100-nanosecond ticks since 1970-01-01T00:00:00Z (.NET's resolution, our epoch).
A ``datetime`` would lose the seventh digit, which retry timers have.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType

Ticks = NewType("Ticks", int)

PER_SECOND = 10_000_000
PER_MILLISECOND = 10_000
PER_MICROSECOND = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z")


def to_text(at: Ticks) -> str:
    """Return *at* as ``2026-01-15T10:00:01.1234567Z``: trailing zeros cut, no fraction when zero."""
    whole = to_whole_seconds(at)
    fraction = at % PER_SECOND
    if not fraction:
        return whole
    return f"{whole[:-1]}.{fraction:07d}".rstrip("0") + "Z"


def to_whole_seconds(at: Ticks) -> str:
    """Return *at* as ``2026-01-15T10:00:01Z``, the fraction cut off and not rounded."""
    return _written_second(at // PER_SECOND)


@lru_cache(maxsize=1024)
def _written_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> Ticks:
    """Read an instant that ends in Z; raise `ValueError` for anything else."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        message = f"{text!r} is not an instant such as 2026-01-15T10:00:01.1234567Z"
        raise ValueError(message)
    whole = datetime.fromisoformat(match[1] + "+00:00") - _EPOCH
    seconds = whole.days * 86_400 + whole.seconds
    return Ticks(seconds * PER_SECOND + int((match[2] or "").ljust(7, "0")))


def from_datetime(at: datetime) -> Ticks:
    """Return the ticks of an aware *at*."""
    return Ticks((at - _EPOCH) // timedelta(microseconds=1) * PER_MICROSECOND)


def to_datetime(at: Ticks) -> datetime:
    """Return *at* as an aware datetime, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=at // PER_MICROSECOND)


def from_span(span: timedelta) -> int:
    """Return *span* as a number of ticks."""
    return span // timedelta(microseconds=1) * PER_MICROSECOND
