"""Points at which the real devhost process is killed.

They come from a dry run: each commit, which devhost names itself, and each request that a proxy names.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

from tools.caller import Caller
from tools.running_devhost import RunningDevhost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


COMMITS: Final = "commits"
NO_ANSWER: Final = (OSError, HTTPException)
DIES_WITHIN_SECONDS: Final = 20.0
AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Around what the host dies: the *number*-th act at *place*."""

    place: str
    number: int
    name: str
    side: str

    def __str__(self) -> str:
        return f"{self.side} {self.name}"


def both_sides(names: Mapping[str, Sequence[str]]) -> list[Point]:
    """Return the points before and after everything that has a name."""
    return [
        Point(place=place, number=number, name=name, side=side)
        for place, there in names.items()
        for number, name in enumerate(there, 1)
        for side in ("before", "after")
    ]


def listed(names: Mapping[str, Sequence[str]]) -> str:
    """Return how many points there are, and their names."""
    places = "; ".join(f"{place}: {', '.join(there)}" for place, there in names.items())
    return f"K = {sum(map(len, names.values()))} crash points, each before and after ({places})"


def numbered(names: Iterable[str]) -> list[str]:
    """Give each name that has no number one of its own: `event` is `event 1`, `turn 3` stays."""
    seen: Counter[str] = Counter()
    given = []
    for name in names:
        seen[name] += 1
        given.append(name if name[-1].isdigit() else f"{name} {seen[name]}")
    return given


def told(failures: Mapping[str, str]) -> str:
    """Return the names of the points that failed, and then what was said at each."""
    return "\n\n".join([", ".join(failures), *(f"{point}: {said}" for point, said in failures.items())])


def was_killed(pid: int) -> bool:
    """Say whether our child *pid* was ended by SIGKILL, and leave it to whoever started it to collect it."""
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    return end is not None and (end.si_code, end.si_status) == (os.CLD_KILLED, signal.SIGKILL)


def quiet(host: RunningDevhost) -> Caller:
    """Return a caller of *host* who prints nothing."""
    return Caller(host.port, say=lambda _: None)


def logs_in(folder: Path) -> str:
    """Return what the processes of a run said."""
    parts = [f"-- {path.name}\n{path.read_text(encoding='utf-8')}" for path in sorted(folder.glob("*.log"))]
    return "\n".join(parts)
