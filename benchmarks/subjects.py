"""What is measured: devhost with our app, and its peers with the same workload, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.connection import HOST
from tools.azurite import ROOT
from tools.local_settings import EXAMPLE, KEY_SETTING, fresh_key, values_of
from tools.processes import ProcessError, end, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

READY_WITHIN = 60.0  # seconds
LOOK_AGAIN = 0.005  # seconds
SETTINGS = {
    "AZURE_FUNCTIONS_ENVIRONMENT": "Development",  # with no provider named, the console is the sender
    "SendsPerPrefix": "off",
    "SendsInAll": "off",
    "SmsChallengeTimeoutSeconds": "3600",  # longer than any measurement
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured: its *command*, to which port and folder are added, and what it finds in its environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Running:
    """A subject that answers; *began* is when its command was started, *ready* when it first answered with 200."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    began: float
    ready: float

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.process.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def devhost(synchronous: str = "FULL", *, app: Path = ROOT) -> Subject:
    """Return devhost with *app*, by default ours, whose store is flushed as *synchronous* says."""
    ours = {**values_of(ROOT, EXAMPLE), KEY_SETTING: fresh_key(), **SETTINGS}
    command = [sys.executable, "-m", "devhost", "start", "--app", str(app), "--synchronous", synchronous.lower()]
    return Subject(name=f"devhost, {synchronous}", command=command, environment=ours)


@contextmanager
def running(subject: Subject, folder: Path, *, port: int | None = None) -> Iterator[Running]:
    """Run *subject* for the length of a block, on *port* or a free one, with its store in *folder*."""
    port = port or free_ports(1)[0]
    with folder.with_suffix(".log").open("ab") as log:
        began = perf_counter()
        process = subprocess.Popen(
            [*subject.command, "--port", str(port), "--db", str(folder / "store.db")],
            cwd=ROOT,
            env={**os.environ, **subject.environment},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until(partial(_answers, port), process)
        yield Running(process, port, folder, began, perf_counter())
    finally:
        end(process, by=signal.SIGINT)


@contextmanager
def store_folder() -> Iterator[Path]:
    """Make a folder for the store of one subject; beside it comes the subject's log."""
    with TemporaryDirectory(prefix="bench-") as outer:
        folder = Path(outer) / "store"
        folder.mkdir()
        yield folder


def _wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline, pause = perf_counter() + READY_WITHIN, Event()
    while not is_so():
        if process.poll() is not None or perf_counter() > deadline:
            message = f"the subject does not answer (its exit code: {process.poll()})"
            raise ProcessError(message)
        pause.wait(LOOK_AGAIN)


def _answers(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=READY_WITHIN)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200  # noqa: PLR2004  the status that is waited for
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
