"""Small records in an Azure table: one partition a name, changed under the row's ETag, with claims beside it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from domain.errors import StorageError
from providers.tables import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.limit_ports import Fields
    from providers.tables import Table

LIMITS_TABLE: Final = "CountersignLimits"
VERIFICATIONS_TABLE: Final = "CountersignVerifications"
REQUESTS_TABLE: Final = "CountersignRequests"

_ROW: Final = "record"
_TRIES: Final = 60  # each lost one means that another host's change was made
_CLAIMS_MOST: Final = 100  # as many as one transaction takes; a verification has a handful
_LOCKS: Final = 64  # threads of this process take turns at a record, so that they do not race for its ETag
_KEYS: Final = frozenset({"PartitionKey", "RowKey", "etag"})
T = TypeVar("T")


class TableRecords:
    """Records and claims that all hosts share."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table
        self._locks = [Lock() for _ in range(_LOCKS)]

    def find(self, name: str) -> Fields | None:
        """Return the record, or None if there is none."""
        row = self._table.find(name, _ROW)
        return None if row is None else {key: value for key, value in row.items() if key not in _KEYS}

    def change(self, name: str, step: Callable[[Fields | None], tuple[Fields | None, T]]) -> T:
        """Replace the record by what *step* makes of it."""
        with self._locks[hash(name) % len(self._locks)]:
            for _ in range(_TRIES):
                row = self._table.find(name, _ROW)
                before = None if row is None else {key: value for key, value in row.items() if key not in _KEYS}
                after, result = step(before)
                if after is None or self._write(name, after, None if row is None else row["etag"]):
                    return result
        message = "a record is being changed by others"
        raise StorageError(message)

    def claim(self, name: str, what: str) -> bool:
        """Say whether this is the first claim to *what*."""
        return self._table.insert({"PartitionKey": name, "RowKey": what})

    def forget(self, name: str) -> None:
        """Remove the record and all claims under its name, at once."""
        rows = self._table.select("PartitionKey eq @name", {"name": name}, most=_CLAIMS_MOST)
        if rows:
            self._table.commit([Write(kind="delete", row=_keys(row)) for row in rows])

    def forget_before(self, now: int, *, most: int) -> int:
        """Remove at most *most* records whose `keepUntil` is past, and return how many were found.

        One that is changed meanwhile stays.
        """
        rows = self._table.select("keepUntil lt @now", {"now": now}, most=most)
        for row in rows:
            self._table.commit([Write(kind="delete", row=_keys(row), etag=row["etag"])])
        return len(rows)

    def _write(self, name: str, fields: Fields, etag: str | None) -> bool:
        row = {"PartitionKey": name, "RowKey": _ROW, **fields}
        return self._table.insert(row) if etag is None else self._table.replace(row, etag=etag)


def _keys(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("PartitionKey", "RowKey")}
