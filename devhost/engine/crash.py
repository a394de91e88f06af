"""Dying at a chosen commit, so that a test can see what a crash leaves behind.

Set ``DEVHOST_COMMITS`` to a file to have each commit's name appended to it, one a line. Set ``DEVHOST_CRASH`` to
``before 7`` or ``after 7`` to have the process killed (SIGKILL, nothing is flushed or closed) around commit number 7,
counted from 1 in this process; ``in FILE`` reads such a point from a file as soon as there is one, and counts from then
on. With any of these, each write has a commit of its own, so that the numbers mean the same in every run. What the host
notes about itself, such as when a timer trigger is due, comes when the clock wants it and is not counted.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from devhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CRASH = "DEVHOST_CRASH"
COMMITS = "DEVHOST_COMMITS"
NOTE = "note"
_POINT = re.compile(r"(before|after) ([1-9]\d*)")
_TOLD_LATER = "in "
_NEVER = ("", 0)


class CrashPoint:
    """Notes commits, and kills the process at one of them."""

    wants_single_commits = True

    def __init__(self, log: Path | None, fatal: tuple[str, int], told_in: Path | None = None) -> None:
        self._log = log
        self._fatal = fatal
        self._told_in = told_in
        self._number = 0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> CrashPoint | None:
        """Return what the environment asks for, if anything; raise `ConfigurationError` if it cannot be read."""
        wish, log = environ.get(CRASH, ""), environ.get(COMMITS, "")
        if not wish and not log:
            return None
        log_file = Path(log) if log else None
        if wish.startswith(_TOLD_LATER):
            return cls(log_file, _NEVER, Path(wish.removeprefix(_TOLD_LATER)))
        return cls(log_file, _point_in(wish) if wish else _NEVER)

    def before(self, names: Sequence[str]) -> None:
        """Count a commit, and die if it is the one."""
        if list(names) == [NOTE]:
            return
        if self._told_in is not None and self._told_in.exists():
            self._fatal, self._told_in, self._number = _point_in(self._told_in.read_text("utf-8")), None, 0
        self._number += 1
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as lines:
                lines.writelines(f"{name}\n" for name in names)
        self._die_if("before")

    def after(self, names: Sequence[str]) -> None:
        """Die if it is the one."""
        if list(names) != [NOTE]:
            self._die_if("after")

    def _die_if(self, side: str) -> None:
        if self._fatal == (side, self._number):
            os.kill(os.getpid(), signal.SIGKILL)


def _point_in(wish: str) -> tuple[str, int]:
    match = _POINT.fullmatch(wish)
    if match is None:
        message = f'{CRASH} is "{wish}"; expected a point such as "before 7" or "after 7".'
        raise ConfigurationError(message)
    return match[1], int(match[2])
