"""Reads the tables of devhost/PARITY.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parents[2] / "devhost" / "PARITY.md"
STATES = ("same", "partly", "not here", "unverified")
_ROW = re.compile(r"^\| ((?:trap|route|difference) \d+|\d+(?:\.\d+)?) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)
_ONLY = re.compile("only `([^`]+)`:")
_REQUEST = re.compile(r" \[[A-Z]+ /.*\]$")  # that the probe prints behind a step's label


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
    only = _ONLY.match(row.remark)
    if row.what != scenario or (only and not " > ".join(place).endswith(only[1])):
        return False
    name = " ".join(place[:2]) if place[0] == "raw" else _REQUEST.sub("", place[0])
    return row.state.replace("`", "") in {"all steps", name}
