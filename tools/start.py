"""`make start`: settings, Azurite unless one already listens, devhost in front with a sign-in, and a few example cases.

Ctrl-C ends what was started.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

from tools.azurite import DATA, ROOT, USUAL_PORTS, running_azurite
from tools.caller import Caller
from tools.example_cases import NoExamplesError, file_examples
from tools.local_settings import LocalSettingsError, make_local_settings, port_of, values_of
from tools.processes import LOOPBACK, ProcessError, end, exit_when_told, listens, wait_until
from tools.running_devhost import READY_WITHIN_SECONDS, answers

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
    command = [sys.executable, "-m", "devhost", "start", "--auth", *arguments]
    options = _options(arguments)
    is_ours = bool(options.port) and not listens(options.port)  # else devhost says what it makes of the port
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        if is_ours:
            _welcome(options, process)
        return process.wait()
    finally:
        end(process, within=DEVHOST_ENDS_WITHIN_SECONDS, by=signal.SIGINT)


def _welcome(options: argparse.Namespace, process: subprocess.Popen[bytes]) -> None:
    """Say where the pages are, once they are there, and file the example cases, unless all is forgotten at the end."""
    try:
        wait_until(partial(answers, options.port), within=READY_WITHIN_SECONDS, what="devhost", process=process)
    except ProcessError:
        return  # devhost itself says why
    if not options.memory:
        _examples(Caller(options.port, say=lambda _: None))
    origin = f"http://localhost:{options.port}"
    print(f"The dashboard is at {origin}/dashboard; sign in at {origin}/.auth/login/aad.", flush=True)
    if values_of(ROOT).get("VerifyPageEnabled", "").lower() == "true":
        print(f"A phone is verified at {origin}/verify.", flush=True)


def _examples(caller: Caller) -> None:
    try:
        count = file_examples(caller)
    except (NoExamplesError, OSError, ValueError, HTTPException) as error:
        print(f"No example cases: {error}.", flush=True)
    else:
        print(f"{count} example cases were filed." if count else "There are cases; no example is filed.", flush=True)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read what is of interest here among devhost's arguments; what is wrong with them, devhost says."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--memory", action="store_true")
    try:
        options, _ = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        return argparse.Namespace(port=0, memory=True)
    if options.port is None:
        options.port = port_of(ROOT)
    return options


def _written(ports: Sequence[int]) -> str:
    return ", ".join(map(str, ports))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
