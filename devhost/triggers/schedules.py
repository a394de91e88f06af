"""When a timer trigger fires: NCRONTAB expressions of six fields (seconds first) or five, or a span of time.

Unlike in cron, day of month and day of week must both match. Times are UTC, as in Azure unless a time zone is set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from devhost.errors import AppError, ConfigurationError
from devhost.ticks import PER_SECOND, Ticks, from_datetime, from_span, to_datetime

SPAN = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>[0-5]?\d)(?::(?P<seconds>[0-5]?\d))?")
_FIELD = re.compile(r"[\d*,/A-Za-z-]+")
_HIGHEST_DAY = 6
_FIVE, _SIX = 5, 6


class Schedule(Protocol):
    """A rule for instants."""

    def after(self, at: Ticks) -> Ticks:
        """Return the first occurrence later than *at*."""


@dataclass(frozen=True, slots=True)
class Every:
    """An occurrence whenever a span of time is over."""

    span: timedelta

    def after(self, at: Ticks) -> Ticks:
        """Return *at* plus the span."""
        return Ticks(at + from_span(self.span))


@dataclass(frozen=True, slots=True)
class Cron:
    """Occurrences at whole seconds, by an expression of six fields."""

    expression: str

    def after(self, at: Ticks) -> Ticks:
        """Return the first whole second after *at* that matches."""
        from croniter import croniter  # type: ignore[import-untyped]  # ships none  # noqa: PLC0415  few apps need it

        whole = to_datetime(Ticks(at // PER_SECOND * PER_SECOND))
        found = croniter(self.expression, whole, ret_type=datetime, day_or=False, second_at_beginning=True)
        return from_datetime(found.get_next())


def schedule_of(text: str) -> Schedule:
    """Return the schedule that *text* says; raise `AppError` for anything that the real host would refuse."""
    span = SPAN.fullmatch(text.strip())
    if span is not None:
        return Every(span_of(span))
    fields = text.split()
    if len(fields) == _FIVE:
        fields.insert(0, "0")
    if len(fields) != _SIX or not all(_FIELD.fullmatch(field) for field in fields) or not _days_fit(fields[-1]):
        raise _wrong(text)
    return _checked(Cron(" ".join(fields)), text)


def span_of(match: re.Match[str]) -> timedelta:
    """Return the span that a match of `SPAN` says."""
    return timedelta(**{name: int(number) for name, number in match.groupdict().items() if number})


def _checked(cron: Cron, text: str) -> Cron:
    try:
        cron.after(Ticks(0))
    except ImportError as error:
        message = "Timer triggers need the package croniter: pip install croniter"
        raise ConfigurationError(message) from error
    except (ValueError, KeyError) as error:
        raise _wrong(text) from error
    return cron


def _days_fit(field: str) -> bool:
    """Say whether the days of the week are numbered from 0 to 6; a step may be anything."""
    return all(int(number) <= _HIGHEST_DAY for number in re.findall(r"(?<![\d/])\d+", field))


def _wrong(text: str) -> AppError:
    return AppError(
        f"{text!r} is no schedule; expected six fields (second, minute, hour, day, month, day of week), "
        "such as '0 */5 * * * *'."
    )
