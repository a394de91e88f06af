"""Child processes with deadlines: ports to give them, readiness to wait for, and an end that is sure."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

LOOPBACK = "127.0.0.1"
LOOK_AGAIN_SECONDS = 0.05


class ProcessError(Exception):
    """A child process did not do what it was started for."""


@contextmanager
def held_ports(count: int) -> Iterator[list[int]]:
    """Keep *count* ports of the loopback address for programs that are told them, for the length of a block.

    Nobody listens on them before such a program does, and the system gives them to nobody else. On Linux a server that
    reuses addresses, as ours do, can take a port that is bound without being listened on; elsewhere nothing is kept.
    """
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((LOOPBACK, 0))
        ports = [one.getsockname()[1] for one in sockets]
        if sys.platform != "linux":
            held.close()
        yield ports


def free_ports(count: int) -> list[int]:
    """Return *count* ports of the loopback address that nobody listened on a moment ago."""
    with held_ports(count) as ports:
        return ports


def listens(port: int) -> bool:
    """Say whether something accepts connections on *port* of the loopback address."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex((LOOPBACK, port)) == 0


def wait_until(
    is_so: Callable[[], bool], *, within: float, what: str, process: subprocess.Popen[Any] | None = None
) -> None:
    """Look again and again until *is_so*; raise `ProcessError` after *within* seconds, or once *process* has ended."""
    deadline = monotonic() + within
    pause = Event()
    while not is_so():
        if process is not None and process.poll() is not None:
            message = f"waited for {what}, but the process ended with code {process.returncode}"
            raise ProcessError(message)
        if monotonic() > deadline:
            message = f"waited {within:g} s for {what}, in vain"
            raise ProcessError(message)
        pause.wait(LOOK_AGAIN_SECONDS)


def end(process: subprocess.Popen[Any], *, within: float = 5.0, by: signal.Signals = signal.SIGTERM) -> int:
    """Ask *process* to end, kill it after *within* seconds or if interrupted, and return its exit code.

    Harmless if it has ended.
    """
    if process.poll() is None:
        process.send_signal(by)
    try:
        return process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return _killed(process)
    except BaseException:
        _killed(process)
        raise


def exit_when_told() -> None:
    """Turn Ctrl-C, a hang-up and a request to end into `SystemExit`, so that ``finally`` and ``with`` clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _killed(process: subprocess.Popen[Any]) -> int:
    process.kill()
    return process.wait()
