"""The histories of instances that ran a moment ago, as they were last committed, so that a turn need not read them.

Only a copy: what is not here is read from the store. An entry is taken only for the execution and the number of turns
that the store itself names, so one that another commit has overtaken is never used.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.history import Event

MOST_INSTANCES = 300
MOST_CHARACTERS = 2_000_000  # of the texts; the events take several times as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The history of one execution after so many turns, and what its row packs; *size* is how long its texts are."""

    execution_id: str
    turns: int
    input: str | None
    custom_status: str | None
    events: Sequence[Event]
    size: int


class RecentHistories:
    """Keeps the histories that were used last, within limits; callable from any thread."""

    def __init__(self, most_instances: int = MOST_INSTANCES, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_instances = most_instances
        self._most_characters = most_characters
        self._kept: OrderedDict[int, Recent] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()

    def get(self, seq: int, execution_id: str, turns: int) -> Recent | None:
        """Return the history of an execution after exactly so many turns, if it is here."""
        with self._guard:
            found = self._kept.get(seq)
            if found is None or (found.execution_id, found.turns) != (execution_id, turns):
                return None
            self._kept.move_to_end(seq)
            return found

    def put(self, seq: int, recent: Recent) -> None:
        """Keep a history in place of what is here of that instance; the least used ones make room."""
        with self._guard:
            self._take(seq)
            self._kept[seq] = recent
            self._size += recent.size
            while len(self._kept) > self._most_instances or self._size > self._most_characters:
                self._take(next(iter(self._kept)))

    def drop(self, seq: int) -> None:
        """Forget an instance."""
        with self._guard:
            self._take(seq)

    def _take(self, seq: int) -> None:
        old = self._kept.pop(seq, None)
        if old is not None:
            self._size -= old.size
