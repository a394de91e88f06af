"""A devhost of one's own: another process on a free port, with a database, settings and a log of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final

from tools.azurite import ROOT
from tools.local_settings import EXAMPLE, KEY_SETTING, fresh_key, values_of
from tools.processes import LOOPBACK, ProcessError, end, held_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

READY_WITHIN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDevhost:
    """A devhost that answers."""

    port: int
    pid: int
    log: Path


@contextmanager
def running_devhost(
    folder: Path, settings: Mapping[str, str], *, app: Path = ROOT, options: Sequence[str] = ()
) -> Iterator[RunningDevhost]:
    """Run *app* for the length of a block; database and log are made in *folder*.

    *options* are further ones of ``devhost start``.
    Every setting of the example is set, so that a developer's own `local.settings.json` has no say; *settings* win.
    """
    log = folder / "devhost.log"
    command = [sys.executable, "-m", "devhost", "start", "--app", str(app), "--db", str(folder / "devhost.db")]
    with held_ports(1) as (port,):
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, "--port", str(port), *options],
                cwd=ROOT,
                env=_environment(settings),
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            wait_until(partial(answers, port), within=READY_WITHIN_SECONDS, what="devhost", process=process)
            yield RunningDevhost(port=port, pid=process.pid, log=log)
        except ProcessError as error:
            message = f"{error}; devhost said:\n{log.read_text(encoding='utf-8', errors='replace')}"
            raise ProcessError(message) from error
        finally:
            end(process, by=signal.SIGINT)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    ours = {**values_of(ROOT, EXAMPLE), KEY_SETTING: fresh_key(), "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
    return {**os.environ, "PYTHONUNBUFFERED": "1", **ours, **settings}


def answers(port: int) -> bool:
    """Say whether the host answers, and does not only listen: it does that before the app is loaded."""
    connection = HTTPConnection(LOOPBACK, port, timeout=READY_WITHIN_SECONDS)
    try:
        connection.request("GET", "/admin/host/ping")
        return connection.getresponse().status < 500  # noqa: PLR2004  any answer that is not about a fault
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
