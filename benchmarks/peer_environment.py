"""The environment in which the peers run, made when it is first needed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.subjects import Subject
from tools.azurite import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = ROOT / "benchmarks" / "peers"
WANTED = HERE / "requirements.txt"
PLACE = ROOT / ".tools" / "peers"
PYTHON = PLACE / "bin" / "python"
_MADE_OF = PLACE / "made-of.txt"
PEERS = {"LangGraph + SQLite": "langgraph_flow.py", "DBOS + SQLite": "dbos_flow.py"}


def peers() -> Sequence[Subject]:
    """Return the peers, ready to be run."""
    _make()
    return [Subject(name=name, command=[str(PYTHON), str(HERE / program)]) for name, program in PEERS.items()]


def versions() -> dict[str, str]:
    """Return the versions of what the peers are made of, as they are installed."""
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "freeze", "--disable-pip-version-check"], check=True, capture_output=True, text=True
    )
    wanted = {line.partition("==")[0] for line in WANTED.read_text("utf-8").splitlines() if "==" in line}
    pairs = (line.partition("==") for line in listed.stdout.splitlines())
    return {name: version for name, _, version in pairs if name in wanted}


def _make() -> None:
    if _MADE_OF.exists() and _MADE_OF.read_text("utf-8") == WANTED.read_text("utf-8"):
        return
    print("Setting up the peers under .tools/peers.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--requirement", str(WANTED)], check=True)
    _MADE_OF.write_text(WANTED.read_text("utf-8"), "utf-8")
