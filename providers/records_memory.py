"""Records and claims that end with the process: for tests, and to see what the ones in tables have to promise."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.limit_ports import Fields

T = TypeVar("T")


class MemoryRecords:
    """Records by name, changed one after the other."""

    def __init__(self) -> None:
        self.records: dict[str, Fields] = {}
        self.claims: set[tuple[str, str]] = set()
        self._lock = Lock()

    def find(self, name: str) -> Fields | None:
        """Return the record, or None if there is none."""
        found = self.records.get(name)
        return None if found is None else dict(found)

    def change(self, name: str, step: Callable[[Fields | None], tuple[Fields | None, T]]) -> T:
        """Replace the record by what *step* makes of it."""
        with self._lock:
            after, result = step(self.find(name))
            if after is not None:
                self.records[name] = dict(after)
            return result

    def claim(self, name: str, what: str) -> bool:
        """Say whether this is the first claim to *what*."""
        with self._lock:
            if (name, what) in self.claims:
                return False
            self.claims.add((name, what))
            return True

    def forget(self, name: str) -> None:
        """Remove the record and all claims under its name."""
        with self._lock:
            self.records.pop(name, None)
            self.claims = {claim for claim in self.claims if claim[0] != name}

    def forget_before(self, now: int, *, most: int) -> int:
        """Remove at most *most* records whose `keepUntil` is past."""
        with self._lock:
            past = [name for name, fields in self.records.items() if int(fields.get("keepUntil", now)) < now][:most]
            for name in past:
                del self.records[name]
            return len(past)
