"""What a run of the benchmark is written down as."""

from __future__ import annotations

import pytest

from benchmarks.report import page
from benchmarks.spread import median, percentile


@pytest.mark.parametrize(("share", "expected"), [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0)])
def test_a_percentile_is_a_value_that_was_measured(share: int, expected: float) -> None:
    """Nothing is interpolated."""
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_the_median_of_an_even_number_of_values_lies_between_two() -> None:
    """With two rounds neither is thrown away."""
    assert (median([4.0, 1.0]), median([4.0, 1.0, 2.0])) == (2.5, 2.0)


def test_the_page_compares_rounds_and_not_medians() -> None:
    """A ratio is taken within a round, in which the machine was as busy for one as for the other."""
    runs = {
        "ours": [{"verifications_per_second": 300.0}, {"verifications_per_second": 100.0}],
        "theirs": [{"verifications_per_second": 100.0}, {"verifications_per_second": 50.0}],
    }

    shown = page(
        {
            "date": "2026-01-15",
            "size": {"rounds": 2},
            "machine": {"cores": 2},
            "versions": {},
            "runs": runs,
            "turns": {},
            "cases": {"cases": 10_000, "first_page_p95_ms": 61.5},
        }
    )

    assert "* ours goes 2.5 [2, 3] times as fast as theirs." in shown
    assert "| verifications/s | 250, summit 550 | 200 [100, 300] | 75 [50, 100] |" in shown
    assert "* cases: 10000\n* first page p95 ms: 61.5" in shown


def test_a_run_that_has_only_begun_has_a_page_too() -> None:
    """What is measured is written down after each measurement, and the first one is followed by many."""
    begun = {"date": "2026-01-15", "size": {}, "machine": {}, "versions": {}, "runs": {}, "turns": {}, "cases": {}}

    assert "list of cases" not in page(begun)
    assert "* cases: 10000" in page({**begun, "cases": {"cases": 10_000}})
    assert "| verifications/s |" in page({**begun, "runs": {"ours": [{"start_to_first_200_s": 1.0}]}})
