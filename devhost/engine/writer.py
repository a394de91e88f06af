"""The one that writes: it takes all writes that wait and commits them together.

Nobody hears of a write before the commit that holds it. Under load a commit, and its flush to the disk, is shared by
all that came in while the one before was written. The statements of a transaction are run on the event loop's thread,
because each of them gives the interpreter away for a moment, which a thread of its own would have to win back every
time. The commit, which waits for the disk, has its thread, unless the disk is so quick that the way to the thread and
back takes longer.

Once nothing was written for a while, the store is given the time to become small.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.backend import Backend, Effects, Outcome, Unit

MOST_TOGETHER = 256
PAUSE = 0.5  # seconds without a write, after which there is time for what is not urgent
QUICK = 0.001  # seconds of a commit for which the loop may stand still


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
    """A piece of work for the writer; `done` is called on the loop with its result or the error it raised.

    One that `is_long` is run by itself, and off the loop's thread.
    """

    name: str
    work: Callable[[Unit], object]
    done: Callable[[object], None] = field(default=lambda _: None)
    is_long: bool = False


class Writer:
    """Runs writes in order, grouped into transactions, and hands on what each commit caused."""

    def __init__(
        self, backend: Backend, on_effects: Callable[[Effects], None], observer: CommitObserver | None = None
    ) -> None:
        self._backend = backend
        self._on_effects = on_effects
        self._observer = observer
        self._most = 1 if observer is not None and observer.wants_single_commits else MOST_TOGETHER
        self._waiting: deque[Write] = deque()
        self._is_busy = False
        self._is_quick = False
        self._loop = asyncio.get_running_loop()
        self._home = threading.get_ident()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._settling: asyncio.TimerHandle | None = None
        self._has_written = False
        self._begun: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="devhost-writer", daemon=True)
        self._thread.start()

    async def do(self, name: str, work: Callable[[Unit], Any], *, is_long: bool = False) -> Any:  # noqa: ANN401  what *work* returns
        """Run *work* in a transaction and return its result once it is committed; raise what it raised."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self.put(Write(name, work, lambda result: _settle(answer, result), is_long))
        return await answer

    def put(self, write: Write) -> None:
        """Queue a write; callable from any thread."""
        if threading.get_ident() == self._home:
            self._take(write)
        else:
            with contextlib.suppress(RuntimeError):  # the loop was closed, and nobody waits any more
                self._loop.call_soon_threadsafe(self._take, write)

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        await self._at_rest.wait()
        if self._settling is not None:
            self._settling.cancel()
        self._begun.put(None)
        await asyncio.to_thread(self._thread.join)

    def _take(self, write: Write) -> None:
        self._waiting.append(write)
        if not self._is_busy:
            self._is_busy = True
            self._at_rest.clear()
            self._begin_soon()

    def _begin_soon(self) -> None:
        """Begin a transaction once the loop has looked for what else came in by now."""
        self._loop.call_soon(self._loop.call_soon, self._begin)

    def _begin(self) -> None:
        batch = [self._waiting.popleft()]
        if batch[0].is_long:
            self._begun.put(partial(self._commit, batch, lambda: self._backend.transact([batch[0].work])))
            return
        while self._waiting and len(batch) < self._most and not self._waiting[0].is_long:
            batch.append(self._waiting.popleft())
        commit = self._backend.begin([write.work for write in batch])
        if self._is_quick and self._observer is None:
            self._announce(batch, *self._timed(commit))
        else:
            self._begun.put(partial(self._commit, batch, commit))

    def _run(self) -> None:
        """Serve until told to end; an observer may end it earlier by `SystemExit`, and nothing more is written."""
        with contextlib.suppress(SystemExit):
            while (begun := self._begun.get()) is not None:
                begun()
                del begun  # it holds what was written
        with contextlib.suppress(RuntimeError):  # the loop was closed
            self._loop.call_soon_threadsafe(self._at_rest.set)

    def _commit(self, batch: list[Write], commit: Callable[[], Outcome]) -> None:
        names = [write.name for write in batch]
        if self._observer is not None:
            self._observer.before(names)
        results, effects = self._timed(commit)
        if self._observer is not None:
            self._observer.after(names)
        with contextlib.suppress(RuntimeError):  # the loop was closed while we wrote; the store has it all
            self._loop.call_soon_threadsafe(self._announce, batch, results, effects)

    def _timed(self, commit: Callable[[], Outcome]) -> Outcome:
        """Commit, and note whether the next commit can be expected to be quick."""
        began = time.perf_counter()
        outcome = commit()
        self._is_quick = time.perf_counter() - began < QUICK
        return outcome

    def _announce(self, batch: list[Write], results: Sequence[object], effects: Effects) -> None:
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            self._begin_soon()
        self._on_effects(effects)
        for write, result in zip(batch, results, strict=True):
            write.done(result)
        if not self._is_busy:
            self._rest()

    def _rest(self) -> None:
        """Let go of whoever waits for the last write, and look in a moment whether it stays the last."""
        self._at_rest.set()
        self._has_written = True
        if self._settling is None:
            self._settling = self._loop.call_later(PAUSE, self._settle_soon)

    def _settle_soon(self) -> None:
        """Have the store settle, unless something was written meanwhile."""
        self._settling = None
        if self._is_busy:
            return
        if self._has_written:
            self._has_written = False
            self._settling = self._loop.call_later(PAUSE, self._settle_soon)
            return
        self._is_busy = True
        self._at_rest.clear()
        self._begun.put(self._settle)

    def _settle(self) -> None:
        self._backend.settle()
        with contextlib.suppress(RuntimeError):  # the loop was closed
            self._loop.call_soon_threadsafe(self._settled)

    def _settled(self) -> None:
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            self._begin_soon()
        else:
            self._at_rest.set()


def _settle(answer: asyncio.Future[Any], result: object) -> None:
    if answer.done():
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
