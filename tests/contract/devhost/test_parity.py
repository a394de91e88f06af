"""PARITY.md has a row for everything that was recorded, and names only what exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import collected
from tests.support.parity import STATES, Row, explains, rows

ROOT = Path(__file__).parents[3]
API_SECTIONS = "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 2 3.1 3.2"
OTHER_SECTIONS = "4.1 4.2 4.3 4.4 5.1 5.2 5.3 5.4 5.5 6.1 6.2 6.3 6.4 7 8.1 8.2 8.3 9 10"
IDS = [
    *(f"trap {number}" for number in range(1, 35)),
    *(f"route {number}" for number in range(1, 17)),
    *API_SECTIONS.split(),
    *OTHER_SECTIONS.split(),
]
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
PROVEN = [row for row in rows() if not row.is_difference]
DIFFERENCES = [row for row in rows() if row.is_difference]


def files_with(names: set[str]) -> list[str]:
    """Return the files of tests that have one of these names."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path) for path in paths if names & set(DEFINED.findall(path.read_text(encoding="utf-8")))]


def test_every_trap_route_and_section_has_one_row() -> None:
    """The rows are complete, in order, and none is there twice."""
    assert [row.id for row in PROVEN] == IDS
    assert [row.id for row in DIFFERENCES] == [f"difference {number}" for number in range(1, len(DIFFERENCES) + 1)]


@pytest.mark.parametrize("row", PROVEN, ids=lambda row: row.id)
def test_a_row_says_how_it_stands(row: Row) -> None:
    """Each row has one of the four states, and a test that shows it."""
    assert row.state in STATES
    assert row.tests


@pytest.mark.timeout(150)
def test_the_tests_that_rows_name_are_collected_and_not_skipped(tmp_path: Path) -> None:
    """A row that names a test which is gone, or does not run, proves nothing."""
    named = {name for row in PROVEN for name in row.tests}
    found = tmp_path / "collected.json"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "tests.support.collected"]
    command += [collected.OPTION, str(found), *files_with(named)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    is_skipped = json.loads(found.read_text(encoding="utf-8"))
    assert named - set(is_skipped) == set()
    assert {name for name in named if is_skipped[name]} == set()


def test_the_rows_that_error_messages_name_exist() -> None:
    """An error that sends somebody to PARITY.md names a row that is there."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "devhost").rglob("*.py"))
    named = set(re.findall(r"row ((?:trap |route )?\d+(?:\.\d+)?)", source))

    assert named
    assert named - set(IDS) == set()


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.id)
def test_a_difference_has_a_scenario_a_place_and_a_reason(row: Row) -> None:
    """A reason is a sentence about the recording, and never that something is still to be built."""
    assert re.fullmatch(r"s\d\d", row.what)
    assert row.state
    assert len(row.remark) > 20
    assert "not yet" not in row.remark


def test_a_difference_explains_its_own_place_only() -> None:
    """The place is a step's whole label, or the instance whose trigger bodies differ; a field narrows it down."""
    step = Row("difference 1", "s01", "payload for an id", "reason")
    raw = Row("difference 2", "s01", "raw `<run>-x`", "reason")
    field = Row("difference 3", "s01", "all steps", "only `headers > Content-Type`: reason")

    assert explains(step, "s01", ("payload for an id [GET /x]", "status"))
    assert not explains(step, "s02", ("payload for an id [GET /x]",))
    assert not explains(step, "s01", ("payload for an id with a space [GET /x]",))
    assert explains(raw, "s01", ("raw", "<run>-x", "last turn"))
    assert not explains(raw, "s01", ("raw", "<run>-y"))
    assert explains(Row("difference 3", "s01", "all steps", "reason"), "s01", ("anything",))
    assert explains(field, "s01", ("anything", "response", "headers", "Content-Type"))
    assert not explains(field, "s01", ("anything", "response", "status"))
