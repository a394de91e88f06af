"""Azurite, the storage emulator: install it into a place of its own, start it on loopback, end it.

``python -m tools.azurite install`` and ``python -m tools.azurite run`` (on the usual ports, until interrupted);
in Python ``with running_azurite() as azurite:``, on free ports and in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from tools.node import find_node
from tools.processes import LOOPBACK, ProcessError, end, exit_when_told, held_ports, listens, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN_SECONDS: Final = 30.0
INSTALL_WITHIN_SECONDS: Final = 600.0
STARTS: Final = 3  # where ports cannot be held, one that was free may be taken by the time Azurite wants it

ROOT: Final = Path(__file__).resolve().parent.parent
HOME: Final = ROOT / ".tools" / "azurite"
PACKAGES: Final = ROOT / "tools" / "npm"
DATA: Final = ROOT / ".azurite"
PACKAGE: Final = "package.json"
LOCK: Final = "package-lock.json"
_SCRIPT: Final = HOME / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_INSTALLED: Final = HOME / ".installed"

# Account and key of every Azurite, printed in its documentation; they open nothing else.
ACCOUNT: Final = "devstoreaccount1"
WELL_KNOWN_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Ports(NamedTuple):
    """Where the three services of one Azurite listen."""

    blob: int
    queue: int
    table: int


USUAL_PORTS: Final = Ports(10000, 10001, 10002)  # those that `UseDevelopmentStorage=true` means


@dataclass(frozen=True, slots=True, kw_only=True)
class Azurite:
    """An Azurite that answers."""

    ports: Ports
    pid: int

    @property
    def connection_string(self) -> str:
        """What the storage SDKs and `AzureWebJobsStorage` want."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={WELL_KNOWN_KEY};"
            f"BlobEndpoint=http://{LOOPBACK}:{self.ports.blob}/{ACCOUNT};"
            f"QueueEndpoint=http://{LOOPBACK}:{self.ports.queue}/{ACCOUNT};"
            f"TableEndpoint=http://{LOOPBACK}:{self.ports.table}/{ACCOUNT};"
        )


@contextmanager
def running_azurite(*, ports: Ports | None = None, location: Path | None = None) -> Iterator[Azurite]:
    """Run Azurite for the length of a block: on free *ports* unless given, in memory unless *location* is a folder.

    Raises `ProcessError` if it is not installed or does not answer in time.
    """
    with ExitStack() as holding:
        process, used = _started(ports, location, holding)
        try:
            yield Azurite(ports=used, pid=process.pid)
        finally:
            end(process)


def install() -> bool:
    """Install the packages that the lock file pins under `.tools`, and return whether there was anything to do."""
    if is_installed():
        return False
    node = find_node()
    HOME.mkdir(parents=True, exist_ok=True)
    for name in (PACKAGE, LOCK):
        shutil.copy(PACKAGES / name, HOME / name)
    quiet = ("--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier")
    subprocess.run(
        [*node.npm, "ci", "--prefix", str(HOME), *quiet],
        env=node.environment(),
        stdout=subprocess.DEVNULL,
        timeout=INSTALL_WITHIN_SECONDS,
        check=True,
    )
    _INSTALLED.write_text(_fingerprint(), encoding="utf-8")
    return True


def is_installed() -> bool:
    """Say whether what the lock file pins was installed to its end."""
    return _SCRIPT.is_file() and _INSTALLED.is_file() and _INSTALLED.read_text(encoding="utf-8") == _fingerprint()


def _fingerprint() -> str:
    """Return what tells one set of packages from another."""
    return hashlib.sha256((PACKAGES / LOCK).read_bytes()).hexdigest()


def _started(ports: Ports | None, location: Path | None, holding: ExitStack) -> tuple[subprocess.Popen[bytes], Ports]:
    """Start Azurite; ports that are ours to choose are kept by *holding*, and others are tried if it does not come."""
    if not is_installed():
        message = "it is not installed; run `make setup`"
        raise ProcessError(message)
    for _ in range(1 if ports else STARTS):
        used = ports or Ports(*holding.enter_context(held_ports(3)))
        process = subprocess.Popen(_command(used, location), stdout=subprocess.DEVNULL, start_new_session=True)
        if _answers(process, used):
            return process, used
        end(process)
    message = "it ended or did not answer in time" + (f", on ports {', '.join(map(str, ports))}" if ports else "")
    raise ProcessError(message)


def _command(ports: Ports, location: Path | None) -> list[str]:
    command = [find_node().program, str(_SCRIPT), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    for service, port in ports._asdict().items():
        command += [f"--{service}Host", LOOPBACK, f"--{service}Port", str(port)]
    return command + (["--location", str(location)] if location else ["--inMemoryPersistence"])


def _answers(process: subprocess.Popen[bytes], ports: Ports) -> bool:
    """Wait for all three ports, and say whether they came up before the process ended or the time was over."""
    try:
        for port in ports:
            wait_until(partial(listens, port), within=READY_WITHIN_SECONDS, what=f"port {port}", process=process)
    except ProcessError:
        return False
    except BaseException:
        end(process)
        raise
    return True


def main() -> int:
    """Install, or run until interrupted, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.azurite", description="Azurite, pinned and on loopback.")
    parser.add_argument("command", choices=["install", "run"])
    parser.add_argument("--ports", nargs=3, type=int, default=USUAL_PORTS, help="blob, queue and table port of `run`")
    parser.add_argument("--data", type=Path, default=DATA, help="where `run` keeps what it is given")
    arguments = parser.parse_args()
    try:
        if arguments.command == "run":
            _run(Ports(*arguments.ports), arguments.data)
        elif install():
            print("Azurite was installed under .tools/azurite.")
    except (ProcessError, subprocess.SubprocessError) as error:
        print(f"Azurite: {error}", file=sys.stderr)
        return 2
    return 0


def _run(ports: Ports, data: Path) -> NoReturn:
    exit_when_told()
    with running_azurite(ports=ports, location=data):
        print(f"Azurite answers on {LOOPBACK}:{', '.join(map(str, ports))}; Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    sys.exit(main())
