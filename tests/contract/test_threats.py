"""The threats that the API has to stand up to, for verifications and for cases, are each named by a test."""

import re

from tools.azurite import ROOT

NAMED = {
    *range(1, 9), *range(10, 19), 20, 21, 22, *range(24, 36), *range(37, 52), *range(54, 58), *range(59, 66), 68,
    71, 72, 74, 76, 77,
}  # fmt: skip


def test_each_threat_is_named_by_a_test() -> None:
    """Whoever takes a test away sees which threat it stood against."""
    told = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    rows = [row for text in told for row in re.findall(r"Threats? ((?:\d+(?:, | and )?)+)", text)]

    assert sorted(NAMED - {int(number) for row in rows for number in re.findall(r"\d+", row)}) == []
