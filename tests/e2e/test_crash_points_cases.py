"""A refund through the API on the real process, killed around each commit, each write, and the payment call.

What is stored before a commit is what is stored after the commit, the write or the message before it, where the process
is killed as well; so of the commits only the first is died before.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.case_world import opened
from tests.support.crash_chains import CrashChains
from tests.support.crash_runs import COMMITS, both_sides, listed, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RACES = {f"list row {number}" for number in range(4, 20)}
"""The flow and the API both list a case, and who is second tries in vain now and then; three writes are sure."""


@pytest.mark.timeout(800)
def test_a_refund_through_the_api_survives_a_kill_at_each_point(
    azurite: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Wherever the process is killed, a filed refund ends once, as the supervisor who was answered 200 decided.

    It is paid once, also by a service that forgets keys, killed before the service books, after it booked, and after
    it answered; and nothing more can be had of its order. Threat 46, 48, 49, 59, 68.
    """
    chains = CrashChains(open_world=partial(opened, azurite, tmp_path), folder=tmp_path, options=["--auth"])
    names = {place: [name for name in there if name not in RACES] for place, there in chains.names().items()}
    tell(f"A case through the API: {listed(names)}")
    points = [
        point for point in both_sides(names) if point.place != COMMITS or point.side == "after" or point.number == 1
    ]
    points += [
        replace(point, side="answered") for point in points if (point.name, point.side) == ("payment 1", "after")
    ]

    failures = chains.failures(points)

    assert not failures, told(failures)
    assert len(names[COMMITS]) >= 20
    assert {"request row 1", "reservation 1", "decision row 1", "intent row 1"} <= set(names["table writes"])
    assert names["messages"] == [f"message to {name} 1" for name in ("approvals", "notifications", "completions")]
    assert names["payment calls"] == ["payment 1"]
