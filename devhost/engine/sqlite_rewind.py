"""Rewinding in the SQLite store: what failed is taken back in the stored history, in children first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine import codec
from devhost.engine.history import EventType, RuntimeStatus, generic_event
from devhost.engine.sqlite_rows import BEGINNING, Rows, beginning_of
from devhost.errors import InstanceStateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.history import Event

_FAILURES = {
    EventType.TASK_FAILED: EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_FAILED: EventType.SUB_ORCHESTRATION_CREATED,
}


class RewindRows(Rows):
    """The part of a `devhost.engine.backend.Unit` that rewinds."""

    def rewind(self, instance_id: str, message: Event) -> None:
        """Take back what failed, and queue *message* for the instances in which a failure began."""
        seq, status = self._found(instance_id)
        if status is not RuntimeStatus.FAILED:
            raise InstanceStateError(instance_id, status.label)
        self._rewind(seq, instance_id, message)

    def _rewind(self, seq: int, instance_id: str, message: Event) -> None:
        started = beginning_of(self._sql.execute(BEGINNING, (seq,)).fetchone(), self._packer)
        chunks = self._sql.execute("SELECT number, events FROM turns WHERE seq = ? ORDER BY number", (seq,)).fetchall()
        turns = [(number, codec.decode_all(self._packer.unpack(stored), started)) for number, stored in chunks]
        history = [event for _, events in turns for event in events]
        rewound = self._rewound_children(history, message)
        back = _taken_back(history, rewound)
        for number, events in turns:
            written = [generic_event(one.at, one.id) if _key(one) in back else one for one in events]
            stored = self._packer.pack(codec.encode_all(written, started.at, started))
            self._sql.execute("UPDATE turns SET events = ? WHERE seq = ? AND number = ?", (stored, seq, number))
        self._sql.execute(
            "UPDATE instances SET status = ?, output = NULL, updated = ? WHERE seq = ?",
            (int(RuntimeStatus.PENDING), message.at, seq),
        )
        self.stale.add(seq)
        self.effects.changed.add(instance_id)
        if not rewound:
            self._message(seq, message)

    def _rewound_children(self, history: Sequence[Event], message: Event) -> set[int]:
        """Rewind the failed children, and return the ids under which they were called; they will tell their parent."""
        failed = {one.fields["TaskScheduledId"] for one in history if one.type is EventType.SUB_ORCHESTRATION_FAILED}
        rewound = set[int]()
        for event in history:
            if event.type is EventType.SUB_ORCHESTRATION_CREATED and event.id in failed:
                child = self._failed_child(event.fields["InstanceId"])
                if child is not None:
                    self._rewind(child, event.fields["InstanceId"], message)
                    rewound.add(event.id)
        return rewound

    def _failed_child(self, instance_id: str) -> int | None:
        statement = "SELECT seq FROM instances WHERE id = ? AND status = ? AND parent IS NOT NULL"
        row = self._sql.execute(statement, (instance_id, int(RuntimeStatus.FAILED))).fetchone()
        return None if row is None else int(row[0])


def _taken_back(history: Sequence[Event], rewound: set[int]) -> set[tuple[EventType, int]]:
    """Return the keys of the events that are taken back: failures, what they end, and the end of the instance.

    The call of a child that is rewound itself stays: its new end will be the answer.
    """
    back = {
        (EventType.EXECUTION_COMPLETED, event.id) for event in history if event.type is EventType.EXECUTION_COMPLETED
    }
    for event in history:
        if event.type in _FAILURES:
            task_id = event.fields["TaskScheduledId"]
            back.add(_key(event))
            if event.type is EventType.TASK_FAILED or task_id not in rewound:
                back.add((_FAILURES[event.type], task_id))
    return back


def _key(event: Event) -> tuple[EventType, int]:
    return event.type, event.fields["TaskScheduledId"] if event.type in _FAILURES else event.id
