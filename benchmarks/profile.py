"""What the processor time of a verification is spent on, and what the machine does at best.

``python -m benchmarks.profile`` runs the workload on devhost while py-spy looks at it: each look counts for whoever
held the interpreter. It writes ``results/profile.md``. The peers' environment has py-spy; its looks slow the host a
little, so the figures that count are those of ``make bench``.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import floors, machine, peer_environment
from benchmarks.measures import throughput
from benchmarks.report import worded
from benchmarks.subjects import devhost, running, store_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE: Final = Path(__file__).parent / "results" / "profile.md"
LOOKS_A_SECOND: Final = 200
REST: Final = "event loop, threads, and all else"
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "the app, with phonenumbers and cryptography": (
        "function_app",
        "orchestrators/",
        "activities/",
        "domain/",
        "providers/",
        "blueprints/",
        "settings",
        "phonenumbers/",
        "cryptography/",
    ),
    "the SDK (azure-functions-durable, azure-functions)": ("durable_functions/", "functions/", "werkzeug/"),
    "devhost: turns and store": ("devhost/engine/",),
    "devhost: to and from the SDK": ("devhost/sdk/", "devhost/json_text", "devhost/lenient_json", "devhost/ticks"),
    "HTTP: aiohttp, and devhost's routes and API": ("aiohttp/", "yarl/", "devhost/api/", "devhost/triggers/http"),
    "log lines": ("logging/", "devhost/logs", "blueprints/masked_logs", "domain/masking"),
    REST: ("devhost/cli", "benchmarks/"),
}
"""Whose code a file is, by how its path begins; the longest beginning that fits counts, other files are nobody's."""

_FRAME: Final = re.compile(r"\((?P<path>[^()]*):\d+\)$")


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description="Where the time goes.")
    parser.add_argument("--verifications", type=int, default=2000, help="how many are run (default: %(default)s)")
    count = parser.parse_args().verifications
    looked, cpu_ms = _looked(count)
    size = f"{count} verifications, {cpu_ms:.2f} ms of processor time each while being looked at."
    about = f"{size}\n{worded(machine.machine() | machine.versions())}"
    PAGE.write_text(page(shares(looked), cpu_ms, floors.measured(), about), "utf-8")
    print(PAGE.read_text("utf-8"))


def shares(stacks: Iterable[str]) -> Mapping[str, float]:
    """Return the share of each part in *stacks*, lines as py-spy writes them: frames from the outside in, a count."""
    counted: Counter[str] = Counter()
    for line in stacks:
        stack, _, looks = line.rpartition(" ")
        counted[_part_of(stack.split(";"))] += int(looks)
    return {part: counted[part] / counted.total() for part in PARTS}


def page(shares_of: Mapping[str, float], cpu_ms: float, at_best: Mapping[str, tuple[float, str]], about: str) -> str:
    """Return the page that says where the time goes, and what the machine does *at_best*."""
    rows = [f"| {part} | {share:.0%} | {share * cpu_ms:.2f} |" for part, share in shares_of.items()]
    best = "\n".join(f"* {name}: {value:.3g} {unit}" for name, (value, unit) in at_best.items())
    parts = [
        f"# Where the time of a verification goes, {machine.today()}",
        "Written by `python -m benchmarks.profile`; not edited.",
        about,
        "\n".join(["| part | share | ms each |", "|---|---|---|", *rows]),
        f"What this machine does at best:\n\n{best}",
    ]
    return "\n\n".join(parts) + "\n"


def _looked(count: int) -> tuple[list[str], float]:
    """Run *count* verifications, and return what py-spy saw and what each took of the processor."""
    peer_environment.peers()
    with store_folder() as folder:
        seen = folder.with_name("stacks.txt")
        with running(devhost(), folder) as one:
            command = [str(peer_environment.PLACE / "bin" / "py-spy"), "record", "--gil", "--format", "raw"]
            options = ["--rate", str(LOOKS_A_SECOND), "--output", str(seen), "--pid", str(one.pid)]
            spy = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            figures = asyncio.run(throughput(one, count))
        spy.wait(60)  # it ends with the host, and writes then
        return seen.read_text("utf-8").splitlines(), figures["cpu_ms_each"]


def _part_of(frames: list[str]) -> str:
    """Return the part that the innermost frame with an owner belongs to."""
    for frame in reversed(frames):
        found = _FRAME.search(frame)
        owner = None if found is None else _owner(found["path"])
        if owner is not None:
            return owner
    return REST


def _owner(path: str) -> str | None:
    fitting = [(len(start), part) for part, starts in PARTS.items() for start in starts if path.startswith(start)]
    return max(fitting)[1] if fitting else None


if __name__ == "__main__":
    main()
