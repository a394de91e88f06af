"""The writing side of the SQLite store: what may happen inside one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devhost.engine import codec
from devhost.engine.backend import PendingActivity, PendingTimer
from devhost.engine.conditions import condition
from devhost.engine.history import (
    EventType,
    RuntimeStatus,
    sub_orchestration_completed,
    sub_orchestration_failed,
    timer_fired,
)
from devhost.engine.packing import pack_id
from devhost.engine.recent import Recent
from devhost.engine.sqlite_entities import EntityRows
from devhost.engine.sqlite_rewind import RewindRows
from devhost.engine.sqlite_rows import INSERT_INSTANCE, beginning
from devhost.engine.turn import ArmTimer, RunActivity
from devhost.errors import InstanceEndedError, InstanceExistsError, InstanceNotFoundError, InstanceStateError
from devhost.ticks import Ticks, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.backend import LoadedTurn, NewInstance, Query, TurnCommit
    from devhost.engine.history import Event, Parent
    from devhost.engine.turn import Ending

_AFTER_TURN = (
    "UPDATE instances SET status = ?, custom_status = iif(?, custom_status, ?), output = ?, updated = ?, is_fresh = 0"
    " WHERE seq = ? AND execution_id = ?"
)
_AFTER_NO_TURN = "UPDATE instances SET status = ?, custom_status = NULL, output = ?, updated = ? WHERE seq = ?"
_AFTER_CONTINUE = (
    "UPDATE instances SET execution_id = ?, generation = NULL, status = ?, input = ?, custom_status = ?,"
    " output = NULL, created = ?, updated = ?, is_fresh = 1 WHERE seq = ? AND execution_id = ?"
)
_CONTROLS = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)

STATEMENTS = 128  # how many the connection keeps ready: the sqlite3 module's default


class SqliteUnit(EntityRows, RewindRows):
    """Writes through one connection; see `devhost.engine.backend.Unit` for what each method promises."""

    def start(self, new: NewInstance) -> None:
        """Create an instance; an ended one of that id is replaced, and a living one if *new* may do that."""
        if self._is_created(new, 0):
            return
        old = self._sql.execute("SELECT seq, status, generation FROM instances WHERE id = ?", (new.id,)).fetchone()
        status = RuntimeStatus(old[1])
        if not (status.has_ended or new.replaces_living):
            raise InstanceExistsError(new.id, status.label)
        self._delete(old[0])
        self._is_created(new, (old[2] or 0) + 1)

    def _is_created(self, new: NewInstance, generation: int | None) -> bool:
        """Create an instance, and say whether its id was free."""
        seq = self._new_seq()
        parent, text = codec.encode_parent(new.parent), self._packer.pack(new.input)
        facts = (seq, new.id, pack_id(new.execution_id), new.name, new.version, generation, parent)
        done = self._sql.execute(INSERT_INSTANCE, (*facts, int(RuntimeStatus.PENDING), text, new.at, new.at))
        if not done.rowcount:
            return False
        self._message_text(seq, codec.STARTED)
        self.effects.changed.add(new.id)
        return True

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
        self._sql.execute(_AFTER_NO_TURN, (int(RuntimeStatus.TERMINATED), event.fields["Input"], event.at, seq))
        self._sql.execute("DELETE FROM messages WHERE seq = ?", (seq,))
        self.effects.changed.add(instance_id)

    def commit_turn(self, commit: TurnCommit) -> None:
        """Write a turn and what it sends."""
        loaded = commit.loaded
        if not (self._moved_on(commit) or (self._came_back(loaded) and self._moved_on(commit))):
            return
        self._consume(loaded.seq, loaded.message_numbers)
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

    def _moved_on(self, commit: TurnCommit) -> bool:
        """Bring the instance's row up to date, and say whether it is still the one that was loaded."""
        loaded = commit.loaded
        current = (loaded.seq, pack_id(loaded.instance.execution_id))
        if commit.next_started is None:
            done = self._sql.execute(_AFTER_TURN, (*self._facts_after(commit), *current))
        else:
            done = self._sql.execute(_AFTER_CONTINUE, (*self._facts_of_next(commit, commit.next_started), *current))
        return done.rowcount == 1

    def _facts_after(self, commit: TurnCommit) -> tuple[object, ...]:
        status, output = _end_of(commit)
        custom_status = _storable(_custom_status(commit))
        is_same = custom_status == commit.loaded.instance.custom_status
        shown = None if is_same else self._packer.pack(custom_status)
        return int(status), is_same, shown, self._packer.pack(_storable(output)), commit.ended

    def _facts_of_next(self, commit: TurnCommit, started: Event) -> tuple[object, ...]:
        execution_id = pack_id(started.fields["OrchestrationInstance"]["ExecutionId"])
        text, custom_status = _storable(started.fields["Input"]), _storable(_custom_status(commit))
        shown = (self._packer.pack(text), self._packer.pack(custom_status))
        return execution_id, int(RuntimeStatus.RUNNING), *shown, started.at, commit.ended

    def _came_back(self, loaded: LoadedTurn) -> bool:
        """Bring back an instance that was purged in its first turn, unless its id was taken; say whether it is back."""
        one = loaded.instance
        if loaded.turns or self._sql.execute("SELECT 1 FROM instances WHERE seq = ?", (loaded.seq,)).fetchone():
            return False
        parent, text = codec.encode_parent(loaded.parent), self._packer.pack(one.input)
        facts = (loaded.seq, one.id, pack_id(one.execution_id), one.name, one.version, loaded.generation, parent)
        done = self._sql.execute(INSERT_INSTANCE, (*facts, int(one.status), text, one.created, one.updated))
        return done.rowcount == 1

    def _append(self, commit: TurnCommit) -> None:
        loaded = commit.loaded
        if commit.events:
            started = None if loaded.turns else beginning(loaded.instance, loaded.parent, loaded.generation)
            text = codec.encode_all(commit.events, loaded.instance.created, started)
            self._sql.execute("INSERT INTO turns VALUES (?, ?, ?)", (loaded.seq, loaded.turns, self._packer.pack(text)))
            self._keep(commit, len(text))
        else:
            self.stale.add(loaded.seq)  # its row has changed, and the number of its turns does not show it
        for message in commit.result.messages:
            if isinstance(message, RunActivity):
                self._schedule(loaded, message)
            elif isinstance(message, ArmTimer):
                self._arm(loaded.seq, message)

    def _keep(self, commit: TurnCommit, size: int) -> None:
        """Note the longer history, so that the next turn need not read it."""
        loaded, text = commit.loaded, commit.loaded.instance.input
        self.appended[loaded.seq] = Recent(
            execution_id=loaded.instance.execution_id,
            turns=loaded.turns + 1,
            input=text,
            custom_status=_storable(_custom_status(commit)),
            events=(*loaded.past, *commit.events),
            size=loaded.size + size + (0 if loaded.turns else len(text or "")),
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
        text = _storable(started.fields["Input"])
        row = replace(started, fields={**started.fields, "Input": text})
        history = codec.encode_all(commit.next_events, started.at, row)
        self._sql.execute("INSERT INTO turns VALUES (?, 0, ?)", (seq, self._packer.pack(history)))
        self.appended[seq] = Recent(
            execution_id=started.fields["OrchestrationInstance"]["ExecutionId"],
            turns=1,
            input=text,
            custom_status=_storable(_custom_status(commit)),
            events=tuple(commit.next_events),
            size=len(history) + len(text or ""),
        )
        self.effects.woken.add(seq)

    def _replace(self, child: NewInstance) -> None:
        """Create a sub-orchestration; whatever had its id, running or not, is silently gone, as on the real host."""
        if self._is_created(child, None):
            return
        old = self._sql.execute("SELECT seq FROM instances WHERE id = ?", (child.id,)).fetchone()
        self._delete(old[0])
        self._is_created(child, None)

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


def _end_of(commit: TurnCommit) -> tuple[RuntimeStatus, str | None]:
    """Return status and output of the instance after a turn."""
    result = commit.result
    if result.ending is not None:
        return result.ending.status, result.ending.output
    status = RuntimeStatus.SUSPENDED if result.is_suspended else RuntimeStatus.RUNNING
    return status, _reason_shown(commit.loaded)


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
