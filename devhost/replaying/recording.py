"""A history in a file: JSON that a person can read, with all that a replay needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devhost import ticks
from devhost.engine.history import Event, EventType
from devhost.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LABELS = {"".join(word.capitalize() for word in kind.name.split("_")): kind for kind in EventType}
_KINDS = {kind: label for label, kind in _LABELS.items()}
_OWN_KEYS = {"EventType", "EventId", "Timestamp"}


def to_text(events: Sequence[Event]) -> str:
    """Return the text of a file that holds *events*."""
    return json.dumps({"historyEvents": [_written(event) for event in events]}, indent=2) + "\n"


def read(path: Path) -> list[Event]:
    """Return the events in the file at *path*; raise `AppError` if it holds no recording."""
    try:
        return [_event(written) for written in json.loads(path.read_text("utf-8"))["historyEvents"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"{path} holds no recording of a history: {type(error).__name__}: {error}"
        raise AppError(message) from error


def label_of(event: Event) -> str:
    """Return the name of an event's kind, such as ``TaskScheduled``."""
    return _KINDS[event.type]


def _written(event: Event) -> dict[str, Any]:
    named = {"EventType": label_of(event), "EventId": event.id, "Timestamp": ticks.to_text(event.at)}
    return named | dict(event.fields)


def _event(written: Mapping[str, Any]) -> Event:
    fields = {key: value for key, value in written.items() if key not in _OWN_KEYS}
    return Event(_LABELS[written["EventType"]], ticks.from_text(written["Timestamp"]), written["EventId"], fields)
