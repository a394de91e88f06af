"""Waits for what a caller waits for, and no longer than the caller does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from devhost.api.answers import RefusedError, empty

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from devhost.sdk.http import Incoming

LOOKS_EVERY = 0.25  # seconds
CLIENT_CLOSED_REQUEST = 499  # what web servers log for it
T = TypeVar("T")


async def unless_gone(incoming: Incoming, waiting: Coroutine[object, object, T]) -> T:
    """Return what *waiting* does; give it up, and raise `RefusedError`, once nobody is there to hear of it."""
    task = asyncio.create_task(waiting)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOKS_EVERY)
            if incoming.is_gone() and not task.done():
                raise RefusedError(empty(CLIENT_CLOSED_REQUEST))
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    return task.result()
