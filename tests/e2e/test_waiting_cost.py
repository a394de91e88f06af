"""What it costs the real process that a thousand people have not answered yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.support.operators import MANAGEMENT, Operator
from tools.caller import Caller
from tools.processes import wait_until
from tools.running_devhost import RunningDevhost, running_devhost

INSTANCES = 1000
CALLERS = 4
SECONDS = 30
CPU_SECONDS_MOST = 0.15
STILL_CPU_SECONDS = 0.01
STILL_WITHIN_SECONDS = 60.0
WAITING_WITHIN_SECONDS = 90.0


@pytest.fixture
def devhost(tmp_path: Path) -> Iterator[RunningDevhost]:
    """A devhost that prints its SMS, as many as are asked for, and gives everybody an hour."""
    no_limits = {"SendsPerPrefix": "off", "SendsInAll": "off"}
    settings = {"SmsProvider": "console", "SmsChallengeTimeoutSeconds": "3600", **no_limits}
    with running_devhost(tmp_path, settings) as devhost:
        yield devhost


@pytest.mark.timeout(240)
def test_waiting_costs_next_to_nothing(devhost: RunningDevhost, tell: Callable[[str], None]) -> None:
    """With 1,000 verifications waiting, the process takes at most 0.15 s of processor time in 30 s.

    The span begins when the work of starting them is over: after a second in which the process took next to nothing.
    """
    start_many(devhost)
    wait_until(lambda: waiting(devhost) == INSTANCES, within=WAITING_WITHIN_SECONDS, what="all to wait for their codes")
    Operator(quiet(devhost)).advance(by="PT0S")  # answered once nothing is under way
    starting = wait_until_still(devhost.pid)

    taken = cpu_seconds_of_a_span(devhost.pid, SECONDS)

    seconds = ", ".join(f"{second:.2f}" for second in starting)
    tell(f"Waiting: {taken:.2f} s of processor time in {SECONDS} s with {INSTANCES} instances; before it {seconds} s.")
    assert taken <= CPU_SECONDS_MOST
    assert waiting(devhost) == INSTANCES


def start_many(devhost: RunningDevhost) -> None:
    """Start all verifications."""
    with ThreadPoolExecutor(CALLERS) as pool:
        operators = [Operator(quiet(devhost)) for _ in range(INSTANCES)]
        list(pool.map(lambda operator: operator.start("SmsVerify", "+12025550143"), operators))


def waiting(devhost: RunningDevhost) -> int:
    """Return how many verifications wait for their codes."""
    listed = quiet(devhost).get(f"{MANAGEMENT}?runtimeStatus=Running&top={INSTANCES + 1}").body
    return sum(one["customStatus"] is not None and one["customStatus"]["state"] == "awaiting" for one in listed)


def wait_until_still(pid: int) -> list[float]:
    """Wait for a second in which a process takes next to nothing; return what it took in each second up to there."""
    taken: list[float] = []

    def is_still() -> bool:
        taken.append(cpu_seconds_of_a_span(pid, 1))
        return taken[-1] <= STILL_CPU_SECONDS

    wait_until(is_still, within=STILL_WITHIN_SECONDS, what="the work of starting to be over")
    return taken


def cpu_seconds_of_a_span(pid: int, seconds: float) -> float:
    """Return the processor time that a process takes in so many seconds."""
    before = cpu_seconds(pid)
    Event().wait(seconds)
    return cpu_seconds(pid) - before


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken, in user and in system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quiet(devhost: RunningDevhost) -> Caller:
    """Return somebody who calls and says nothing about it."""
    return Caller(devhost.port, say=lambda _: None)
