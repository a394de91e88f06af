"""Whether a commit waits for the disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from devhost import cli
from devhost.engine.sqlite import SqliteBackend

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.host import HostOptions

FULL, NORMAL = 2, 1  # what SQLite calls them


@pytest.mark.parametrize(("arguments", "expected"), [([], "FULL"), (["--synchronous", "normal"], "NORMAL")])
def test_a_commit_waits_for_the_disk_unless_the_command_says_otherwise(
    arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered survives a power cut by default."""
    seen: list[HostOptions] = []

    async def serve(options: HostOptions, *_: object) -> int:
        await asyncio.sleep(0)
        seen.append(options)
        return 0

    monkeypatch.setattr(cli, "_serve", serve)

    assert cli.main(["start", *arguments]) == 0
    assert [options.synchronous for options in seen] == [expected]


@pytest.mark.parametrize(("word", "expected"), [("FULL", FULL), ("NORMAL", NORMAL)])
def test_every_connection_of_a_store_flushes_alike(word: str, expected: int, tmp_path: Path) -> None:
    """The writer's is the one that counts."""
    backend = SqliteBackend(tmp_path / "store.db", synchronous=word)
    try:
        found = [one.execute("PRAGMA synchronous").fetchone()[0] for one in (backend._writer, backend._reader())]
    finally:
        backend.close()

    assert found == [expected, expected]
