"""Chromium for the tests in a browser: found on the path, or installed by Debian's apt-get where that may be done.

``python -m tools.chromium install`` says so where neither is possible: then only those tests fail.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from typing import Final

from tools.processes import ProcessError

INSTALL_WITHIN_SECONDS: Final = 600.0
NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ADVICE: Final = "Chromium was not found; install it (Debian: apt-get install chromium) for the tests in a browser"
_OPTIONS: Final = ("-qq", "-o", "DPkg::Lock::Timeout=120")


def find_chromium() -> str:
    """Return the path of a Chromium; raise `ProcessError` where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise ProcessError(ADVICE)


def install() -> bool:
    """Install Debian's Chromium if there is none, and return whether that was to do; raise `ProcessError` if it fails.

    Only root may; nobody is asked for a password.
    """
    if any(map(shutil.which, NAMES)):
        return False
    program = shutil.which("apt-get")
    if os.geteuid() != 0 or program is None:
        raise ProcessError(ADVICE)
    for command in (("update",), ("install", "--yes", "--no-install-recommends", "chromium")):
        _run([program, *_OPTIONS, *command])
    return True


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    called = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=INSTALL_WITHIN_SECONDS,
        check=False,
    )
    if called.returncode:
        message = f"{ADVICE}; {' '.join(command)} failed: {called.stderr.strip()}"
        raise ProcessError(message)


def main() -> int:
    """Install what is missing, and return the exit code: a missing Chromium stops nobody but its tests."""
    parser = argparse.ArgumentParser(prog="python -m tools.chromium", description="Chromium for the tests.")
    parser.add_argument("command", choices=["install"])
    parser.parse_args()
    try:
        if install():
            print("Chromium was installed.")
    except (ProcessError, subprocess.SubprocessError) as error:
        print(f"Chromium: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
