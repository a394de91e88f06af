"""Blocking calls on a pool, for which the event loop stands still a moment.

Two threads that both compute take the interpreter from each other a hundred times for one verification, which costs
more than either of them does. So the loop lends its time to the calls that it hands out: it waits until they have
ended. A call that blocks, or a pool without a free thread, must not hold up the loop, though; so it waits for a moment
only, and as long as calls that were too slow are under way it hands out others without waiting at all.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor

PATIENCE = 0.005  # seconds for which the loop stands still for one call at most
IMPATIENCE = 0.001  # seconds, after a call that did not end in time; it doubles with each round of calls that do

Item = TypeVar("Item")
Result = TypeVar("Result")


class Lending(Generic[Item, Result]):
    """Calls *work* for items on *pool*, and *done* on the loop with each result.

    *work* never raises. `run` is called on the event loop's thread only.
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
        self.patience = PATIENCE
        self._late: set[_Round[Item, Result]] = set()

    def run(self, items: Iterable[Item]) -> None:
        """Work for *items*: one after the other while the loop stands still, or else side by side with it."""
        if self._late:
            self._aside(items)
            return
        round_: _Round[Item, Result] = _Round(items)
        self._pool.submit(self._serve, round_)
        if self._ends_in_time(round_):
            self.patience = min(2 * self.patience, PATIENCE)
        else:
            self.patience = IMPATIENCE
            self._late.add(round_)
            round_.is_late = True
            self._aside(round_.take_back())
        self._deliver(round_)

    def _ends_in_time(self, round_: _Round[Item, Result]) -> bool:
        """Wait for a round as long as one call after the other ends."""
        while not round_.ended.acquire(timeout=self.patience):
            if len(round_.results) == round_.seen:
                return False
            round_.seen = len(round_.results)
        return True

    def _aside(self, items: Iterable[Item]) -> None:
        """Work for each of *items* on whatever thread is free for it."""
        for item in items:
            round_: _Round[Item, Result] = _Round([item])
            round_.is_late = True
            self._pool.submit(self._serve, round_)

    def _serve(self, round_: _Round[Item, Result]) -> None:
        """Work on a thread of the pool; when the loop has gone on, tell it of each result."""
        while (item := round_.next()) is not None:
            round_.results.append((item, self._work(item)))
            if round_.is_late:
                self._tell(round_)
        round_.is_over = True
        round_.ended.release()
        if round_ in self._late:
            self._tell(round_)

    def _tell(self, round_: _Round[Item, Result]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._deliver, round_)

    def _deliver(self, round_: _Round[Item, Result]) -> None:
        is_over = round_.is_over
        while round_.results:
            self._done(*round_.results.popleft())
        if is_over:
            self._late.discard(round_)


class _Round(Generic[Item, Result]):
    """Items on their way through one thread; what each step does is one operation that no other thread divides."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = deque(items)
        self.results: deque[tuple[Item, Result]] = deque()
        self.seen = 0
        self.is_late = False
        self.is_over = False
        self.ended = threading.Lock()
        self.ended.acquire()

    def next(self) -> Item | None:
        """Take the first item that nobody has taken."""
        try:
            return self._items.popleft()
        except IndexError:
            return None

    def take_back(self) -> list[Item]:
        """Take all items that nobody has taken."""
        left: list[Item] = []
        while (item := self.next()) is not None:
            left.append(item)
        return left
