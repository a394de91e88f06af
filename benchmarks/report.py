"""Writes down a run: all single runs as JSON, and the medians beside the goals as a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.spread import median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.measures import Figures

GOALS = {
    "verifications_per_second": ("verifications/s", "250, summit 550"),
    "cpu_ms_each": ("CPU per verification, host process, ms", "4, summit 1.8"),
    "answer_to_end_ms_p50": ("answer → completion visible, p50, ms", "4"),
    "answer_to_end_ms_p95": ("… p95, ms", ""),
    "answer_to_end_ms_p99": ("… p99, ms", "8"),
    "start_to_waiting_ms_p50": ("start → waiting, p50, ms", "3"),
    "start_to_waiting_ms_p95": ("… p95, ms", ""),
    "waiting_cpu_percent": ("waiting: CPU of one core, %", "0.1"),
    "waiting_memory_mib": ("… memory of all processes, MiB", "80"),
    "waiting_disk_kb_each": ("… disk each, KB", "0.7"),
    "restart_to_first_completion_s": ("kill -9 → restart → first completion, s", "0.7"),
    "lost": ("… lost", "0"),
    "start_to_first_200_s": ("start of the command → first 200, s", "1.2"),
}
"""The figures in the order of the table, with their titles and devhost's goals."""

RATIO = "verifications_per_second"


def write(run: Mapping[str, object], folder: Path, name: str) -> None:
    """Write *run* as JSON and as a page."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / f"{name}.md").write_text(page(run), "utf-8")


def page(run: Mapping[str, object]) -> str:
    """Return the page for *run*."""
    runs: Mapping[str, Sequence[Figures]] = run["runs"]  # type: ignore[assignment]
    turns: Mapping[str, Sequence[Figures]] = run["turns"]  # type: ignore[assignment]
    cases: Figures = run["cases"]  # type: ignore[assignment]
    parts = [
        f"# A run of `make bench`, {run['date']}",
        "Written by the command; not edited. Medians of all rounds; in brackets the lowest and the highest.",
        _facts(run),
        _table(runs),
        _ratios(runs),
        "## The list of cases" if cases else "",
        _facts_of(cases),
        "## The cost of a turn" if turns else "",
        "\n\n".join(_listed(name, figures) for name, figures in turns.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(run: Mapping[str, object]) -> str:
    return "\n".join(f"* {name}: {worded(run[name])}" for name in ("size", "machine", "versions"))


def _facts_of(figures: Figures) -> str:
    return "\n".join(f"* {name.replace('_', ' ')}: {_number(value)}" for name, value in figures.items())


def worded(facts: object) -> str:
    """Return facts about a run in one line."""
    return ", ".join(f"{name} {value}" for name, value in facts.items()) if isinstance(facts, dict) else str(facts)


def _table(runs: Mapping[str, Sequence[Figures]]) -> str:
    head = f"| figure | goal | {' | '.join(runs)} |"
    rows = [
        f"| {title} | {goal} | {' | '.join(_spread(_values(figures, key)) for figures in runs.values())} |"
        for key, (title, goal) in GOALS.items()
    ]
    return "\n".join([head, "|---" * (len(runs) + 2) + "|", *rows])


def _ratios(runs: Mapping[str, Sequence[Figures]]) -> str:
    """Say how many times as fast the first subject is as each other one: median of the rounds' own ratios."""
    if not runs:
        return ""  # a run that has only begun
    (name, ours), *others = runs.items()
    lines = []
    for other, theirs in others:
        pairs = zip(_values(ours, RATIO), _values(theirs, RATIO), strict=False)  # a run that is not over has odd ones
        ratios = [mine / other_value for mine, other_value in pairs]
        if ratios:
            lines.append(f"* {name} goes {_spread(ratios)} times as fast as {other}.")
    return "\n".join(lines)


def _listed(name: str, figures: Sequence[Figures]) -> str:
    keys = list(figures[0])
    head = f"By {name.removeprefix('by_').replace('_', ' ')}:\n\n| {' | '.join(keys)} |\n{'|---' * len(keys)}|"
    return "\n".join([head, *(f"| {' | '.join(_number(one[key]) for key in keys)} |" for one in figures)])


def _values(figures: Sequence[Figures], key: str) -> list[float]:
    return [one[key] for one in figures if key in one]


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    middle = _number(median(values))
    return middle if len(values) == 1 else f"{middle} [{_number(min(values))}, {_number(max(values))}]"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"  # noqa: PLR2004  three digits do
