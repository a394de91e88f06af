"""`make start`: settings, Azurite unless one already listens, and devhost in front; Ctrl-C ends what was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tools.azurite import DATA, ROOT, USUAL_PORTS, running_azurite
from tools.local_settings import LocalSettingsError, make_local_settings, values_of
from tools.processes import LOOPBACK, ProcessError, end, exit_when_told, listens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STORAGE_SETTING: Final = "AzureWebJobsStorage"
USUAL_STORAGE: Final = "UseDevelopmentStorage=true"
DEVHOST_ENDS_WITHIN_SECONDS: Final = 4.0  # Ctrl-C to prompt in 5 s, Azurite included


def main(arguments: Sequence[str]) -> int:
    """Run the app until it is interrupted, and return the exit code; *arguments* are devhost's."""
    exit_when_told()
    try:
        if make_local_settings(ROOT):
            print("local.settings.json has a fresh VerificationKey.")
        with _storage():
            return _serve(arguments)
    except (LocalSettingsError, ProcessError) as error:
        print(f"make start: {error}", file=sys.stderr)
        return 2


@contextmanager
def _storage() -> Iterator[None]:
    """Have the storage that the settings name: start Azurite only if they mean it and none answers."""
    storage = os.environ.get(STORAGE_SETTING) or values_of(ROOT).get(STORAGE_SETTING)
    busy = [port for port in USUAL_PORTS if listens(port)]
    if storage != USUAL_STORAGE:
        print(f"{STORAGE_SETTING} names a storage of its own; no Azurite is started.", flush=True)
        yield
    elif len(busy) == len(USUAL_PORTS):
        print(f"Using the Azurite that listens on {LOOPBACK}:{_written(busy)}.", flush=True)
        yield
    elif busy:
        message = f"port {_written(busy)} is busy, but no whole Azurite listens on {_written(USUAL_PORTS)}; free it"
        raise ProcessError(message)
    else:
        with running_azurite(ports=USUAL_PORTS, location=DATA):
            print(f"Azurite listens on {LOOPBACK}:{_written(USUAL_PORTS)}; its data is in .azurite.", flush=True)
            yield


def _serve(arguments: Sequence[str]) -> int:
    """Run devhost in a session of its own, so that Ctrl-C reaches it once, and from here."""
    command = [sys.executable, "-m", "devhost", "start", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        return process.wait()
    finally:
        end(process, within=DEVHOST_ENDS_WITHIN_SECONDS, by=signal.SIGINT)


def _written(ports: Sequence[int]) -> str:
    return ", ".join(map(str, ports))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
