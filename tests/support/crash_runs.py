"""A flow played on the real devhost process, killed at one point, and played to its end on the next process.

The points come from a dry run: each commit, which devhost names itself, and each request that a proxy names.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Final, Protocol

from tests.support.http_proxy import Death, Moment
from tools.caller import Caller
from tools.processes import ProcessError, wait_until
from tools.running_devhost import RunningDevhost, running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.http_proxy import Proxy

COMMITS: Final = "commits"
NO_ANSWER: Final = (OSError, HTTPException)
DIES_WITHIN_SECONDS: Final = 20.0
AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way out of the host, by which of its moments count as before and after."""

    proxy: Proxy
    before: Moment
    after: Moment


class Story(Protocol):
    """A flow in a world of its own."""

    @property
    def settings(self) -> Mapping[str, str]:
        """What the app is told."""

    @property
    def doors(self) -> Mapping[str, Door]:
        """The proxies between the app and what it talks to, by what passes there."""

    def play(self, caller: Caller) -> None:
        """Bring the flow to its end as a client who remembers what was answered, and asks again for the rest only."""

    def check(self, caller: Caller, db: Path) -> None:
        """Raise `AssertionError` unless the flow came to its one right end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Around what the host dies: the *number*-th act at *place*."""

    place: str
    number: int
    name: str
    side: str

    def __str__(self) -> str:
        return f"{self.side} {self.name}"


@dataclass(frozen=True, slots=True)
class CrashRuns:
    """All runs of one story; *open_story* makes a world, *folder* takes what the processes leave."""

    open_story: Callable[[], AbstractContextManager[Story]]
    folder: Path

    def names(self) -> dict[str, list[str]]:
        """Play the story without a crash, and return by place what it commits and asks for, in order."""
        commits = self._new_folder("dry-run") / "commits.txt"
        with self.open_story() as story:
            with running_devhost(commits.parent, {**story.settings, "DEVHOST_COMMITS": str(commits)}) as host:
                _played_and_checked(story, host, commits.parent)
            passed = {place: numbered(door.proxy.names) for place, door in story.doors.items()}
        return {COMMITS: numbered(commits.read_text(encoding="utf-8").splitlines()), **passed}

    def failures(self, points: Sequence[Point]) -> dict[str, str]:
        """Crash at each of *points*, two at a time, and return what went wrong at which."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            all_said = pool.map(self._said, points)
        return {str(point): said for point, said in zip(points, all_said, strict=True) if said}

    def _said(self, point: Point) -> str:
        folder = self._new_folder(f"{point.side}-{point.place}-{point.number}".replace(" ", "-"))
        try:
            self._crash_and_go_on(point, folder)
        except (AssertionError, ProcessError, *NO_ANSWER) as error:
            return f"{type(error).__name__}: {error}\n{logs_in(folder)}"
        return ""

    def _crash_and_go_on(self, point: Point, folder: Path) -> None:
        with self.open_story() as story:
            fate = {"DEVHOST_CRASH": f"{point.side} {point.number}"} if point.place == COMMITS else {}
            with running_devhost(folder, {**story.settings, **fate}) as host:
                _condemn(story, point, host.pid)
                with suppress(*NO_ANSWER):
                    story.play(quiet(host))
                wait_until(lambda: was_killed(host.pid), within=DIES_WITHIN_SECONDS, what=f"the death {point}")
            (folder / "devhost.log").rename(folder / "first.log")
            with running_devhost(folder, story.settings) as host:
                _played_and_checked(story, host, folder)
                os.kill(host.pid, signal.SIGKILL)  # an orderly end is not what is looked at here, and slow

    def _new_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder


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


def _condemn(story: Story, point: Point, pid: int) -> None:
    if point.place == COMMITS:
        return  # devhost was told at its start
    door = story.doors[point.place]
    moment = door.before if point.side == "before" else door.after
    door.proxy.death = Death(pid=pid, number=point.number, moment=moment)


def _played_and_checked(story: Story, host: RunningDevhost, folder: Path) -> None:
    caller = quiet(host)
    story.play(caller)
    story.check(caller, folder / "devhost.db")


def quiet(host: RunningDevhost) -> Caller:
    """Return a caller of *host* who prints nothing."""
    return Caller(host.port, say=lambda _: None)


def logs_in(folder: Path) -> str:
    """Return what the processes of a run said."""
    parts = [f"-- {path.name}\n{path.read_text(encoding='utf-8')}" for path in sorted(folder.glob("*.log"))]
    return "\n".join(parts)
