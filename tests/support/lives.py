"""An engine with scripted functions that lives, dies at a chosen commit, and lives again on the same file.

Turns, batches and activities run on the loop's thread, so that the same steps always lead to the same end; only the
writer has a thread of its own, as in production. A death stops that thread: nothing later is written, and nobody is
told anything.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from devhost.clock import VirtualClock
from devhost.engine.engine import Engine
from devhost.engine.sqlite import SqliteBackend

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from devhost.engine.worker import Worker

PATIENCE = 20.0  # real seconds until an engine that does not answer counts as hung


class AtOnce(ThreadPoolExecutor):
    """Runs what is submitted at once, on the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Fate:
    """Ends the writer's thread at the chosen commit."""

    wants_single_commits = True

    def __init__(self) -> None:
        self.died = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._left = 0
        self._side = ""

    def choose(self, side: str, commits: int) -> None:
        """Die *before* or *after* so many commits from now."""
        self._side, self._left = side, commits

    def before(self, names: Sequence[str]) -> None:
        del names
        self._left -= 1
        self._die_if("before")

    def after(self, names: Sequence[str]) -> None:
        del names
        self._die_if("after")

    def _die_if(self, side: str) -> None:
        if side == self._side and self._left == 0:
            self._loop.call_soon_threadsafe(self.died.set)
            raise SystemExit  # ends the writer's thread, and with it everything that could be committed


class Life:
    """One process of a host."""

    def __init__(self, path: Path, worker: Worker) -> None:
        self.fate = Fate()
        self.backend = SqliteBackend(path, synchronous="OFF")  # what dies here is a process, not the machine
        self.engine = Engine(self.backend, worker, VirtualClock(), AtOnce(1), observer=self.fate)

    async def begin(self) -> None:
        """Take up what the store holds."""
        await self.engine.open()
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing moves."""
        async with asyncio.timeout(PATIENCE):
            await self.engine.at_rest()

    async def survives(self, work: Awaitable[object]) -> bool:
        """Do *work* and let it come to rest; say whether the host lived to tell that *work* was done."""
        doing: asyncio.Future[Any] = asyncio.ensure_future(work)
        is_told = await self._lives_through(doing)
        if is_told:
            await self._lives_through(asyncio.ensure_future(self.engine.at_rest()))
        return is_told

    async def _lives_through(self, task: asyncio.Future[Any]) -> bool:
        dying = asyncio.ensure_future(self.fate.died.wait())
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({task, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        return False

    async def die(self) -> None:
        """End here and now, whatever is under way."""
        engine = self.engine
        engine._timers.stop()
        engine._turns.stop()
        self.fate.choose("before", 1)
        await engine._writer.close()
        while tasks := set(engine._activities._tasks):
            await asyncio.wait(tasks)
        self.backend.close()
