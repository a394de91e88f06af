"""Reads what devhost wrote into its database file, as somebody who has nothing but the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from devhost.engine.codec import decode_all
from devhost.engine.history import EventType
from devhost.engine.sqlite_rows import BEGINNING, beginning_of, packer_of

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.engine.history import Event

_TURNS = "SELECT turns.events FROM turns JOIN instances USING (seq) WHERE id = ? ORDER BY number"
_SEQ = "SELECT seq FROM instances WHERE id = ?"


def history_of(db: Path, instance_id: str) -> list[Event]:
    """Return the history of an instance."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_TURNS, (instance_id,)).fetchall()
        [seq] = connection.execute(_SEQ, (instance_id,)).fetchone()
        packer = packer_of(connection)
        started = beginning_of(connection.execute(BEGINNING, (seq,)).fetchone(), packer)
    return [event for (stored,) in rows for event in decode_all(packer.unpack(stored), started)]


def ends_of(db: Path, instance_id: str) -> int:
    """Return how many ends the history of an instance has."""
    return sum(event.type == EventType.EXECUTION_COMPLETED for event in history_of(db, instance_id))
