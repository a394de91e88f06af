"""Which thread waits for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from devhost.engine import writer
from devhost.engine.backend import Backend, Effects, Outcome, Unit
from devhost.engine.writer import CommitObserver, Writer


class Threads:
    """A store that notes on which threads it is written and flushed."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.committed: list[int] = []
        self.settled = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def begin(self, work: Sequence[Callable[[Unit], object]]) -> Callable[[], Outcome]:
        """Run the work; the commit is for whoever calls it."""
        self.begun.append(threading.get_ident())
        results = [piece(cast("Unit", None)) for piece in work]
        return lambda: self.commit(results)

    def commit(self, results: list[object]) -> Outcome:
        """Commit."""
        self.committed.append(threading.get_ident())
        return results, Effects()

    def settle(self) -> None:
        """Note it."""
        self._loop.call_soon_threadsafe(self.settled.set)

    def transact(self, work: Sequence[Callable[[Unit], object]]) -> Outcome:
        """Do both."""
        return self.begin(work)()


class Listener:
    """Hears of commits."""

    wants_single_commits = True

    def before(self, names: Sequence[str]) -> None:
        """Hear of one."""

    def after(self, names: Sequence[str]) -> None:
        """Hear of one."""


async def written(store: Threads, observer: CommitObserver | None = None, **options: Any) -> list[object]:
    """Return the results of three writes, one after the other."""
    one = Writer(cast("Backend", store), lambda _: None, observer)
    try:
        return [await one.do("write", lambda _, number=number: number, **options) for number in range(3)]  # type: ignore[misc]
    finally:
        await one.close()


async def test_a_quick_disk_is_waited_for_by_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a commit was quick, the next one does not go to another thread and back."""
    monkeypatch.setattr(writer, "QUICK", 60.0)
    store, here = Threads(), threading.get_ident()

    assert await written(store) == [0, 1, 2]
    assert [thread == here for thread in store.committed] == [False, True, True]


async def test_a_slow_disk_is_waited_for_by_the_writer_s_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements are run on the loop's thread all the same."""
    monkeypatch.setattr(writer, "QUICK", 0.0)
    store, here = Threads(), threading.get_ident()

    assert await written(store) == [0, 1, 2]
    assert {thread == here for thread in store.committed} == {False}
    assert {thread == here for thread in store.begun} == {True}


async def test_long_writes_and_watched_ones_stay_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long one holds up nobody, and who hears of commits may end the thread that makes them."""
    monkeypatch.setattr(writer, "QUICK", 60.0)
    here = threading.get_ident()

    long, watched = Threads(), Threads()
    await written(long, is_long=True)
    await written(watched, Listener())

    assert {thread == here for thread in (*long.begun, *long.committed, *watched.committed)} == {False}


async def test_the_store_settles_once_nothing_is_written_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, after a pause, on the writer's thread; and it is written to afterwards as before."""
    monkeypatch.setattr(writer, "PAUSE", 0.01)
    store = Threads()
    one = Writer(cast("Backend", store), lambda _: None)

    await one.do("write", lambda _: None)
    assert not store.settled.is_set()
    await store.settled.wait()

    assert await one.do("write", lambda _: "written") == "written"
    store.settled.clear()
    await store.settled.wait()
    await one.close()
