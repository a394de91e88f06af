"""Plays one share of the random schedules, and counts of what they were examples.

Each share draws from a seed of its own, so that shares run side by side, and plays the same schedules in every run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeVar

from hypothesis import given, seed, settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

NORMAL = "schedules"
SOAK = "soak"
PLAYED = "played"
# A share takes a few seconds; one that failed is shrunk to its shortest form, for 300 at most.
PATIENCE_SECONDS = 7200 if settings.get_current_profile_name() == SOAK else 330

Schedule = TypeVar("Schedule")


class Judge(Protocol):
    """Knows what must hold after a schedule."""

    def check(self) -> None:
        """Raise `AssertionError` for the first thing that does not hold."""

    def kinds(self) -> set[str]:
        """Return what the schedule was an example of."""


def play_share(
    share: int,
    schedules: SearchStrategy[Schedule],
    play: Callable[[Schedule, Path], Awaitable[Judge]],
    folder: Path,
    *,
    percent: int = 100,
) -> Counter[str]:
    """Play the schedules of *share*, *percent* of the usual number, and return how many there were of each kind."""
    kinds: Counter[str] = Counter()
    numbers = count()
    chosen = SOAK if settings.get_current_profile_name() == SOAK else NORMAL
    profile = settings.get_profile(chosen)

    with asyncio.Runner() as runner:

        @seed(share)
        @settings(profile, max_examples=profile.max_examples * percent // 100)
        @given(schedules)
        def played(schedule: Schedule) -> None:
            path = folder / f"{next(numbers)}.db"
            judge = runner.run(_awaited(play(schedule, path)))
            judge.check()
            kinds.update([PLAYED, *judge.kinds()])
            for file in folder.glob(f"{path.name}*"):
                file.unlink()

        played()
    return kinds


async def _awaited(judge: Awaitable[Judge]) -> Judge:
    return await judge
