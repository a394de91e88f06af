"""`python -m benchmarks`: measure devhost and its peers with the same workload, and write down the run."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from benchmarks import machine, peer_environment, report
from benchmarks.subjects import devhost
from benchmarks.suite import FULL, QUICK, Suite
from tools.processes import exit_when_told

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure devhost and its peers.")
    parser.add_argument("--quick", action="store_true", help="a small run, written to quick.* which git does not keep")
    parser.add_argument("--alone", action="store_true", help="without the peers, written to quick.* too")
    options = parser.parse_args()
    exit_when_told()
    peers = [] if options.alone else peer_environment.peers()
    facts = {"date": machine.today(), "machine": machine.machine()}
    size = QUICK if options.quick else FULL
    suite = Suite(size, [devhost("FULL"), devhost("NORMAL"), *peers])
    suite.run()
    versions = machine.versions() | (peer_environment.versions() if peers else {})
    run = {**facts, "size": asdict(size), "versions": versions, "runs": dict(suite.runs), "turns": suite.turns}
    name = "quick" if options.quick or options.alone else "latest"
    report.write(run, RESULTS, name)
    print(f"\n{(RESULTS / f'{name}.md').read_text('utf-8')}")


if __name__ == "__main__":
    main()
