"""The one thread that writes: it takes all writes that wait and commits them together.

Nobody hears of a write before the commit that holds it. Under load a commit, and its flush to the disk, is shared by
all that came in while the one before was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.backend import Backend, Effects, Unit

MOST_TOGETHER = 256


class CommitObserver(Protocol):
    """Is told of each commit, by the names of what is in it; for crash tests."""

    @property
    def wants_single_commits(self) -> bool:
        """Whether each write is to have a commit of its own."""

    def before(self, names: Sequence[str]) -> None:
        """Hear of a commit that is about to happen."""

    def after(self, names: Sequence[str]) -> None:
        """Hear of a commit that has happened, before anybody else does."""


@dataclass(slots=True)
class Write:
    """A piece of work for the writer; `done` is called on the loop with its result or the error it raised."""

    name: str
    work: Callable[[Unit], object]
    done: Callable[[object], None] = field(default=lambda _: None)


class Writer:
    """Runs writes in order, grouped into transactions, and hands on what each commit caused."""

    def __init__(
        self, backend: Backend, on_effects: Callable[[Effects], None], observer: CommitObserver | None = None
    ) -> None:
        self._backend = backend
        self._on_effects = on_effects
        self._observer = observer
        self._most = 1 if observer is not None and observer.wants_single_commits else MOST_TOGETHER
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="devhost-writer", daemon=True)
        self._thread.start()

    async def do(self, name: str, work: Callable[[Unit], Any]) -> Any:  # noqa: ANN401  what *work* returns
        """Run *work* in a transaction and return its result once it is committed; raise what it raised."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self.put(Write(name, work, lambda result: _settle(answer, result)))
        return await answer

    def put(self, write: Write) -> None:
        """Queue a write; callable from any thread."""
        self._queue.put(write)

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        """Serve until told to end; an observer may end it earlier by `SystemExit`, and nothing more is written."""
        with contextlib.suppress(SystemExit):
            self._serve()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            is_last = False
            with contextlib.suppress(queue.Empty):
                while len(batch) < self._most and not is_last:
                    more = self._queue.get_nowait()
                    is_last = more is None
                    if more is not None:
                        batch.append(more)
            self._commit(batch)
            if is_last:
                return

    def _commit(self, batch: list[Write]) -> None:
        names = [write.name for write in batch]
        if self._observer is not None:
            self._observer.before(names)
        results, effects = self._backend.transact([write.work for write in batch])
        if self._observer is not None:
            self._observer.after(names)
        with contextlib.suppress(RuntimeError):  # the loop was closed while we wrote; the store has it all
            self._loop.call_soon_threadsafe(self._announce, batch, results, effects)

    def _announce(self, batch: list[Write], results: Sequence[object], effects: Effects) -> None:
        self._on_effects(effects)
        for write, result in zip(batch, results, strict=True):
            write.done(result)


def _settle(answer: asyncio.Future[Any], result: object) -> None:
    if answer.done():
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
