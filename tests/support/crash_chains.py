"""Lives of the real devhost on one store, one after the other, each of which ends by SIGKILL at a point of its own.

A life first brings to its end what the life before it left, and then begins something new, which it does not survive.
Hence a point costs one start of the host instead of two. A commit is counted from the start of a process, and so can
only be the first point of a chain; the requests of a name are counted from when the death is arranged.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Protocol

from tests.support.crash_runs import (
    AT_ONCE,
    COMMITS,
    DIES_WITHIN_SECONDS,
    NO_ANSWER,
    Point,
    logs_in,
    numbered,
    quiet,
    was_killed,
)
from tests.support.http_proxy import Moment
from tools.processes import ProcessError, wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.http_proxy import Proxy
    from tools.caller import Caller
    from tools.running_devhost import RunningDevhost

MOMENTS: Final = {"before": Moment.RECEIVED, "after": Moment.DONE, "answered": Moment.ANSWERED}


class Tale(Protocol):
    """Something that is begun in one life of a host and may have to be ended in the next."""

    def play(self, caller: Caller) -> None:
        """Bring it to its end as a client who remembers what was answered, and asks again for the rest only."""

    def check(self, caller: Caller, db: Path) -> None:
        """Raise `AssertionError` unless it came to its one right end."""


class World(Protocol):
    """Where tales take place, one after the other."""

    @property
    def settings(self) -> Mapping[str, str]:
        """What the app is told."""

    @property
    def proxies(self) -> Mapping[str, Proxy]:
        """The proxies between the app and what it talks to, by what passes there."""

    def new_tale(self) -> Tale:
        """Return something to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashChains:
    """All chains of one kind of tale; *open_world* makes a world, *folder* takes what the processes leave."""

    open_world: Callable[[], AbstractContextManager[World]]
    folder: Path
    options: Sequence[str] = ()

    def names(self) -> dict[str, list[str]]:
        """Play a second tale without a crash, and return by place what it commits and asks for, in order.

        The first one finds no tables and no queues, which makes it longer.
        """
        with self.open_world() as world:
            self._told_whole(world, "warm-up")
            before = {place: len(proxy.names) for place, proxy in world.proxies.items()}
            commits = self._told_whole(world, "dry-run")
            passed = {place: numbered(proxy.names[before[place] :]) for place, proxy in world.proxies.items()}
        return {COMMITS: numbered(commits), **passed}

    def failures(self, points: Iterable[Point]) -> dict[str, str]:
        """Crash at each of *points*, in two chains at a time, and return what went wrong at which."""
        chains = chained(points)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(self._failures_of, chains)
        return {name: said for one in found for name, said in one.items()}

    def _told_whole(self, world: World, name: str) -> list[str]:
        folder = self.folder / name
        folder.mkdir()
        commits = folder / "commits.txt"
        settings = {**world.settings, "DEVHOST_COMMITS": str(commits)}
        with running_devhost(folder, settings, options=self.options) as host:
            _played_and_checked(world.new_tale(), host, folder)
        return commits.read_text(encoding="utf-8").splitlines()

    def _failures_of(self, chain: Sequence[Point]) -> dict[str, str]:
        folder = self.folder / f"{chain[0].side}-{chain[0].place}-{chain[0].name}".replace(" ", "-")
        folder.mkdir()
        at, last = chain[0], None
        try:
            with self.open_world() as world:
                for at in chain:
                    last = self._life(world, at, last, folder)
                assert last is not None
                with running_devhost(folder, world.settings, options=self.options) as host:
                    _played_and_checked(last, host, folder)
                    os.kill(host.pid, signal.SIGKILL)  # an orderly end is not what is looked at here, and slow
        except (AssertionError, ProcessError, *NO_ANSWER) as error:
            return {f"{at} (or the point before)": f"{type(error).__name__}: {error}\n{logs_in(folder)}"}
        return {}

    def _life(self, world: World, point: Point, left: Tale | None, folder: Path) -> Tale:
        """Bring to its end what is *left*, begin something new, and die at *point*."""
        fate = {"DEVHOST_CRASH": f"{point.side} {point.number}"} if point.place == COMMITS else {}
        with running_devhost(folder, {**world.settings, **fate}, options=self.options) as host:
            if left is not None:
                _played_and_checked(left, host, folder)
            if point.place != COMMITS:
                name, _, number = point.name.rpartition(" ")
                world.proxies[point.place].condemn(host.pid, name, int(number), MOMENTS[point.side])
            tale = world.new_tale()
            with suppress(*NO_ANSWER):
                tale.play(quiet(host))
            wait_until(lambda: was_killed(host.pid), within=DIES_WITHIN_SECONDS, what=f"the death {point}")
        (folder / "devhost.log").rename(folder / f"{point}.log")
        return tale


def chained(points: Iterable[Point]) -> list[list[Point]]:
    """Return *points* in chains that begin with a commit each and share the others."""
    given = list(points)
    commits = [point for point in given if point.place == COMMITS]
    others = [point for point in given if point.place != COMMITS]
    shares = [others[start :: len(commits)] for start in range(len(commits))]
    return [[commit, *(share or [])] for commit, share in zip_longest(commits, shares)]


def _played_and_checked(tale: Tale, host: RunningDevhost, folder: Path) -> None:
    caller = quiet(host)
    tale.play(caller)
    tale.check(caller, folder / "devhost.db")
