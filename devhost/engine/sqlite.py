"""The store in SQLite: one writer, any number of readers, each commit on disk before anybody hears of it."""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
import threading
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devhost.engine import codec
from devhost.engine.backend import DueTimer, Effects, Instance, LoadedTurn, Page, PendingActivity, PendingTimer
from devhost.engine.conditions import VISIBLE, condition
from devhost.engine.lock import FileLock, make_private
from devhost.engine.packing import WORDS, unpack_id
from devhost.engine.recent import Recent, RecentHistories
from devhost.engine.sqlite_rows import COLUMNS, beginning, beginning_of, instance_of, packer_of
from devhost.engine.sqlite_unit import SqliteUnit
from devhost.errors import ConfigurationError, DevhostError, HostError
from devhost.memory import return_free_blocks
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.backend import Outcome, Query, Unit
    from devhost.engine.history import Event

logger = logging.getLogger(__name__)
SCHEMA = "2"
LARGE_LOG = 256 * 1024  # bytes of the write-ahead log that are worth the while
_INSTANCE = f"SELECT {COLUMNS} FROM instances WHERE id = ? AND {VISIBLE}"  # noqa: S608  columns are ours
_TURN = f"SELECT {COLUMNS}, parent, generation, is_fresh FROM instances WHERE seq = ?"  # noqa: S608  columns are ours
_TURN_AT_ONCE = (
    f"SELECT {COLUMNS}, parent, generation, is_fresh, (SELECT max(number) FROM turns WHERE turns.seq = instances.seq),"  # noqa: S608  ours
    " (SELECT '[' || group_concat('[' || number || ',' || event || ']') || ']' FROM messages"
    " WHERE messages.seq = instances.seq) FROM instances WHERE seq = ?"
)
"""What a turn begins with but for its history, in one statement: each costs more than what it reads."""
_HISTORY = "SELECT events FROM turns WHERE seq = ? ORDER BY number"
_WHOLE_HISTORY = (
    "SELECT t.events, i.id, execution_id, name, version, status, iif(number = 0, input, NULL), NULL, NULL, created,"
    " updated, parent, generation FROM instances i JOIN turns t USING (seq) WHERE i.id = ? ORDER BY number"
)
_LAST_TURN = "SELECT max(number) FROM turns WHERE seq = ?"
_MESSAGES = "SELECT number, event FROM messages WHERE seq = ? ORDER BY number"
_DUE = (
    "SELECT i.id, i.name, t.fire_at FROM (SELECT seq, fire_at FROM timers ORDER BY fire_at, seq, timer_id LIMIT ?) t"
    " JOIN instances i ON i.seq = t.seq ORDER BY t.fire_at, t.seq"
)
_NO_PAST = Recent(execution_id="", turns=0, input=None, custom_status=None, events=(), size=0)
_BUSY_TIMEOUT = "PRAGMA busy_timeout = 5000"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers see the last commit while the writer works
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4000",  # KiB
    _BUSY_TIMEOUT,
    "PRAGMA secure_delete = ON",  # what is purged is gone from the file too, however SQLite was built
)


class SqliteBackend:
    """A task hub in one database file, or, without a *path*, in a folder that goes with the process."""

    def __init__(self, path: Path | None, *, synchronous: str = "FULL", words: str = WORDS) -> None:
        """Open or create the store; what is written into a new one is packed with *words* for good.

        Raises `StoreLockedError` if another devhost has it open, `ConfigurationError` if it is no store of ours or
        cannot be written.
        """
        self._folder = None if path else tempfile.TemporaryDirectory(prefix="devhost-")
        self.path = path.resolve() if path else Path(self._folder.name if self._folder else "") / "memory.db"
        self._synchronous = synchronous if path else "OFF"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._lock = _locked(self.path)
        try:
            make_private(self.path)
            self._writer = self._connect()
            self._prepare(words)
        except sqlite3.DatabaseError as error:
            self.close()
            message = f"{self.path} is not a devhost store ({error}); name another file with --db, or delete it."
            raise ConfigurationError(message) from error
        except DevhostError:
            self.close()
            raise
        self._packer = packer_of(self._writer)
        self._unit = SqliteUnit(self._writer, self._packer)
        self._recent = RecentHistories()

    def _prepare(self, words: str) -> None:
        """Create the tables in a new file, and refuse those of another version."""
        if self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            script = resources.files("devhost.engine").joinpath("schema.sql").read_text("utf-8")
            quoted = words.replace("'", "''")
            facts = f"INSERT INTO meta VALUES ('schema', '{SCHEMA}'), ('words', '{quoted}');"  # noqa: S608  quoted
            self._writer.executescript(f"BEGIN IMMEDIATE; {script} {facts} COMMIT;")
        found = self._writer.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        if found != (SCHEMA,):
            message = (
                f"{self.path} was written by another version of devhost; delete it, or name another file with --db."
            )
            raise ConfigurationError(message)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        with self._guard:
            self._connections.append(connection)  # whatever goes wrong with it now, it is closed with the others
        for pragma in (*_PRAGMAS, f"PRAGMA synchronous = {self._synchronous}"):
            connection.execute(pragma)
        return connection

    def _reader(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def transact(self, work: Sequence[Callable[[Unit], object]]) -> Outcome:
        """Run *work* in one transaction; if a piece breaks, each piece gets one of its own."""
        return self.begin(work)()

    def begin(self, work: Sequence[Callable[[Unit], object]]) -> Callable[[], Outcome]:
        """Run *work* in a transaction, and return what commits it."""
        try:
            return partial(self._commit, work, self._applied(work))
        except sqlite3.Error as error:
            return partial(self._transact_singly, work, error)

    def _applied(self, work: Sequence[Callable[[Unit], object]]) -> Sequence[object]:
        """Run *work* in a transaction that is open when this returns, and gone when this raises."""
        self._unit.begin()
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            return [_outcome(piece, self._unit) for piece in work]
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise

    def _commit(self, work: Sequence[Callable[[Unit], object]], results: Sequence[object]) -> Outcome:
        unit = self._unit
        for seq in unit.stale:
            self._recent.drop(seq)
        try:
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            self._writer.execute("ROLLBACK")
            return self._transact_singly(work, error)
        for seq in unit.appended.keys() - unit.stale:
            self._recent.put(seq, unit.appended[seq])
        return results, unit.effects

    def _transact_singly(self, work: Sequence[Callable[[Unit], object]], error: sqlite3.Error) -> Outcome:
        """Give each piece of *work* a transaction of its own, after *error* broke the one they were to share."""
        if len(work) == 1:
            return [HostError(f"the store refused a write: {error}")], Effects()
        results: list[object] = []
        together = Effects()
        for piece in work:
            [result], effects = self.transact([piece])
            results.append(result)
            together.woken |= effects.woken
            together.activities += effects.activities
            together.timers += effects.timers
            together.changed |= effects.changed
        return results, together

    def settle(self) -> None:
        """Move what is in the write-ahead log into the file, and give up the log's room and memory that is not used.

        Where there is little in it, or a reader is in the way, the log stays until the next time.
        """
        log = self.path.with_name(self.path.name + "-wal")
        if not log.exists() or log.stat().st_size < LARGE_LOG:
            return
        try:
            self._writer.execute("PRAGMA busy_timeout = 50")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # a reader in the way is no error
            with self._guard:
                for connection in self._connections:
                    connection.execute("PRAGMA shrink_memory")
        except sqlite3.Error as error:  # such as a full disk; nothing is lost, and the next write will tell
            logger.warning("store did not settle", extra={"reason": str(error)})
        finally:
            self._writer.execute(_BUSY_TIMEOUT)
        return_free_blocks()

    def load_turn(self, seq: int) -> LoadedTurn | None:
        """Return what the next turn begins with, read only as far as it is not kept from a moment ago."""
        row = self._reader().execute(_TURN_AT_ONCE, (seq,)).fetchone()
        if row is None or not (row[12] or row[14]):
            return None
        recent = _NO_PAST if row[13] is None else self._recent.get(seq, unpack_id(row[1]), _turns(row[13]))
        if recent is None:
            return self._load_turn_whole(seq)
        messages = [] if row[12] else sorted(json.loads(row[14] or "[]"))
        return self._loaded(seq, row, recent, messages)

    def _load_turn_whole(self, seq: int) -> LoadedTurn | None:
        """Read a turn with its history; all of it as it was at one moment."""
        reader = self._reader()
        reader.execute("BEGIN")
        try:
            row = reader.execute(_TURN, (seq,)).fetchone()
            if row is None:
                return None
            messages = [] if row[12] else reader.execute(_MESSAGES, (seq,)).fetchall()
            if not messages and not row[12]:
                return None
            past = self._past(reader, seq, row)
        finally:
            reader.execute("COMMIT")
        return self._loaded(seq, row, past, [(number, json.loads(text)) for number, text in messages])

    def _past(self, reader: sqlite3.Connection, seq: int, row: tuple[Any, ...]) -> Recent:
        """Return the history, read only if it is not the one that was committed here a moment ago."""
        execution_id = unpack_id(row[1])
        last = reader.execute(_LAST_TURN, (seq,)).fetchone()[0]
        recent = self._recent.get(seq, execution_id, _turns(last))
        if recent is None:
            started = beginning_of(row, self._packer)
            texts = [self._packer.unpack(stored) for (stored,) in reader.execute(_HISTORY, (seq,)).fetchall()]
            events = tuple(event for text in texts for event in codec.decode_all(text, started))
            recent = Recent(
                execution_id=execution_id,
                turns=len(texts),
                input=started.fields["Input"],
                custom_status=self._packer.unpack_optional(row[6]),
                events=events,
                size=sum(len(text) for text in texts) + len(started.fields["Input"] or ""),
            )
        return recent

    def _loaded(self, seq: int, row: tuple[Any, ...], past: Recent, messages: Sequence[tuple[int, Any]]) -> LoadedTurn:
        known = (past.input, past.custom_status) if past.turns else None
        one, parent = instance_of(row, self._packer, known), codec.decode_parent(row[10])
        return LoadedTurn(
            seq=seq,
            instance=one,
            parent=parent,
            generation=row[11],
            is_fresh=bool(row[12]),
            past=past.events,
            size=past.size,
            turns=past.turns,
            messages=[
                beginning(one, parent, row[11]) if codec.is_started(event) else codec.event_of(event)
                for _, event in messages
            ],
            message_numbers=[number for number, _ in messages],
        )

    def instance(self, instance_id: str) -> Instance | None:
        """Return an instance."""
        row = self._reader().execute(_INSTANCE, (instance_id,)).fetchone()
        return None if row is None else instance_of(row, self._packer)

    def history(self, instance_id: str) -> Sequence[Event]:
        """Return the events of all turns of the current execution."""
        rows = self._reader().execute(_WHOLE_HISTORY, (instance_id,)).fetchall()
        if not rows:
            return []
        started = beginning_of(rows[0][1:], self._packer)
        return [event for row in rows for event in codec.decode_all(self._packer.unpack(row[0]), started)]

    def instances(self, query: Query, limit: int, after: str) -> Page:
        """Return up to *limit* instances with ids above *after*."""
        where, values = condition(query)
        statement = f"SELECT {COLUMNS} FROM instances WHERE id > ? AND {where} ORDER BY id LIMIT ?"  # noqa: S608  ours
        rows = self._reader().execute(statement, (after, *values, limit + 1)).fetchall()
        shown = [instance_of(row, self._packer) for row in rows[:limit]]
        return Page(instances=shown, next_after=shown[-1].id if len(rows) > limit else None)

    def has_timer(self, timer: PendingTimer) -> bool:
        """Say whether a timer is still to fire."""
        found = self._reader().execute(
            "SELECT 1 FROM timers WHERE seq = ? AND timer_id = ? AND fire_at = ?",
            (timer.seq, timer.timer_id, timer.fire_at),
        )
        return found.fetchone() is not None

    def due(self, limit: int) -> Sequence[DueTimer]:
        """Return the first *limit* timers that are still to fire."""
        rows = self._reader().execute(_DUE, (limit,))
        return [DueTimer(instance_id=text, name=name, fire_at=Ticks(at)) for text, name, at in rows]

    def pending(self) -> Effects:
        """Return all that is to be taken up after a start."""
        reader = self._reader()
        woken = reader.execute("SELECT seq FROM messages UNION SELECT seq FROM instances WHERE is_fresh = 1")
        activities = reader.execute(
            "SELECT number, a.seq, i.id, task_id, a.name, a.input FROM activities a JOIN instances i ON i.seq = a.seq"
            " ORDER BY number"
        )
        timers = reader.execute("SELECT fire_at, seq, timer_id FROM timers")
        return Effects(
            woken={seq for (seq,) in woken},
            activities=[
                PendingActivity(number=number, seq=seq, instance_id=instance_id, task_id=task_id, name=name, input=text)
                for number, seq, instance_id, task_id, name, text in activities
            ],
            timers=[PendingTimer(*row) for row in timers],
        )

    def noted(self, key: str) -> str | None:
        """Return a fact that was noted."""
        row = self._reader().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Close every connection, give the file free, and remove it if it was to live with the process only."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._lock.release()
        if self._folder is not None:
            self._folder.cleanup()


def _locked(path: Path) -> FileLock:
    """Take the lock of the store at *path*, making its folder if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path.with_name(path.name + ".lock"))
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}); name another file with --db, or use --memory."
        raise ConfigurationError(message) from error


def _outcome(piece: Callable[[Unit], object], unit: Unit) -> object:
    try:
        return piece(unit)
    except DevhostError as refused:
        return refused


def _turns(last: int | None) -> int:
    """Return how many turns there were, by the number of the last one."""
    return 0 if last is None else last + 1
