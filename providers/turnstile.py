"""Lets so many through at a time and turns the rest away at once, so that a crowd is answered and not kept waiting."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.refusals import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turnstile:
    """Counts who is inside, in this process."""

    def __init__(self, *, most: int, again_after: timedelta) -> None:
        self._most = most
        self._again_after_ms = again_after // timedelta(milliseconds=1)
        self._inside = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside for the length of a block; raise `RateLimitedError` if it is full."""
        if self._inside >= self._most:
            raise RateLimitedError(self._again_after_ms)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
