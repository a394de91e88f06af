"""What the machine does at best: the commits, hand-overs and imports that no host of this kind gets by without."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks.spread import median
from tools.azurite import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMITS: Final = 200
PAUSE: Final = 0.01  # seconds, as between two verifications at low load
ROUNDS: Final = 2000
PROCESSES: Final = 5


def measured() -> Mapping[str, tuple[float, str]]:
    """Return each figure with its unit, by what it is."""
    return {
        "a commit of one row, flushed, right after another": (_commit_ms("FULL", 0.0), "ms"),
        "a commit of one row, flushed, after 10 ms of rest": (_commit_ms("FULL", PAUSE), "ms"),
        "a commit of one row, not flushed, after 10 ms of rest": (_commit_ms("NORMAL", PAUSE), "ms"),
        "from one thread to another and back": (_hand_over_us(), "µs"),
        "a Python that does nothing": (_process_s("pass"), "s"),
        "a Python that imports the durable SDK": (_process_s("import azure.durable_functions"), "s"),
        "a Python that imports the app": (_process_s("import function_app"), "s"),
        "a Python that imports the app and devhost": (_process_s("import function_app, devhost.host"), "s"),
    }


def _commit_ms(synchronous: str, pause: float) -> float:
    """Return the median of a commit to a write-ahead log."""
    took, rest = [], threading.Event()
    with TemporaryDirectory(prefix="floors-") as folder:
        connection = sqlite3.connect(Path(folder) / "store.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
        for number in range(COMMITS):
            rest.wait(pause)
            began = time.perf_counter()
            connection.execute("INSERT INTO rows VALUES (?, ?)", (number, "x" * 500))
            took.append((time.perf_counter() - began) * 1000)
        connection.close()
    return median(took)


def _process_s(code: str) -> float:
    """Return the median of a process from its start to its end."""
    took = []
    for _ in range(PROCESSES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        took.append(time.perf_counter() - began)
    return median(took)


def _hand_over_us() -> float:
    """Return how long it takes to wake another thread and to be woken by it."""
    there, back = threading.Semaphore(0), threading.Semaphore(0)

    def answer() -> None:
        for _ in range(ROUNDS):
            there.acquire()
            back.release()

    other = threading.Thread(target=answer)
    other.start()
    began = time.perf_counter()
    for _ in range(ROUNDS):
        there.release()
        back.acquire()
    took = time.perf_counter() - began
    other.join()
    return took / ROUNDS * 1_000_000
