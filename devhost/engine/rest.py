"""Knows whether anything is under way, so that moved time waits for the work it causes."""

from __future__ import annotations

import asyncio
import contextlib


class Rest:
    """Counts what is under way; used on the event loop's thread only."""

    def __init__(self) -> None:
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way."""
        return self._under_way == 0

    def begin(self) -> None:
        """Note that something began."""
        self._under_way += 1
        self._quiet.clear()

    def end(self) -> None:
        """Note that something ended."""
        self._under_way -= 1
        if self._under_way == 0:
            self._quiet.set()

    async def reached(self, within: float | None = None) -> None:
        """Return once nothing is under way, or when *within* seconds (real time) are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._quiet.wait()
