"""Reads the tables of devhost/PARITY.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parents[2] / "devhost" / "PARITY.md"
STATES = ("same", "partly", "not here", "unverified")
_ROW = re.compile(r"^\| ((?:trap|route|difference) \d+|\d+(?:\.\d+)?) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; for a difference *what* is the scenario, *state* the place and *remark* the reason."""

    id: str
    what: str
    state: str
    remark: str

    @property
    def is_difference(self) -> bool:
        """Whether the row explains a difference to the recordings."""
        return self.id.startswith("difference")

    @property
    def tests(self) -> list[str]:
        """The tests that the row names."""
        return re.findall(r"`(test_\w+)`", self.remark)


def rows() -> list[Row]:
    """Return all rows in their order."""
    return [Row(*match.groups()) for match in _ROW.finditer(PATH.read_text(encoding="utf-8"))]


def explains(row: Row, scenario: str, place: tuple[str, ...]) -> bool:
    """Say whether *row* gives the reason for a difference at *place* of a scenario."""
    if row.what != scenario:
        return False
    wanted = row.state.replace("`", "")
    if place[0] == "raw":
        return wanted in {"all steps", " ".join(place[:2])}
    return wanted == "all steps" or place[0].startswith(wanted)
