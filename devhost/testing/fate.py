"""Dying at a chosen commit within one process: the thread that writes ends, and nobody is told anything any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Side = Literal["before", "after"]


class Fate:
    """Hears of each commit of one life of a host, and ends that life at one of them."""

    wants_single_commits = True

    def __init__(self) -> None:
        self.died = asyncio.Event()
        self.commits: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._point: tuple[Side, int] | None = None
        self._is_dead = False

    def choose(self, side: Side, commits: int) -> None:
        """Die *side* the commit that is *commits* from now, 1 being the next."""
        self._point = (side, len(self.commits) + commits)

    def kill(self) -> None:
        """Die now: nothing is committed any more."""
        self._is_dead = True
        self.died.set()

    def before(self, names: Sequence[str]) -> None:
        """Die before a commit, if it is the one."""
        self._die_if("before", len(self.commits) + 1)
        self.commits += names

    def after(self, names: Sequence[str]) -> None:
        """Die after a commit, if it is the one."""
        self._die_if("after", len(self.commits))

    def _die_if(self, side: Side, number: int) -> None:
        if self._point == (side, number):
            self._is_dead = True
            self._loop.call_soon_threadsafe(self.died.set)
        if self._is_dead:
            raise SystemExit  # ends the writer's thread, and with it everything that could be committed
