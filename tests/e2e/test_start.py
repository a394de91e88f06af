"""`make start` on this machine, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import IO

import pytest

from tools.azurite import ROOT, USUAL_PORTS, running_azurite
from tools.caller import Caller
from tools.example_cases import EXAMPLES
from tools.processes import LOOPBACK, end, held_ports, listens, wait_until

ENDS_WITHIN_SECONDS = 5


@pytest.fixture
def port() -> Iterator[int]:
    """A port for devhost."""
    with held_ports(1) as (port,):
        yield port


def test_ctrl_c_in_the_terminal_ends_all_that_make_start_started(port: int) -> None:
    """The app answers; Ctrl-C ends devhost and the Azurite that was started with it within five seconds."""
    had_azurite = _azurite_listens()
    with _running("make", "start", f"ARGS=--port {port} --memory", port=port) as process:
        answer = _health(port)
        has_azurite = _azurite_listens()

        began = monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(10)

    assert monotonic() - began < ENDS_WITHIN_SECONDS
    assert answer == (200, {"status": "ok"})
    assert has_azurite
    assert not listens(port)
    assert _azurite_listens() == had_azurite


def test_an_interrupt_of_the_command_alone_reaches_devhost(port: int) -> None:
    """The command passes the interrupt on, waits for the end and exits with 130."""
    with _running(sys.executable, "-m", "tools.start", "--port", str(port), "--memory", port=port) as process:
        process.send_signal(signal.SIGINT)

        assert process.wait(ENDS_WITHIN_SECONDS) == 130
    assert not listens(port)


def test_the_first_start_files_example_cases(port: int, tmp_path: Path) -> None:
    """The first start says where the dashboard is and files its cases, through the API; a second one leaves them be."""
    start = (sys.executable, "-m", "tools.start", "--port", str(port), "--db", str(tmp_path / "devhost.db"))
    told, cases = [], []
    with running_azurite() as azurite:
        for log in (tmp_path / "first.log", tmp_path / "second.log"):
            with log.open("wb") as file, _running(*start, port=port, storage=azurite.connection_string, out=file):
                wait_until(lambda: "sign in at" in log.read_text(), within=30, what="the welcome")  # noqa: B023  here and now
                cases = Caller(port, say=lambda _: None).signed_in("Sue, a supervisor").get("/api/cases").body["items"]
            told.append(log.read_text())

    assert f"{len(EXAMPLES)} example cases were filed." in told[0]
    assert "There are cases; no example is filed." in told[1]
    assert f"http://localhost:{port}/dashboard; sign in at http://localhost:{port}/.auth/login/aad" in told[0]
    assert len(cases) == len(EXAMPLES)
    assert {case["status"] for case in cases} >= {"pending_approval", "rejected"}


@contextmanager
def _running(
    *command: str, port: int, storage: str = "UseDevelopmentStorage=true", out: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command in a process group of its own, as a terminal does, with the storage of the example."""
    environment = {**os.environ, "AzureWebJobsStorage": storage, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_until(partial(listens, port), within=45, what="devhost", process=process)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        end(process)


def _azurite_listens() -> bool:
    return all(map(listens, USUAL_PORTS))


def _health(port: int) -> tuple[int, object]:
    connection = HTTPConnection(LOOPBACK, port, timeout=30)  # the app is still being loaded
    connection.request("GET", "/api/health")
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer
