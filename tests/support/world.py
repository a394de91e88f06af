"""The real app on the real engine in one process: time that is moved, hosts that die, outside services that do not.

One world plays one instance. Turns and activities run on the loop's thread, so that a schedule always ends alike; only
the writer has a thread of its own, as in production. A crash stops that thread at a chosen commit: nothing later is
written and nobody is told anything. The next host opens the same file.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from devhost.clock import VirtualClock
from devhost.engine.engine import CLOCK_OFFSET, Engine, EngineOptions, Instance
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.versions import VersionRules
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from devhost.ticks import PER_SECOND, Ticks, from_span
from tests.support.front_door import functions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from devhost.engine.actions import Answer
    from devhost.engine.history import Event
    from devhost.engine.worker import OrchestratorCall

PATIENCE = 10.0  # real seconds until a host that neither answers nor writes counts as hung
MOST_LIVES = 60
OPENED_AT = Ticks(1_768_471_200 * PER_SECOND)  # 2026-01-15T10:00:00Z

Side = Literal["before", "after"]


@dataclass(frozen=True)
class Crash:
    """The host dies before or after its commit number *commits* from now, and is down for *down*."""

    side: Side
    commits: int
    down: timedelta


class _Clock(VirtualClock):
    """A virtual clock that begins at any tick."""

    def __init__(self, start: Ticks) -> None:
        super().__init__()
        self._now = self._start = start


class _Pool(ThreadPoolExecutor):
    """Runs work at once on the caller's thread, or, while held, not before it is released."""

    def __init__(self) -> None:
        super().__init__(1)
        self._held: deque[Callable[[], None]] | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            future.set_running_or_notify_cancel()
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  belongs to whoever waits for the future
                future.set_exception(error)

        if self._held is None:
            work()
        else:
            self._held.append(work)
        return future

    def hold(self) -> None:
        """Keep what comes in until it is released."""
        if self._held is None:
            self._held = deque()

    def release(self) -> None:
        """Run what was held."""
        held, self._held = self._held, None
        for work in held or ():
            work()


class _Fate:
    """Watches the commits of one life of the host and ends it at the chosen one."""

    wants_single_commits = True

    def __init__(self, crash: Crash | None) -> None:
        self.crash = crash
        self.died = asyncio.Event()
        self.commits: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._left = crash.commits if crash else 0

    def arm(self, crash: Crash) -> bool:
        """Choose the commit to die at, unless one is chosen already."""
        if self.crash is not None:
            return False
        self.crash, self._left = crash, crash.commits
        return True

    def before(self, names: Sequence[str]) -> None:
        self._left -= 1
        self._die_if("before")
        self.commits += names

    def after(self, names: Sequence[str]) -> None:
        self._die_if("after")

    def _die_if(self, side: Side) -> None:
        if self.crash is not None and self.crash.side == side and self._left == 0:
            self._loop.call_soon_threadsafe(self.died.set)
            raise SystemExit  # ends the writer's thread, and with it everything that could be committed


class _Worker(AppWorker):
    """The app's worker, which tells when a turn begins."""

    def __init__(self, pool: _Pool, on_turn: Callable[[], None]) -> None:
        super().__init__(table(), pool)
        self._on_turn = on_turn

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        self._on_turn()
        return super().orchestrate(call)


class _App:
    """The app object, which can be asked for its functions only once."""

    def get_functions(self) -> Sequence[Any]:
        return list(functions().values())


@cache
def table() -> FunctionTable:
    """Return the functions of the app."""
    return FunctionTable.of(_App())


class World:
    """A host that may die, the file that it leaves, and the time, which never goes back."""

    def __init__(self, path: Path, on_turn: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self.crashes = 0
        self.lives = 0
        self._on_turn = on_turn
        self._now = OPENED_AT
        self._commits: list[str] = []
        self._coming: deque[Crash] = deque()

    @property
    def now(self) -> Ticks:
        """The present instant."""
        return self._clock.now()

    @property
    def commits(self) -> list[str]:
        """What was committed so far, by name."""
        return [*self._commits, *self._fate.commits]

    async def open(self) -> None:
        """Begin a life of the host and let it come to rest."""
        self.lives += 1
        assert self.lives < MOST_LIVES, "the host dies again and again"
        backend = SqliteBackend(self.path, synchronous="OFF")
        self._pool = _Pool()
        self._fate = _Fate(self._coming.popleft() if self._coming else None)
        self._clock = _Clock(Ticks(self._now - int(backend.noted(CLOCK_OFFSET) or 0)))
        options = EngineOptions(versions=VersionRules(default="1.0"))
        worker = _Worker(self._pool, self._on_turn)
        self._engine = Engine(backend, worker, self._clock, self._pool, options=options, observer=self._fate)
        await self._engine.open()
        await self.settle()

    async def close(self) -> None:
        """End this life, in good order where nothing is under way."""
        await self._engine.close(grace=0)
        self._gone()

    async def restart(self, down: timedelta) -> None:
        """Stop in good order and begin anew after *down*."""
        await self.settle()
        await self.close()
        self._now = Ticks(self._now + from_span(down))
        await self.open()

    def arm(self, crash: Crash) -> None:
        """Have this life end at *crash*, or the next one if the end of this one is known already."""
        if not self._fate.arm(crash):
            self._coming.append(crash)

    def hold(self) -> None:
        """Let no turn and no activity run from now on, though the host takes in what comes."""
        self._pool.hold()

    def pass_by(self, span: timedelta) -> None:
        """Let time pass of which the host sees nothing while it passes."""
        self._clock.move_to(Ticks(self._clock.now() + from_span(span)))

    async def settle(self) -> None:
        """Let all that is due now be done."""
        self._pool.release()
        await self._survived(_at_rest)

    async def advance(self, span: timedelta) -> None:
        """Move time on, from one due thing to the next; a crash on the way ends the move."""
        self._pool.release()
        await self._survived(lambda engine: engine.advance(span))

    async def do(self, work: Callable[[Engine], Awaitable[object]]) -> bool:
        """Ask the host for something; whether it answered before it died. It may be done all the same."""
        return await self._survived(work)

    async def instance(self, instance_id: str) -> Instance | None:
        """Return the instance as committed."""
        return await self._engine.instance(instance_id)

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the history as committed."""
        return await self._engine.history(instance_id)

    def stored(self) -> bytes:
        """Return every byte that the host has written."""
        return b"".join(file.read_bytes() for file in sorted(self.path.parent.glob(f"{self.path.name}*")))

    async def _survived(self, work: Callable[[Engine], Awaitable[object]]) -> bool:
        """Do *work* unless the host dies first; raise what it raised."""
        task = asyncio.ensure_future(work(self._engine))
        death = asyncio.ensure_future(self._fate.died.wait())
        await self._first_of(task, death)
        is_done, is_dead = task.done(), death.done()
        if is_dead:
            task.cancel()
            await asyncio.wait({task})
            await self._begin_anew()
        else:
            death.cancel()
        if is_done:
            await task
        return is_done

    async def _first_of(self, task: asyncio.Future[Any], death: asyncio.Future[Any]) -> None:
        """Wait for either, as long as the host goes on writing."""
        written = -1
        while not (task.done() or death.done()):
            assert written < len(self._fate.commits), f"the host hangs after {self.commits[-3:]}"
            written = len(self._fate.commits)
            await asyncio.wait({task, death}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)

    async def _begin_anew(self) -> None:
        self.crashes += 1
        crash = self._fate.crash
        await self.close()  # nothing of this can be seen: the writer is gone
        self._now = Ticks(self._now + (from_span(crash.down) if crash else 0))
        await self.open()

    def _gone(self) -> None:
        self._now = self._clock.now()
        self._commits += self._fate.commits


async def _at_rest(engine: Engine) -> None:
    await engine.at_rest()
    while (due := engine.next_timer()) is not None and due <= engine.clock.now():
        await engine.advance(timedelta(0))
