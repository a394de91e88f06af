"""Locks that the operating system takes back when the process dies, above all for one devhost a database file.

The lock of a database is a file beside it, so a second name of the same database elsewhere would not be covered: a file
with hard links is refused. The database is its owner's alone, as it holds what people sent.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from devhost.errors import ConfigurationError, StoreLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process, and one thread of it, at a time into the block, by a lock on the file at *path*."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, waits=True)
        yield
    finally:
        os.close(descriptor)


def make_private(path: Path) -> None:
    """Create the database at *path* if need be, and close it and what SQLite keeps beside it to other users.

    Raises `ConfigurationError` if the file has a second name or cannot be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        names = path.stat().st_nlink
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}); name another file with --db, or use --memory."
        raise ConfigurationError(message) from error
    if names > 1:
        message = f"{path} has another name (a hard link), under which a second devhost could open it; copy it instead."
        raise ConfigurationError(message)
    for one in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # somebody else's file, which we may write
            one.chmod(0o600)


def _lock(descriptor: int, *, waits: bool = False) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows only

        msvcrt.locking(descriptor, msvcrt.LK_LOCK if waits else msvcrt.LK_NBLCK, 1)
        return
    import fcntl  # noqa: PLC0415  does not exist on Windows

    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
