"""The crash points of a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devhost.engine.crash import COMMITS, CRASH, CrashPoint
from devhost.errors import ConfigurationError

ROOT = Path(__file__).parents[4]
PROGRAM = """
import os
from devhost.engine.crash import CrashPoint
point = CrashPoint.of(os.environ)
for number in (1, 2, 3):
    point.before([f"turn {number}"])
    print(number, flush=True)
    point.after([f"turn {number}"])
"""


@pytest.mark.parametrize(("wish", "committed"), [("before 2", "1\n"), ("after 2", "1\n2\n")])
def test_the_process_dies_at_the_point(tmp_path: Path, wish: str, committed: str) -> None:
    """It is killed around the named commit, whose name stands in the log by then."""
    log = tmp_path / "commits"
    environment = {CRASH: wish, COMMITS: str(log)}

    end = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert end.returncode == -9, end.stderr
    assert end.stdout == committed
    assert log.read_text("utf-8") == "turn 1\nturn 2\n"


@pytest.mark.parametrize(("wish", "committed"), [("before 2", "1\n2\n"), ("after 1", "1\n2\n")])
def test_the_point_may_be_told_later(tmp_path: Path, wish: str, committed: str) -> None:
    """It is read from a file once that is there, here after the first commit, and counted from then on."""
    told, log = tmp_path / "told", tmp_path / "commits"
    environment = {CRASH: f"in {told}", COMMITS: str(log)}
    program = PROGRAM.replace("    print(", f"    open({str(told)!r}, 'w').write({wish!r})\n    print(")

    end = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (end.returncode, end.stdout) == (-9, committed), end.stderr


def test_nobody_dies_unasked() -> None:
    """Without either variable there is no crash point."""
    assert CrashPoint.of({}) is None


def test_a_point_that_cannot_be_read_is_named() -> None:
    """A misspelt point is refused, not ignored."""
    with pytest.raises(ConfigurationError, match="sometime"):
        CrashPoint.of({CRASH: "sometime"})


def test_what_the_host_notes_about_itself_is_not_counted(tmp_path: Path) -> None:
    """A note comes when the clock wants it, so that counting it would make the numbers mean something else each run."""
    log = tmp_path / "commits"
    point = CrashPoint.of({CRASH: "before 2", COMMITS: str(log)})
    assert point is not None

    for names in (["note"], ["turn 1"], ["note"]):
        point.before(names)
        point.after(names)

    assert log.read_text("utf-8") == "turn 1\n"
