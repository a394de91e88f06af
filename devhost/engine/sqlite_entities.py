"""Entities in the SQLite store: rows of instances without an execution id and without turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine import entities
from devhost.engine.entities import EntityState
from devhost.engine.history import RuntimeStatus
from devhost.engine.messages import SendOperation
from devhost.engine.sqlite_rows import INSERT_INSTANCE, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.backend import BatchCommit
    from devhost.engine.history import Event
    from devhost.engine.messages import Message
    from devhost.ticks import Ticks

_AFTER_BATCH = (
    "UPDATE instances SET status = ?, input = ?, custom_status = ?, created = ?, updated = ?"
    " WHERE seq = ? AND execution_id = ''"
)
_AFTER_TERMINATION = "UPDATE instances SET status = ?, output = ?, updated = ? WHERE seq = ?"


class EntityRows(Rows):
    """The part of a `devhost.engine.backend.Unit` that writes entities."""

    def signal(self, entity_id: str, message: Event) -> None:
        """Queue a message for an entity, or for what has taken its place."""
        row = self._sql.execute("SELECT seq, status FROM instances WHERE id = ?", (entity_id,)).fetchone()
        if row is None:
            self._message(self._create_entity(entity_id, message.at), message)
        elif not RuntimeStatus(row[1]).has_ended:
            self._message(row[0], message)

    def _create_entity(self, entity_id: str, at: Ticks) -> int:
        seq = self._new_seq()
        facts = (seq, entity_id, "", entity_id, None, None, None)
        self._sql.execute(INSERT_INSTANCE, (*facts, int(RuntimeStatus.PENDING), EntityState().to_input(), at, at))
        return seq

    def _send_operations(self, sent: Sequence[Message], at: Ticks) -> None:
        """Bring to entities what a turn sends them."""
        for message in sent:
            if isinstance(message, SendOperation):
                self.signal(message.instance_id, entities.request(at, message.request))

    def commit_batch(self, commit: BatchCommit) -> None:
        """Write a batch; the messages that it did not take wait for the next one."""
        seq = commit.loaded.seq
        self._consume(seq, commit.consumed)
        if commit.has_run:
            running, at = int(RuntimeStatus.RUNNING), commit.ended
            pack = self._packer.pack
            state = (pack(commit.state.to_input()), pack(commit.state.to_custom_status()))
            self._sql.execute(_AFTER_BATCH, (running, *state, at, at, seq))
        for reply in commit.replies:
            self._message_to_execution(reply.caller.instance_id, reply.caller.execution_id, reply.event)
        if commit.terminated is not None:
            facts = (int(RuntimeStatus.TERMINATED), commit.terminated.fields["Input"], commit.ended, seq)
            self._sql.execute(_AFTER_TERMINATION, facts)
            self._sql.execute("DELETE FROM messages WHERE seq = ?", (seq,))
        elif self._sql.execute("SELECT 1 FROM messages WHERE seq = ? LIMIT 1", (seq,)).fetchone():
            self.effects.woken.add(seq)
        self.effects.changed.add(commit.loaded.instance.id)

    def _forget(self, seq: int) -> None:
        """Delete an instance; an entity for which messages wait begins afresh instead."""
        row = self._sql.execute(
            "SELECT 1 FROM instances JOIN messages USING (seq) WHERE seq = ? AND execution_id = '' LIMIT 1", (seq,)
        ).fetchone()
        if row is None:
            self._delete(seq)
            return
        self._sql.execute(
            "UPDATE instances SET status = ?, input = ?, custom_status = NULL WHERE seq = ?",
            (int(RuntimeStatus.PENDING), EntityState().to_input(), seq),
        )
