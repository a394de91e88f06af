"""One devhost a database file: a lock that the operating system takes back when the process dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from devhost.errors import StoreLockedError

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """Holds *path* for this process until released."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raise `StoreLockedError` if another process has it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            self._descriptor = -1
            message = f"Another devhost uses {path.with_suffix('')}; stop it, or name another file with --db."
            raise StoreLockedError(message) from error

    def release(self) -> None:
        """Give the lock free; doing so twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows only

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        return
    import fcntl  # noqa: PLC0415  does not exist on Windows

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
