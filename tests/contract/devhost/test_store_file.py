"""What a store in a file promises besides: who may open it, what a restart finds, and how small it becomes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from devhost.engine.backend import Query
from devhost.engine.sqlite import LARGE_LOG, SqliteBackend
from devhost.engine.turn import ArmTimer, Message, RunActivity
from devhost.errors import (
    ConfigurationError,
    StoreLockedError,
)
from devhost.ticks import Ticks
from tests.support.stored import NOW, a_result, do, play, started

if TYPE_CHECKING:
    from pathlib import Path


LONG = json.dumps({f"field{number}": "\u00fc" for number in range(20)}, ensure_ascii=False)


def test_everything_unfinished_is_found_after_a_restart(tmp_path: Path) -> None:
    """Messages, activities, timers and notes are there when the store is opened again."""
    backend = SqliteBackend(tmp_path / "hub.db")
    messages: tuple[Message, ...] = (
        RunActivity(task_id=0, name="Act", input="1"),
        ArmTimer(timer_id=1, fire_at=Ticks(NOW + 9), created=NOW),
    )
    first = play(backend, started(backend), a_result(messages=messages))
    second = started(backend, "two")
    do(backend, lambda unit: unit.note("clock offset", "7"))
    backend.close()

    backend = SqliteBackend(tmp_path / "hub.db")

    found = backend.pending()
    assert found.woken == {second.seq}
    assert found.activities == first.activities
    assert found.timers == first.timers
    assert backend.noted("clock offset") == "7"
    third = started(backend, "three")
    assert third.seq > second.seq
    backend.close()


def test_a_second_devhost_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """The first keeps the file until it closes."""
    first = SqliteBackend(tmp_path / "hub.db")
    with pytest.raises(StoreLockedError, match=r"hub\.db"):
        SqliteBackend(tmp_path / "hub.db")
    first.close()

    SqliteBackend(tmp_path / "hub.db").close()


def test_a_link_to_a_file_that_is_in_use_is_refused_too(tmp_path: Path) -> None:
    """The lock belongs to the file, whatever it is called."""
    first = SqliteBackend(tmp_path / "hub.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "hub.db")

    with pytest.raises(StoreLockedError, match=r"hub\.db"):
        SqliteBackend(tmp_path / "link.db")
    first.close()


def test_a_file_with_a_second_name_is_refused(tmp_path: Path) -> None:
    """A hard link in another folder would have a lock of its own, and two hosts would write one file."""
    first = SqliteBackend(tmp_path / "hub.db")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "hub.db").hardlink_to(tmp_path / "hub.db")

    with pytest.raises(ConfigurationError, match=r"other/hub\.db has another name \(a hard link\)"):
        SqliteBackend(tmp_path / "other" / "hub.db")
    first.close()
    (tmp_path / "hub.db").unlink()

    SqliteBackend(tmp_path / "other" / "hub.db").close()


def test_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else reads what people sent: a new file has mode 600 with all that lies beside it, an old one gets it."""
    old = tmp_path / "old.db"
    SqliteBackend(old).close()
    old.chmod(0o644)

    stores = [SqliteBackend(old), SqliteBackend(tmp_path / "new.db")]
    for store in stores:
        started(store)
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    for store in stores:
        store.close()

    assert {"old.db", "old.db-wal", "new.db", "new.db-wal", "new.db-shm"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made is the caller's to change."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="--memory"):
        SqliteBackend(tmp_path / "file" / "hub.db")


def test_a_commit_in_a_file_is_flushed_to_the_disk(tmp_path: Path) -> None:
    """The write-ahead log is synchronised at each commit, and what is deleted is overwritten."""
    backend = SqliteBackend(tmp_path / "hub.db")
    asked = ("journal_mode", "synchronous", "secure_delete")

    found = [backend._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]

    assert found == ["wal", 2, 1]
    backend.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """A foreign file is named, and left as it was."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at" * 100, "utf-8")

    with pytest.raises(ConfigurationError, match=r"notes\.txt"):
        SqliteBackend(path)

    assert path.read_text("utf-8").startswith("not a database")


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    """What another devhost wrote is not guessed at."""
    backend = SqliteBackend(tmp_path / "hub.db")
    do(backend, lambda unit: unit.note("schema", "999"))
    backend.close()

    with pytest.raises(ConfigurationError, match="another version"):
        SqliteBackend(tmp_path / "hub.db")


def test_a_store_keeps_the_words_it_was_made_with(tmp_path: Path) -> None:
    """A host whose app has other samples reads what was packed before, and what it packs itself."""
    backend = SqliteBackend(tmp_path / "hub.db", words="field1 field2 field3")
    started(backend, input=LONG)
    backend.close()

    again = SqliteBackend(tmp_path / "hub.db", words="it's other words")
    started(again, "two", input=LONG)

    assert [one.input for one in again.instances(Query(), 2, "").instances] == [LONG, LONG]
    again.close()


def test_a_store_at_rest_has_no_large_log(tmp_path: Path) -> None:
    """All that was written is in the file itself then; a reader that is in the way keeps the log for once."""
    backend = SqliteBackend(tmp_path / "hub.db")
    log = tmp_path / "hub.db-wal"
    started(backend, input=" " * LARGE_LOG)
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM instances").fetchall()
        started(backend, "two")
        backend.settle()
        assert log.stat().st_size > LARGE_LOG

    backend.settle()

    assert log.stat().st_size == 0
    assert backend.instance("two") is not None
    backend.close()


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    """A host that writes little, but always something, would else be busy with that."""
    backend = SqliteBackend(tmp_path / "hub.db")
    started(backend)

    backend.settle()

    assert (tmp_path / "hub.db-wal").stat().st_size > 0
    backend.close()


def test_a_store_that_cannot_settle_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the disk says to it, nothing is lost, and what comes next is written."""
    backend = SqliteBackend(tmp_path / "hub.db")
    started(backend, input=" " * LARGE_LOG)

    def refuse(action: int, name: str | None, *_: str | None) -> int:
        is_meant = action == sqlite3.SQLITE_PRAGMA and name == "wal_checkpoint"
        return sqlite3.SQLITE_DENY if is_meant else sqlite3.SQLITE_OK

    backend._writer.set_authorizer(refuse)
    backend.settle()
    started(backend, "two")

    assert "did not settle" in caplog.text
    assert backend.instance("two") is not None
    backend.close()
