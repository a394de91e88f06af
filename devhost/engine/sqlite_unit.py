"""The writing side of the SQLite store: what may happen inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine import codec
from devhost.engine.backend import PendingActivity, PendingTimer
from devhost.engine.conditions import condition
from devhost.engine.history import (
    EventType,
    RuntimeStatus,
    execution_started,
    sub_orchestration_completed,
    sub_orchestration_failed,
    timer_fired,
)
from devhost.engine.recent import Recent
from devhost.engine.sqlite_entities import EntityRows
from devhost.engine.sqlite_rewind import RewindRows
from devhost.engine.sqlite_rows import INSERT_INSTANCE
from devhost.engine.turn import ArmTimer, RunActivity
from devhost.errors import InstanceEndedError, InstanceExistsError, InstanceNotFoundError, InstanceStateError
from devhost.ticks import Ticks, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.backend import LoadedTurn, NewInstance, Query, TurnCommit
    from devhost.engine.history import Event, Parent
    from devhost.engine.turn import Ending

_AFTER_TURN = "UPDATE instances SET status = ?, custom_status = ?, output = ?, updated = ?, is_fresh = 0 WHERE seq = ?"
_AFTER_CONTINUE = (
    "UPDATE instances SET execution_id = ?, generation = NULL, status = ?, input = ?, custom_status = ?,"
    " output = NULL, created = ?, updated = ?, is_fresh = 1 WHERE seq = ?"
)
_CONTROLS = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)

STATEMENTS = 128  # how many the connection keeps ready: the sqlite3 module's default


class SqliteUnit(EntityRows, RewindRows):
    """Writes through one connection; see `devhost.engine.backend.Unit` for what each method promises."""

    def start(self, new: NewInstance) -> None:
        """Create an instance; an ended one of that id is replaced, and a living one if *new* may do that."""
        old = self._sql.execute("SELECT seq, status, generation FROM instances WHERE id = ?", (new.id,)).fetchone()
        if old is None:
            self._create(new, 0)
            return
        status = RuntimeStatus(old[1])
        if not (status.has_ended or new.replaces_living):
            raise InstanceExistsError(new.id, status.label)
        self._delete(old[0])
        self._create(new, (old[2] or 0) + 1)

    def _create(self, new: NewInstance, generation: int | None) -> None:
        seq = self._new_seq()
        started = execution_started(
            new.at,
            instance_id=new.id,
            execution_id=new.execution_id,
            name=new.name,
            version=new.version,
            input_text=new.input,
            parent=new.parent,
            generation=generation,
        )
        parent = codec.encode_parent(new.parent)
        facts = (seq, new.id, new.execution_id, new.name, new.version, generation, parent)
        self._sql.execute(INSERT_INSTANCE, (*facts, int(RuntimeStatus.PENDING), new.input, new.at, new.at))
        self._message(seq, started)
        self.effects.changed.add(new.id)

    def _alive(self, instance_id: str) -> tuple[int, RuntimeStatus]:
        seq, status = self._found(instance_id)
        if status.has_ended:
            raise InstanceEndedError(instance_id, status.label)
        return seq, status

    def send(self, instance_id: str, event: Event) -> None:
        """Queue a message."""
        seq, _ = self._alive(instance_id)
        self._message(seq, event)

    def suspend(self, instance_id: str, event: Event) -> None:
        """Queue a suspension."""
        seq, status = self._alive(instance_id)
        if status == RuntimeStatus.SUSPENDED:
            raise InstanceStateError(instance_id, status.label)
        self._message(seq, event)

    def resume(self, instance_id: str, event: Event) -> None:
        """Queue a resumption."""
        seq, status = self._alive(instance_id)
        if status != RuntimeStatus.SUSPENDED:
            raise InstanceStateError(instance_id, status.label)
        self._message(seq, event)

    def end_unstarted(self, instance_id: str, event: Event) -> None:
        """Terminate an instance that no turn will ever run."""
        seq, _ = self._alive(instance_id)
        facts = (int(RuntimeStatus.TERMINATED), None, event.fields["Input"], event.at, seq)
        self._sql.execute(_AFTER_TURN, facts)
        self._sql.execute("DELETE FROM messages WHERE seq = ?", (seq,))
        self.effects.changed.add(instance_id)

    def commit_turn(self, commit: TurnCommit) -> None:
        """Write a turn and what it sends."""
        loaded = commit.loaded
        if not self._is_current(loaded):
            return
        self._sql.executemany("DELETE FROM messages WHERE number = ?", [(n,) for n in loaded.message_numbers])
        self.effects.changed.add(loaded.instance.id)
        if commit.next_started is not None:
            self._begin_next_execution(commit, commit.next_started)
        else:
            self._append(commit)
        for child in commit.children:
            self._replace(child)
        self._send_operations(commit.result.messages, commit.ended)
        if commit.result.ending is not None:
            self._end(loaded, commit.result.ending, commit.ended)

    def _is_current(self, loaded: LoadedTurn) -> bool:
        """Say whether the instance is still the one that was loaded; a purged one comes back after its first turn."""
        row = self._sql.execute("SELECT execution_id FROM instances WHERE seq = ?", (loaded.seq,)).fetchone()
        if row is not None:
            return bool(row[0] == loaded.instance.execution_id)
        one = loaded.instance
        taken = self._sql.execute("SELECT 1 FROM instances WHERE id = ?", (one.id,)).fetchone()
        if taken or loaded.turns:
            return False
        parent = codec.encode_parent(loaded.parent)
        facts = (loaded.seq, one.id, one.execution_id, one.name, one.version, loaded.generation, parent)
        self._sql.execute(INSERT_INSTANCE, (*facts, int(one.status), one.input, one.created, one.updated))
        return True

    def _append(self, commit: TurnCommit) -> None:
        loaded, result = commit.loaded, commit.result
        if commit.events:
            text = codec.encode_all(commit.events)
            self._sql.execute("INSERT INTO turns VALUES (?, ?, ?)", (loaded.seq, loaded.turns, text))
            self._keep(loaded, commit.events, len(text))
        status, output = RuntimeStatus.RUNNING, _reason_shown(loaded)
        if result.ending is not None:
            status, output = result.ending.status, result.ending.output
        elif result.is_suspended:
            status = RuntimeStatus.SUSPENDED
        facts = (int(status), _storable(_custom_status(commit)), _storable(output), commit.ended, loaded.seq)
        self._sql.execute(_AFTER_TURN, facts)
        for message in result.messages:
            if isinstance(message, RunActivity):
                self._schedule(loaded, message)
            elif isinstance(message, ArmTimer):
                self._arm(loaded.seq, message)

    def _keep(self, loaded: LoadedTurn, events: Sequence[Event], size: int) -> None:
        """Note the longer history, so that the next turn need not read it."""
        self.appended[loaded.seq] = Recent(
            execution_id=loaded.instance.execution_id,
            turns=loaded.turns + 1,
            events=(*loaded.past, *events),
            size=loaded.size + size,
        )

    def _schedule(self, loaded: LoadedTurn, message: RunActivity) -> None:
        statement = "INSERT INTO activities (seq, task_id, name, input) VALUES (?, ?, ?, ?)"
        done = self._sql.execute(statement, (loaded.seq, message.task_id, message.name, message.input))
        pending = PendingActivity(
            number=done.lastrowid or 0,
            seq=loaded.seq,
            instance_id=loaded.instance.id,
            task_id=message.task_id,
            name=message.name,
            input=message.input,
        )
        self.effects.activities.append(pending)

    def _arm(self, seq: int, message: ArmTimer) -> None:
        row = (seq, message.timer_id, message.fire_at, message.created)
        self._sql.execute("INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)", row)
        self.effects.timers.append(PendingTimer(message.fire_at, seq, message.timer_id))

    def _begin_next_execution(self, commit: TurnCommit, started: Event) -> None:
        seq = commit.loaded.seq
        for table in ("turns", "activities", "timers"):
            self._sql.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))  # noqa: S608  our own table names
        stored = codec.encode_all(commit.next_events)
        self._sql.execute("INSERT INTO turns VALUES (?, 0, ?)", (seq, stored))
        execution_id = started.fields["OrchestrationInstance"]["ExecutionId"]
        events = tuple(commit.next_events)
        self.appended[seq] = Recent(execution_id=execution_id, turns=1, events=events, size=len(stored))
        running, text = int(RuntimeStatus.RUNNING), _storable(started.fields["Input"])
        status = _storable(_custom_status(commit))
        self._sql.execute(_AFTER_CONTINUE, (execution_id, running, text, status, started.at, commit.ended, seq))
        self.effects.woken.add(seq)

    def _replace(self, child: NewInstance) -> None:
        """Create a sub-orchestration; whatever had its id, running or not, is silently gone, as on the real host."""
        old = self._sql.execute("SELECT seq FROM instances WHERE id = ?", (child.id,)).fetchone()
        if old is not None:
            self._delete(old[0])
        self._create(child, None)

    def _end(self, loaded: LoadedTurn, ending: Ending, at: Ticks) -> None:
        self.stale.add(loaded.seq)
        self._sql.execute("DELETE FROM timers WHERE seq = ?", (loaded.seq,))
        self._sql.execute("DELETE FROM messages WHERE seq = ?", (loaded.seq,))
        if loaded.parent is not None:
            self._tell(loaded.parent, ending, at)

    def _tell(self, parent: Parent, ending: Ending, at: Ticks) -> None:
        if ending.status == RuntimeStatus.COMPLETED:
            event = sub_orchestration_completed(at, parent.task_id, ending.output)
        else:
            event = sub_orchestration_failed(at, parent.task_id, ending.output, ending.details)
        self._message_to_execution(parent.instance_id, parent.execution_id, event)

    def finish_activity(self, number: int, event: Event) -> None:
        """Replace a pending activity by the message of its end."""
        statement = "DELETE FROM activities WHERE number = ? RETURNING seq"
        row = self._sql.execute(statement, (number,)).fetchone()
        if row is not None:
            self._message_if_alive(row[0], event)

    def fire(self, timers: Sequence[PendingTimer]) -> None:
        """Replace pending timers by their messages."""
        statement = "DELETE FROM timers WHERE seq = ? AND timer_id = ? RETURNING fire_at, created"
        for timer in timers:
            row = self._sql.execute(statement, (timer.seq, timer.timer_id)).fetchone()
            if row is not None:
                fired = timer_fired(Ticks(row[1]), timer.timer_id, to_text(Ticks(row[0])))
                self._message_if_alive(timer.seq, fired)

    def purge(self, instance_id: str) -> bool:
        """Delete an ended instance."""
        is_free = instance_id.startswith("@")
        try:
            seq, status = self._found(instance_id)
        except InstanceNotFoundError:
            if is_free:
                return False
            raise
        if not status.has_ended and not is_free:
            raise InstanceStateError(instance_id, status.label)
        self._forget(seq)
        self.effects.changed.add(instance_id)
        return True

    def purge_where(self, query: Query) -> int:
        """Delete what matches, whatever its state."""
        where, values = condition(query)
        rows = self._sql.execute(f"SELECT seq, id FROM instances WHERE {where}", values).fetchall()  # noqa: S608  ours
        for seq, instance_id in rows:
            self._forget(seq)
            self.effects.changed.add(instance_id)
        return len(rows)

    def note(self, key: str, value: str) -> None:
        """Keep a fact about the store itself."""
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def forget_values(self) -> None:
        """Let statements without values take the places of all that the connection keeps ready, with their values."""
        for number in range(STATEMENTS):
            self._sql.execute(f"SELECT {number}")


def _reason_shown(loaded: LoadedTurn) -> str | None:
    """Return the last reason of a suspend or resume, which stands in the output until the end."""
    shown = loaded.instance.output
    for event in loaded.messages:
        if event.type in _CONTROLS and event.fields["Reason"] is not None:
            shown = event.fields["Reason"]
    return shown


def _storable(text: str | None) -> str | None:
    """Return *text* with what is no character (half a surrogate pair) replaced, as .NET writes it."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _custom_status(commit: TurnCommit) -> str | None:
    """Return the custom status after a turn; that of an execution stays through the first turn of the next one."""
    own = commit.result.custom_status
    return commit.loaded.instance.custom_status if own is None and commit.loaded.is_fresh else own
