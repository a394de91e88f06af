"""Which versions of an orchestration this host runs: the rules of host.json's ``durableTask`` section.

Recorded with extension 3.15.0: dotted numbers compare as .NET versions, anything else as text; the empty version
always runs; without a default version nothing but the empty one runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DOTTED = re.compile(r"\d{1,9}(\.\d{1,9}){1,3}")
_UNSET = -1  # .NET counts an absent part of a version as lower than 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRules:
    """``defaultVersion``, ``versionMatchStrategy`` and ``versionFailureStrategy`` of host.json."""

    default: str | None = None
    match: str = "CurrentOrOlder"
    fails: bool = False

    def runs(self, version: str | None) -> bool:
        """Say whether an instance of *version* is run here."""
        if not version or self.match == "None":
            return True
        if self.match == "Strict":
            return version == self.default
        return bool(self.default) and compare(version, self.default or "") <= 0

    def ends_unstarted(self, version: str | None) -> bool:
        """Say whether a terminate ends an instance of *version* that has not begun, without a turn."""
        return not self.runs(version)


def compare(left: str, right: str) -> int:
    """Return a number below, equal to or above 0, as *left* is older than, equal to or newer than *right*."""
    if _DOTTED.fullmatch(left) and _DOTTED.fullmatch(right):
        first, second = _parts(left), _parts(right)
        return (first > second) - (first < second)
    return (left > right) - (left < right)


def _parts(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [_UNSET] * (4 - len(numbers)))
