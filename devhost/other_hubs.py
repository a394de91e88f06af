"""Task hubs that nobody serves: what is started there stays Pending, and what is sent there waits, as in Azure.

Each is kept in memory until the host ends; on the real host it would wait in storage for somebody who serves the hub.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from devhost.engine.engine import Engine
from devhost.engine.options import EngineOptions
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.versions import VersionRules
from devhost.errors import NotEmulatedError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from devhost.clock import Clock
    from devhost.engine.worker import Worker

MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingRuns(VersionRules):
    """Rules by which no instance is run."""

    def runs(self, version: str | None) -> bool:
        """Say no."""
        del version
        return False

    def ends_unstarted(self, version: str | None) -> bool:
        """Say no: whoever serves the hub would do that."""
        del version
        return False


class OtherHubs:
    """Keeps the task hubs that somebody started something in, found without regard to case."""

    def __init__(self, worker: Worker, clock: Clock, pool: ThreadPoolExecutor, default_version: str | None) -> None:
        self._worker = worker
        self._clock = clock
        self._pool = pool
        self._options = EngineOptions(versions=NothingRuns(default=default_version))
        self._engines: dict[str, Engine] = {}
        self._opening = asyncio.Lock()

    def find(self, name: str) -> Engine | None:
        """Return the hub of that name, if anything was started in it."""
        return self._engines.get(name.lower())

    async def make(self, name: str) -> Engine:
        """Return the hub of that name, a new one if need be; raise `NotEmulatedError` for one too many."""
        async with self._opening:
            known = self.find(name)
            if known is not None:
                return known
            if len(self._engines) == MOST:
                message = f"devhost keeps no more than {MOST} task hubs that nobody serves: see PARITY.md, row trap 28."
                raise NotEmulatedError(message)
            engine = Engine(SqliteBackend(None), self._worker, self._clock, self._pool, options=self._options)
            await engine.open()
            self._engines[name.lower()] = engine
            return engine

    async def close(self) -> None:
        """Forget them all."""
        for engine in self._engines.values():
            await engine.close(0)
