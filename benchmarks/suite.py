"""The order in which all is measured: the subjects in turn, round after round, so that a slow minute hits them all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import case_list, measures, turns
from benchmarks.subjects import devhost, running, store_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measures import Figures
    from benchmarks.subjects import Subject

CASE_REQUESTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    rounds: int
    verifications: int
    looks: int
    waiting: int
    waiting_seconds: float
    crash: int
    history_rounds: int
    cases: int


FULL = Size(
    rounds=3,
    verifications=1000,
    looks=200,
    waiting=10_000,
    waiting_seconds=30.0,
    crash=1000,
    history_rounds=500,
    cases=10_000,
)
QUICK = Size(
    rounds=1,
    verifications=200,
    looks=50,
    waiting=500,
    waiting_seconds=3.0,
    crash=100,
    history_rounds=100,
    cases=100,
)


class Suite:
    """Collects the figures of each subject; `runs` has every single run by subject."""

    def __init__(self, size: Size, subjects: Sequence[Subject], keep: Callable[[Suite], None]) -> None:
        """Measure *subjects*, and *keep* what there is after each measurement: an end too early then loses little."""
        self._size = size
        self._subjects = subjects
        self._keep = keep
        self.runs: defaultdict[str, list[Figures]] = defaultdict(list)
        self.turns: dict[str, list[Figures]] = {}
        self.cases: Figures = {}

    def run(self) -> None:
        """Measure everything."""
        for number in range(self._size.rounds):
            for subject in self._subjects:
                self._note(subject, number, self._busy_and_idle(subject))
            for subject in self._subjects:
                self._note(subject, number, self._crash(subject))
        for subject in self._subjects:
            self._note(subject, 0, self._waiting(subject))
        self.turns = self._turns()
        self._keep(self)
        self.cases = case_list.measured(self._size.cases, CASE_REQUESTS)
        self._say("list of cases", self.cases)

    def _busy_and_idle(self, subject: Subject) -> Figures:
        with store_folder() as folder, running(subject, folder) as one:
            figures = measures.start(one)
            figures |= asyncio.run(measures.throughput(one, self._size.verifications))
            return figures | asyncio.run(measures.low_load(one, self._size.looks))

    def _crash(self, subject: Subject) -> Figures:
        with store_folder() as folder:
            return asyncio.run(measures.crash(subject, folder, self._size.crash))

    def _waiting(self, subject: Subject) -> Figures:
        with store_folder() as folder, running(subject, folder) as one:
            return asyncio.run(measures.waiting(one, self._size.waiting, self._size.waiting_seconds))

    def _turns(self) -> dict[str, list[Figures]]:
        with store_folder() as folder:
            by_history = asyncio.run(turns.by_length_of_history(folder, self._size.history_rounds))
        counts = (0, self._size.waiting // 10, self._size.waiting)
        with store_folder() as folder, running(devhost(), folder) as one:
            by_number = asyncio.run(turns.by_number_of_instances(one, counts, self._size.verifications // 2))
        return {"by_length_of_history": by_history, "by_number_of_instances": by_number}

    def _note(self, subject: Subject, number: int, figures: Figures) -> None:
        self.runs[subject.name].append(figures)
        self._say(f"{subject.name}, round {number + 1}", figures)

    def _say(self, what: str, figures: Figures) -> None:
        shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        print(f"[{perf_counter() - _BEGAN:5.0f} s] {what}: {shown}", flush=True)
        self._keep(self)


_BEGAN = perf_counter()
