"""Who runs next: turns one at a time for each instance, activities side by side, both within the host's limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING

from devhost.engine.backend import BatchCommit
from devhost.engine.history import Event, task_completed, task_failed
from devhost.engine.lending import Lending
from devhost.engine.messages import HTTP_ACTIVITY
from devhost.engine.worker import ActivityCall, ActivityEnd
from devhost.engine.writer import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from devhost.clock import Clock
    from devhost.engine.backend import Backend, PendingActivity, TurnCommit
    from devhost.engine.rest import Rest
    from devhost.engine.turns import TurnRunner
    from devhost.engine.worker import Web, Worker

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 16  # turns for which the loop stands still


class TurnDispatcher:
    """Runs the turns of woken instances on the pool and queues their commits."""

    def __init__(
        self,
        backend: Backend,
        runner: TurnRunner,
        pool: ThreadPoolExecutor,
        put: Callable[[Write], None],
        most: int,
    ) -> None:
        self._backend = backend
        self._runner = runner
        self._put = put
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._lending = Lending(pool, self._loop, self._turn, self._decided)
        self._running: dict[int, bool] = {}  # seq -> whether it was woken again meanwhile
        self._queue: deque[tuple[int, Rest]] = deque()
        self._queued: set[int] = set()
        self._is_filling = False
        self._stopped = False
        self._none_left: asyncio.Event | None = None

    def wake(self, seq: int, rest: Rest) -> None:
        """Run a turn of an instance soon; if one is running, another one after it."""
        if seq in self._running:
            self._running[seq] = True
        elif seq not in self._queued and not self._stopped:
            rest.begin()
            self._queued.add(seq)
            self._queue.append((seq, rest))
            self._fill_soon()

    def _fill_soon(self) -> None:
        if not self._is_filling:
            self._is_filling = True
            self._loop.call_soon(self._fill)

    def _fill(self) -> None:
        self._is_filling = False
        begun: list[tuple[int, Rest]] = []
        while self._queue and len(self._running) < self._most and len(begun) < MOST_AT_ONCE and not self._stopped:
            seq, rest = self._queue.popleft()
            self._queued.discard(seq)
            self._running[seq] = False
            begun.append((seq, rest))
        if begun:
            self._lending.run(begun)
            if self._queue:
                self._fill_soon()

    def _turn(self, turn: tuple[int, Rest]) -> TurnCommit | BatchCommit | None:
        """Run one turn, on a pool thread."""
        try:
            loaded = self._backend.load_turn(turn[0])
            if loaded is None or self._runner.leaves_alone(loaded):
                return None
            return self._runner.run(loaded)
        except Exception:  # the top of the worker loop; the instance keeps its messages
            logger.exception("a turn broke inside devhost")
            return None

    def _decided(self, turn: tuple[int, Rest], commit: TurnCommit | BatchCommit | None) -> None:
        if commit is None or self._stopped:
            self._done(*turn)
        else:
            self._put(_write(commit, lambda _: self._done(*turn)))

    def _done(self, seq: int, rest: Rest) -> None:
        woken_again = self._running.pop(seq)
        if woken_again:
            self.wake(seq, rest)
        if self._queue:
            self._fill_soon()
        rest.end()
        if self._none_left is not None and not self._running:
            self._none_left.set()

    def stop(self) -> None:
        """Begin no further turn."""
        self._stopped = True

    async def finish(self, grace: float) -> None:
        """Wait for the turns that run, *grace* seconds at most."""
        if not self._running:
            return
        self._none_left = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._none_left.wait()


def _write(commit: TurnCommit | BatchCommit, done: Callable[[object], None]) -> Write:
    if isinstance(commit, BatchCommit):
        return Write("batch", lambda unit: unit.commit_batch(commit), done)
    return Write(f"turn {commit.loaded.turns + 1}", lambda unit: unit.commit_turn(commit), done)


class ActivityRunner:
    """Runs pending activities and queues the messages of their ends."""

    def __init__(
        self,
        worker: Worker,
        web: Web | None,
        clock: Clock,
        put: Callable[[Write], None],
        most: int,
        rest: Rest,
    ) -> None:
        self._worker = worker
        self._web = web
        self._clock = clock
        self._put = put
        self._slots = asyncio.Semaphore(most)
        self._rest = rest
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, pending: PendingActivity) -> None:
        """Run an activity as soon as a slot is free."""
        self._rest.begin()
        task = asyncio.get_running_loop().create_task(self._run(pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, pending: PendingActivity) -> None:
        try:
            async with self._slots:
                end = await self._end_of(pending)
        except asyncio.CancelledError:  # the host stops; the activity runs again when it comes back
            self._rest.end()
            raise
        event = self._message(pending, end)
        name = f"activity {pending.name}"
        finish = Write(name, lambda unit: unit.finish_activity(pending.number, event), lambda _: self._rest.end())
        self._put(finish)

    async def _end_of(self, pending: PendingActivity) -> ActivityEnd:
        if pending.name == HTTP_ACTIVITY:
            if self._web is None:
                return ActivityEnd(reason="this engine was given nothing to make HTTP requests with")
            return await self._web.call(pending.input or "null")
        call = ActivityCall(
            instance_id=pending.instance_id, task_id=pending.task_id, name=pending.name, input=pending.input
        )
        return await self._worker.run_activity(call)

    def _message(self, pending: PendingActivity, end: ActivityEnd) -> Event:
        if end.reason is not None:
            return task_failed(self._clock.now(), pending.task_id, end.reason, end.details, end.failure)
        return task_completed(self._clock.now(), pending.task_id, end.result)

    async def stop(self, grace: float) -> None:
        """Wait for what runs, *grace* seconds at most, then cancel it."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=grace)
