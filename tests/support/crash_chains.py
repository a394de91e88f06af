"""Lives of the real devhost on one store, one after the other, each of which ends by SIGKILL at a point of its own.

A life first brings to its end what the life before it left, and then begins something new, which it does not survive.
Hence a point costs one start of the host instead of two. Commits, and the requests of a name, are counted from when the
death is arranged.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
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
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.http_proxy import Proxy
    from tools.caller import Caller
    from tools.running_devhost import RunningDevhost

LONGEST: Final = 10
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

    def failures(self, points: Sequence[Point], *, longest: int = LONGEST) -> dict[str, str]:
        """Crash at each of *points*, in two chains at a time, and return what went wrong at which."""
        count = ceil(len(points) / longest)
        chains = [points[start::count] for start in range(count)]
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
        folder = self.folder / f"{chain[0]}".replace(" ", "-")
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
        told, commits = folder / f"{point}.death", folder / f"{point}.commits"
        fate = {"DEVHOST_CRASH": f"in {told}", "DEVHOST_COMMITS": str(commits)} if point.place == COMMITS else {}
        with running_devhost(folder, {**world.settings, **fate}, options=self.options) as host:
            if left is not None:
                _played_and_checked(left, host, folder)
            _arrange(world, point, host.pid, told)
            tale = world.new_tale()
            with suppress(*NO_ANSWER):
                tale.play(quiet(host))
            wait_until(lambda: was_killed(host.pid), within=DIES_WITHIN_SECONDS, what=f"the death {point}")
        if point.place == COMMITS:
            last = commits.read_text(encoding="utf-8").splitlines()[-1]
            assert last in {point.name, point.name.rpartition(" ")[0]}, f"it died {point.side} {last}"
        (folder / "devhost.log").rename(folder / f"{point}.log")
        return tale


def _arrange(world: World, point: Point, pid: int, told: Path) -> None:
    """Have the host die at *point*: what it commits is counted by itself, what it asks for by the proxies."""
    if point.place == COMMITS:
        draft = told.with_suffix(".draft")
        draft.write_text(f"{point.side} {point.number}", encoding="utf-8")
        draft.rename(told)  # the host finds it whole
        return
    name, _, number = point.name.rpartition(" ")
    world.proxies[point.place].condemn(pid, name, int(number), MOMENTS[point.side])


def _played_and_checked(tale: Tale, host: RunningDevhost, folder: Path) -> None:
    caller = quiet(host)
    tale.play(caller)
    tale.check(caller, folder / "devhost.db")
