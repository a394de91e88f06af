"""The list of cases while thousands wait: how long its first page takes, and what the host does meanwhile.

``python -m benchmarks.case_list --cases 10000 --requests 50`` opens the cases on a devhost of its own with an Azurite
of its own, waits until all of them lie with their approvers, asks for the first page again and again, one request
after the other as a browser does, and then leaves the host alone. It prints its figures as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, local
from time import perf_counter
from typing import TYPE_CHECKING, Final

from tools.azurite import running_azurite
from tools.caller import Caller
from tools.processes import wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.running_devhost import RunningDevhost

PAGE: Final = 50
PAGE_MOST: Final = 100
CALLERS: Final = 8
IDLE_SECONDS: Final = 30
STILL_CPU_SECONDS: Final = 0.02
STILL_WITHIN_SECONDS: Final = 120.0
FILED_WITHIN_SECONDS: Final = 1800.0
ALL: Final = f"/api/cases?status=pending_approval&limit={PAGE}"
START: Final = "/api/orchestrators/RefundApproval"

Figures = dict[str, float | int]


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measure, print the figures as JSON, and return them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.case_list", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--cases", type=int, default=10_000, help="how many cases wait (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=50, help="how often a page is asked for (default: %(default)s)")
    wished = parser.parse_args(arguments)
    figures = measured(wished.cases, wished.requests)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return figures


def measured(cases: int, requests: int) -> Figures:
    """Return the figures for so many cases and requests."""
    with tempfile.TemporaryDirectory(prefix="case-list-") as folder, running_azurite() as azurite:
        settings = {"AzureWebJobsStorage": azurite.connection_string, "SmsProvider": "console"}
        with running_devhost(Path(folder), settings, options=["--auth"]) as host:
            filing = _filed(host, cases)
            _come_to_rest(host)
            supervisor = _quiet(host).signed_in("Sue, a supervisor")
            first = _milliseconds(supervisor, ALL, requests)
            filtered = _milliseconds(supervisor, f"{ALL}&action=refund", requests)
            found = _milliseconds(supervisor, f"{ALL}&q=order-{cases // 2}", 5)
            idle = _cpu_of(host, IDLE_SECONDS)
    return {
        "cases": cases,
        "filing_seconds": round(filing, 1),
        "requests": requests,
        "first_page_p50_ms": round(statistics.median(first), 1),
        "first_page_p95_ms": _p95(first),
        "filtered_page_p95_ms": _p95(filtered),
        "one_order_p50_ms": round(statistics.median(found), 1),
        "idle_seconds": IDLE_SECONDS,
        "idle_cpu_seconds": round(idle, 2),
    }


def _filed(host: RunningDevhost, cases: int) -> float:
    """Open *cases* cases, wait until all are listed, and return how many seconds that took."""
    began, mine = perf_counter(), local()

    def file(number: int) -> None:
        if not hasattr(mine, "caller"):
            mine.caller = _quiet(host)
        facts = {"orderId": f"order-{number}", "customerId": f"customer-{number % 97}", "amount": 1000 + number}
        asked = {"action": "refund", "currency": "EUR", "description": "It came broken."}
        answer = mine.caller.post(START, {**asked, **facts})
        assert answer.status == 202, answer  # noqa: PLR2004, S101  a benchmark of something else is none

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(file, range(cases)))
    supervisor = _quiet(host).signed_in("Sue, a supervisor")
    wait_until(lambda: _count(supervisor) == cases, within=FILED_WITHIN_SECONDS, what=f"{cases} cases to wait")
    return perf_counter() - began


def _come_to_rest(host: RunningDevhost) -> None:
    """Wait until all approvers are told, and the host does nothing more."""
    caller = _quiet(host)

    def is_idle() -> bool:
        return caller.post("/devhost/clock/advance", {"by": "PT0S"}).body["idle"] is True

    wait_until(is_idle, within=FILED_WITHIN_SECONDS, what="all approvers to be told")
    wait_until(lambda: _cpu_of(host, 1) <= STILL_CPU_SECONDS, within=STILL_WITHIN_SECONDS, what="the host to be still")


def _count(supervisor: Caller) -> int:
    """Return how many cases wait, counted page by page."""
    count, cursor = 0, ""
    while True:
        page = supervisor.get(f"/api/cases?status=pending_approval&limit={PAGE_MOST}&cursor={cursor}").body
        count += len(page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            return count


def _milliseconds(supervisor: Caller, url: str, requests: int) -> list[float]:
    took = []
    for _ in range(requests):
        began = perf_counter()
        answer = supervisor.get(url)
        took.append((perf_counter() - began) * 1000)
        assert answer.status == 200, answer  # noqa: PLR2004, S101  a benchmark of refusals is none
    return took


def _p95(took: list[float]) -> float:
    """Return what nineteen in twenty did not exceed."""
    return round(sorted(took)[math.ceil(0.95 * len(took)) - 1], 1)


def _cpu_of(host: RunningDevhost, seconds: float) -> float:
    """Return the processor time that the host takes in so many seconds."""
    before = _cpu(host.pid)
    Event().wait(seconds)
    return _cpu(host.pid) - before


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks: int = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks


def _quiet(host: RunningDevhost) -> Caller:
    return Caller(host.port, say=lambda _: None)


if __name__ == "__main__":
    main()
