"""Gives memory back to the system after large requests, so that a host is as small afterwards as it was before.

What is not used any more is kept all the same: by objects that refer to each other, as those of the SDK do; by SQLite's
statements, which hold the values that they were last called with; and by the C library, in case more is wanted.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from devhost.engine.engine import Engine

LARGE: Final = 1024 * 1024  # bytes of a body after which it is worth the while
PAUSES: Final = (0.5, 0.75)  # seconds; a turn with a large value may still run when the first one is over
_MANY_OBJECTS: Final = 10_000  # new ones after which the youngest are looked at
_M_MMAP_THRESHOLD: Final = -3  # of malloc.h


def return_large_blocks() -> None:
    """Let the C library give each large block back when it is freed, not only those above the largest so far."""
    mallopt = _of_c_library("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def keep_for_good() -> None:
    """Look no more for garbage in what is there now, and less often in what comes.

    An app and the SDK are some hundred thousand objects that stay; and a turn makes thousands that go by themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, *gc.get_threshold()[1:])


def return_free_blocks() -> None:
    """Let the C library give back what nobody uses any more."""
    trim = _of_c_library("malloc_trim")
    if trim is not None:
        trim(0)


class Tidier:
    """Gives memory back a moment after large requests, and once more when what they caused has come to rest."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    def note(self, size: int) -> None:
        """Hear of a body of so many bytes; tidy up soon if it is a large one."""
        if size < LARGE:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._tidy())

    async def close(self) -> None:
        """Tidy up no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _tidy(self) -> None:
        for pause in PAUSES:
            await asyncio.sleep(pause)
            await self._give_back()
        await self._engine.at_rest()
        await self._give_back()

    async def _give_back(self) -> None:
        await self._engine.spare()
        gc.collect()
        await asyncio.to_thread(return_free_blocks)


def _of_c_library(name: str) -> Any:  # noqa: ANN401  a foreign function
    """Return a function of the C library; None where there is none of that name, as it is glibc's."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library that is called nothing
        return None
