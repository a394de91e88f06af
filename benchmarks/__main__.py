"""`python -m benchmarks`: measure devhost and its peers with the same workload, and write down the run."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields, replace
from pathlib import Path

from benchmarks import machine, peer_environment, report
from benchmarks.subjects import devhost
from benchmarks.suite import FULL, QUICK, Size, Suite
from tools.processes import exit_when_told

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure devhost and its peers.")
    parser.add_argument("--quick", action="store_true", help="a small run, written to quick.* which git does not keep")
    parser.add_argument("--alone", action="store_true", help="without the peers, written to quick.* too")
    for field in fields(Size):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=int, help="another size of this part")
    options = parser.parse_args()
    exit_when_told()
    peers = [] if options.alone else peer_environment.peers()
    size = _size(options)
    facts = {"date": machine.today(), "machine": machine.machine(), "size": asdict(size)}
    versions = machine.versions() | (peer_environment.versions() if peers else {})
    name = "quick" if options.quick or options.alone else "latest"

    def keep(suite: Suite) -> None:
        found = {"runs": dict(suite.runs), "turns": suite.turns, "cases": suite.cases}
        report.write({**facts, "versions": versions, **found}, RESULTS, name)

    Suite(size, [devhost("FULL"), devhost("NORMAL"), *peers], keep).run()
    print(f"\n{(RESULTS / f'{name}.md').read_text('utf-8')}")


def _size(options: argparse.Namespace) -> Size:
    """Return how much is to be measured: a quick run or a full one, and what is wished otherwise."""
    wished = {field.name: getattr(options, field.name) for field in fields(Size)}
    return replace(
        QUICK if options.quick else FULL, **{name: value for name, value in wished.items() if value is not None}
    )


if __name__ == "__main__":
    main()
