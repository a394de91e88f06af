"""Blocking calls on a pool, for which the event loop stands still a moment.

Two threads that both compute take the interpreter from each other, which costs more than either of them does. So the
loop lends its time to the calls that it hands out: it waits until they have ended. A call that blocks must not hold up
the loop, though; so it waits for a moment only, and after that both go on side by side.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor

PATIENCE = 0.02  # seconds for which the loop stands still
IMPATIENCE = 0.005  # seconds, after a call that did not end in time

Item = TypeVar("Item")
Result = TypeVar("Result")


class Lending(Generic[Item, Result]):
    """Calls *work* for items, one after the other on one thread of *pool*, and *done* on the loop with each result.

    *work* never raises. Used on the event loop's thread only.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        loop: AbstractEventLoop,
        work: Callable[[Item], Result],
        done: Callable[[Item, Result], None],
    ) -> None:
        self._pool = pool
        self._loop = loop
        self._work = work
        self._done = done
        self._patience = PATIENCE

    def run(self, items: Iterable[Item]) -> list[Item]:
        """Begin to work for *items*, and return those that nobody has begun with when the loop has to go on.

        The loop goes on when its patience is over, but not in the midst of a call if others before it have ended.
        """
        round_: _Round[Item, Result] = _Round(items)
        self._pool.submit(self._serve, round_)
        left: list[Item] = []
        in_time = round_.ended.acquire(timeout=self._patience)
        if not in_time:
            left = round_.take_back()
            in_time = bool(round_.results) and round_.ended.acquire(timeout=self._patience)
        round_.is_late = not in_time
        self._patience = PATIENCE if in_time else IMPATIENCE
        self._deliver(round_)
        return left

    def _serve(self, round_: _Round[Item, Result]) -> None:
        """Work on a thread of the pool; when the loop has gone on, tell it of each result."""
        while (item := round_.next()) is not None:
            round_.results.append((item, self._work(item)))
            if round_.is_late:
                self._loop.call_soon_threadsafe(self._deliver, round_)
        round_.ended.release()

    def _deliver(self, round_: _Round[Item, Result]) -> None:
        while round_.results:
            self._done(*round_.results.popleft())


class _Round(Generic[Item, Result]):
    """Items on their way through one thread; what each step does is one operation that no other thread divides."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = deque(items)
        self.results: deque[tuple[Item, Result]] = deque()
        self.is_late = False
        self.ended = threading.Lock()
        self.ended.acquire()

    def next(self) -> Item | None:
        try:
            return self._items.popleft()
        except IndexError:
            return None

    def take_back(self) -> list[Item]:
        left: list[Item] = []
        while (item := self.next()) is not None:
            left.append(item)
        return left
