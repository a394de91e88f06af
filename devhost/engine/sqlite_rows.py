"""What all writing to the SQLite store has in common: rows of instances, and the messages that wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine import codec
from devhost.engine.backend import Effects
from devhost.engine.history import RuntimeStatus
from devhost.errors import InstanceNotFoundError

if TYPE_CHECKING:
    import sqlite3

    from devhost.engine.history import Event
    from devhost.engine.recent import Recent

INSERT_INSTANCE = (
    "INSERT INTO instances (seq, id, execution_id, name, version, generation, parent, status, input, created, updated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_TABLES = ("instances", "turns", "messages", "activities", "timers")


class Rows:
    """Writes through one connection.

    `effects` holds what the running transaction has caused so far, `appended` the histories that it has made longer,
    and `stale` the instances whose histories it has ended or changed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection
        self.effects = Effects()
        self.appended: dict[int, Recent] = {}
        self.stale: set[int] = set()
        self._last_seq: int = connection.execute("SELECT coalesce(max(seq), 0) FROM instances").fetchone()[0]

    def begin(self) -> None:
        """Forget what the transaction before has caused."""
        self.effects = Effects()
        self.appended = {}
        self.stale = set()

    def _new_seq(self) -> int:
        self._last_seq += 1
        return self._last_seq

    def _found(self, instance_id: str) -> tuple[int, RuntimeStatus]:
        """Return where an instance is and its status; an entity before its first batch is not found."""
        row = self._sql.execute(
            "SELECT seq, status, execution_id FROM instances WHERE id = ?", (instance_id,)
        ).fetchone()
        if row is None or (row[1] == RuntimeStatus.PENDING and not row[2]):
            raise InstanceNotFoundError(instance_id)
        return row[0], RuntimeStatus(row[1])

    def _message(self, seq: int, event: Event) -> None:
        self._sql.execute("INSERT INTO messages (seq, event) VALUES (?, ?)", (seq, codec.encode(event)))
        self.effects.woken.add(seq)

    def _message_if_alive(self, seq: int, event: Event) -> None:
        row = self._sql.execute("SELECT status FROM instances WHERE seq = ?", (seq,)).fetchone()
        if row is not None and not RuntimeStatus(row[0]).has_ended:
            self._message(seq, event)

    def _message_to_execution(self, instance_id: str, execution_id: str, event: Event) -> None:
        """Queue a message for one execution of an instance, if it is still that one and has not ended."""
        statement = "SELECT seq, status FROM instances WHERE id = ? AND execution_id = ?"
        row = self._sql.execute(statement, (instance_id, execution_id)).fetchone()
        if row is not None and not RuntimeStatus(row[1]).has_ended:
            self._message(row[0], event)

    def _delete(self, seq: int) -> None:
        self.stale.add(seq)
        for table in _TABLES:
            self._sql.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))  # noqa: S608  our own table names
