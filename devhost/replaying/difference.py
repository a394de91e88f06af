"""Where today's code leaves a recorded history: what would happen to an instance that is in flight."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from devhost.engine.history import EventType
from devhost.errors import AppError
from devhost.replaying.recording import label_of
from devhost.replaying.retold import retold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.history import Event
    from devhost.engine.worker import Worker

_OF_THE_MOMENT = {EventType.EVENT_SENT: frozenset({"Input"})}
"""Fields that name the moment in which a decision was written."""


def first_difference(worker: Worker, events: Sequence[Event]) -> str | None:
    """Return in which turn, and how, the functions of *worker* decide otherwise than recorded; None if they do not.

    Raises `AppError` for a history without a beginning or without a turn.
    """
    is_whole = any(event.type is EventType.EXECUTION_STARTED for event in events)
    turns = list(retold(worker, events)) if is_whole else []
    if not turns:
        message = "the recording has no ExecutionStarted or no turn"
        raise AppError(message)
    for turn in turns:
        for recorded, today in zip_longest(turn.recorded.decisions, turn.result.decisions):
            if _shape(recorded) != _shape(today):
                number = turn.recorded.number
                return f"turn {number}: recorded is {_told(recorded)}; today's code decides {_told(today)}"
    return None


def _shape(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    volatile = _OF_THE_MOMENT.get(event.type, frozenset())
    fields = {name: value for name, value in event.fields.items() if name not in volatile}
    return {"kind": event.type, "id": event.id, **fields}


def _told(event: Event | None) -> str:
    if event is None:
        return "nothing more"
    facts = [str(event.fields[name]) for name in ("Name", "FireAt", "Result") if event.fields.get(name) is not None]
    return " ".join([label_of(event), str(event.id), *facts])
