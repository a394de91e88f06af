"""What all writing to the SQLite store has in common: rows of instances, and the messages that wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost.engine import codec
from devhost.engine.backend import Effects, Instance
from devhost.engine.history import RuntimeStatus, execution_started
from devhost.engine.packing import Packer, pack_id, unpack_id
from devhost.errors import InstanceNotFoundError
from devhost.ticks import Ticks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from devhost.engine.history import Event, Parent
    from devhost.engine.recent import Recent

COLUMNS = "id, execution_id, name, version, status, input, custom_status, output, created, updated"
BEGINNING = f"SELECT {COLUMNS}, parent, generation FROM instances WHERE seq = ?"  # noqa: S608  columns are ours
INSERT_INSTANCE = (
    "INSERT INTO instances (seq, id, execution_id, name, version, generation, parent, status, input, created, updated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)
_ENDED = ", ".join(str(int(status)) for status in RuntimeStatus if status.has_ended)
_MESSAGE_IF_ALIVE = f"INSERT INTO messages SELECT seq, ?, ? FROM instances WHERE seq = ? AND status NOT IN ({_ENDED})"  # noqa: S608  numbers
_TABLES = ("instances", "turns", "messages", "activities", "timers")


class Rows:
    """Writes through one connection.

    `effects` holds what the running transaction has caused so far, `appended` the histories that it has made longer,
    and `stale` the instances whose histories it has ended or changed.
    """

    def __init__(self, connection: sqlite3.Connection, packer: Packer) -> None:
        self._sql = connection
        self._packer = packer
        self.effects = Effects()
        self.appended: dict[int, Recent] = {}
        self.stale: set[int] = set()
        self._last_seq: int = connection.execute("SELECT coalesce(max(seq), 0) FROM instances").fetchone()[0]
        self._last_message: int = connection.execute("SELECT coalesce(max(number), 0) FROM messages").fetchone()[0]

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
        self._message_text(seq, codec.encode(event))

    def _message_text(self, seq: int, text: str) -> None:
        self._last_message += 1
        self._sql.execute("INSERT INTO messages VALUES (?, ?, ?)", (seq, self._last_message, text))
        self.effects.woken.add(seq)

    def _consume(self, seq: int, numbers: Sequence[int]) -> None:
        """Delete the messages of *numbers*, which are the first of an instance in order of arrival."""
        if numbers:
            self._sql.execute("DELETE FROM messages WHERE seq = ? AND number <= ?", (seq, max(numbers)))

    def _message_if_alive(self, seq: int, event: Event) -> None:
        self._last_message += 1
        facts = (self._last_message, codec.encode(event), seq)
        if self._sql.execute(_MESSAGE_IF_ALIVE, facts).rowcount:
            self.effects.woken.add(seq)

    def _message_to_execution(self, instance_id: str, execution_id: str, event: Event) -> None:
        """Queue a message for one execution of an instance, if it is still that one and has not ended."""
        statement = "SELECT seq, status FROM instances WHERE id = ? AND execution_id = ?"
        row = self._sql.execute(statement, (instance_id, pack_id(execution_id))).fetchone()
        if row is not None and not RuntimeStatus(row[1]).has_ended:
            self._message(row[0], event)

    def _delete(self, seq: int) -> None:
        self.stale.add(seq)
        for table in _TABLES:
            self._sql.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))  # noqa: S608  our own table names


def packer_of(connection: sqlite3.Connection) -> Packer:
    """Return what packs and unpacks the texts of a store."""
    return Packer(connection.execute("SELECT value FROM meta WHERE key = 'words'").fetchone()[0])


def instance_of(row: Sequence[Any], packer: Packer, known: tuple[str | None, str | None] | None = None) -> Instance:
    """Return the instance whose `COLUMNS` are *row*; its input and custom status may be *known* already."""
    text, custom_status = known or (packer.unpack_optional(row[5]), packer.unpack_optional(row[6]))
    return Instance(
        id=row[0],
        execution_id=unpack_id(row[1]),
        name=row[2],
        version=row[3],
        status=RuntimeStatus(row[4]),
        input=text,
        custom_status=custom_status,
        output=packer.unpack_optional(row[7]),
        created=Ticks(row[8]),
        updated=Ticks(row[9]),
    )


def beginning(one: Instance, parent: Parent | None, generation: int | None) -> Event:
    """Return the ExecutionStarted of an instance, which its row holds."""
    return execution_started(
        one.created,
        instance_id=one.id,
        execution_id=one.execution_id,
        name=one.name,
        version=one.version,
        input_text=one.input,
        parent=parent,
        generation=generation,
    )


def beginning_of(row: Sequence[Any], packer: Packer) -> Event:
    """Return the ExecutionStarted that is in a row of `COLUMNS`, parent and generation."""
    return beginning(instance_of(row, packer), codec.decode_parent(row[10]), row[11])
