"""Which versions are run."""

from __future__ import annotations

from itertools import pairwise

import pytest

from devhost.engine.versions import VersionRules, compare


def test_dotted_numbers_compare_as_numbers_and_the_rest_as_text() -> None:
    """The order is the one that was recorded."""
    for older, newer in (*pairwise(["1.0", "2.0", "2.0.1", "10.0"]), *pairwise(["10", "2.0", "abc"])):
        assert compare(older, newer) < 0
        assert compare(newer, older) > 0
        assert compare(newer, newer) == 0


@pytest.mark.parametrize(
    ("rules", "runs", "does_not"),
    [
        (VersionRules(), [None, ""], ["1.0"]),
        (VersionRules(default="1.5"), [None, "", "1.0", "1.5"], ["1.6", "2.0"]),
        (VersionRules(default="1.5", match="Strict"), ["", "1.5"], ["1.0", "2.0"]),
        (VersionRules(default="1.5", match="None"), ["", "1.0", "9.9"], []),
    ],
)
def test_the_match_strategy_decides(rules: VersionRules, runs: list[str | None], does_not: list[str]) -> None:
    """Current or older is the default; the empty version always runs."""
    assert all(rules.runs(version) for version in runs)
    assert not any(rules.runs(version) for version in does_not)
