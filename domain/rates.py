"""How often something may happen: at most so many times within any window of a length."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from domain.errors import PayloadError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 5000  # each happening within the longest window is remembered, eight bytes in one row of 64 KiB

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most *most* within any *window*."""

    most: int
    window: timedelta


Rates = tuple[Rate, ...]
"""Limits that all hold; none at all is no limit."""


@lru_cache(maxsize=64)
def rates_in(text: str) -> Rates:
    """Return the limits that *text* writes, such as ``3/10m,5/1h``; ``off`` is none."""
    return () if text == "off" else tuple(_rate(part.strip()) for part in text.split(","))


def wait_for(rates: Rates, past: Sequence[int], now: int) -> int:
    """Return in how many milliseconds one more may happen after those of the *past*; 0 for at once.

    *past* and *now* are milliseconds, the past in order.
    """
    return max((_wait_for(rate, past, now) for rate in rates), default=0)


def remembered(rates: Rates, past: Sequence[int], now: int) -> tuple[int, ...]:
    """Return the past as far as it still counts at *now*, and now itself as its last."""
    longest = max((_length(rate) for rate in rates), default=0)
    return (*(at for at in past if at > now - longest), now)


def longest_window(rates: Rates) -> int:
    """Return for how many milliseconds something counts."""
    return max((_length(rate) for rate in rates), default=0)


def _wait_for(rate: Rate, past: Sequence[int], now: int) -> int:
    counted = [at for at in past if at > now - _length(rate)]
    return counted[-rate.most] + _length(rate) - now if len(counted) >= rate.most else 0


def _length(rate: Rate) -> int:
    return rate.window // timedelta(milliseconds=1)


def _rate(text: str) -> Rate:
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})([smhd])", text)
    if not found:
        message = "a limit is a number, a slash and a span, such as 3/10m"
        raise PayloadError(message)
    rate = Rate(most=int(found[1]), window=timedelta(**{_UNITS[found[3]]: int(found[2])}))
    if not (1 <= rate.most <= MOST and timedelta() < rate.window <= _LONGEST):
        message = f"a limit allows 1 to {MOST} within at most {_LONGEST.days} days"
        raise PayloadError(message)
    return rate
