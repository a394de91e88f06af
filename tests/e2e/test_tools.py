"""The tools that run other processes: Azurite and what waits for them and ends them."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.azurite import ROOT, running_azurite
from tools.processes import ProcessError, end, free_ports, held_ports, listens, wait_until


def test_azurite_answers_on_free_ports_until_the_block_ends() -> None:
    """Three services answer on loopback ports while the block runs, and none of them afterwards."""
    with running_azurite() as azurite:
        answered = [listens(port) for port in azurite.ports]

    assert answered == [True, True, True]
    assert [listens(port) for port in azurite.ports] == [False, False, False]


def test_azurite_ends_with_a_block_that_fails() -> None:
    """An exception in the block ends Azurite too."""
    with pytest.raises(RuntimeError), running_azurite() as azurite:
        raise RuntimeError

    assert not listens(azurite.ports.table)


def test_two_azurites_run_side_by_side() -> None:
    """Each has ports of its own, so test processes do not meet."""
    with running_azurite() as one, running_azurite() as other:
        assert not set(one.ports) & set(other.ports)


def test_a_process_that_ended_is_not_waited_for() -> None:
    """Waiting stops with the exit code as soon as the process has ended."""
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(ProcessError, match="ended with code 3"):
        wait_until(lambda: False, within=30, what="nothing", process=process)


def test_waiting_has_a_limit() -> None:
    """After the time given, the error says what was waited for."""
    with pytest.raises(ProcessError, match="a port"):
        wait_until(lambda: False, within=0.1, what="a port")


def test_a_process_that_does_not_listen_to_reason_is_killed() -> None:
    """A process that ignores the request to end is killed when the time is over."""
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", ignoring], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()

    with process.stdout:
        code = end(process, within=0.2)

    assert code == -signal.SIGKILL


def test_free_ports_differ() -> None:
    """Ports that are asked for together are not the same one twice."""
    assert len(set(free_ports(20))) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="ports can be held on Linux only")
def test_a_held_port_is_for_whoever_is_told_it() -> None:
    """Nobody answers there before; who does not reuse addresses cannot take it, and a server that does, can."""
    with held_ports(1) as (port,):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        before = listens(port)
        with socket.create_server(("127.0.0.1", port)):
            during = listens(port)

    assert (before, during) == (False, True)


def test_azurite_run_ends_at_ctrl_c(tmp_path: Path) -> None:
    """`python -m tools.azurite run` serves until Ctrl-C, and ends with 130 and without a trace."""
    with held_ports(3) as ports, _running(*_azurite_on(ports, tmp_path)) as process:
        wait_until(lambda: all(map(listens, ports)), within=30, what="Azurite", process=process)

        process.send_signal(signal.SIGINT)

        assert process.wait(10) == 130
        assert not any(map(listens, ports))


def _azurite_on(ports: list[int], data: Path) -> list[str]:
    return ["-m", "tools.azurite", "run", "--data", str(data), "--ports", *map(str, ports)]


@contextmanager
def _running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python of ours in the checkout, ended with the block whatever happens."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process)
