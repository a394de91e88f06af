"""Two slow places of SDK 1.7.0, done faster in devhost's own process; what they return stays the same.

Parsing the timestamp of every event of a history with dateutil takes most of a turn, and each turn builds one class
of named tuples anew. The replay tests hold with and without this.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_HISTORY_EVENT = "azure.durable_functions.models.history.HistoryEvent"
_EXECUTOR = "azure.durable_functions.models.TaskOrchestrationExecutor"


def hasten_sdk() -> None:
    """Put the faster parts in place, if the app has loaded the SDK; doing so twice changes nothing."""
    events: Any = sys.modules.get(_HISTORY_EVENT)
    if events is not None and not isinstance(events.dt_parse, TimestampParser):
        events.dt_parse = TimestampParser(events.dt_parse)
    executor: Any = sys.modules.get(_EXECUTOR)
    if executor is not None:
        executor.namedtuple = named_tuple


class TimestampParser:
    """Reads the timestamps that devhost writes, and leaves everything else to the SDK's own parser."""

    def __init__(self, slow: Callable[[str], datetime]) -> None:
        self._slow = slow
        self._utc = slow("2026-01-15T10:00:00Z").tzinfo

    def __call__(self, text: str) -> datetime:
        """Return the instant that *text* says, cut to microseconds as dateutil cuts it."""
        if len(text) > len("2026-01-15T10:00:00") and text[-1] == "Z" and text[10] == "T":
            try:
                return datetime.fromisoformat(text[:-1]).replace(tzinfo=self._utc)
            except ValueError:
                return self._slow(text)
        return self._slow(text)


@cache
def named_tuple(name: str, fields: tuple[str, ...]) -> Any:  # noqa: ANN401  a class that only the SDK knows
    """Return a class of named tuples, the same for the same name and fields."""
    return namedtuple(name, fields)
