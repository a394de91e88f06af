"""The refund flow under random schedules: the real app and engine, with hosts that die between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schedules_refund import SHORT, WEEK, RefundSchedule, play_refund, refund_schedules
from tests.support.schedules_refund_judge import RefundJudge
from tests.support.schedules_shares import PLAYED, play_share

if TYPE_CHECKING:
    from pathlib import Path

SHARES = range(100, 104)
LEAST_PLAYED = 250  # of each share: 1,000 in all
LEAST_OF_A_KIND = 10
KINDS = ("crash", "late", "doubled", "early", "wrong", "paid", "rejected")
RARER = ("malformed", "other name", "tagged")
WEEKS = 20


async def judged(schedule: RefundSchedule, path: Path) -> RefundJudge:
    """Play a schedule and return who judges it."""
    return RefundJudge(await play_refund(schedule, path))


@pytest.mark.parametrize("share", SHARES)
def test_only_a_timely_yes_pays_and_pays_once(share: int, tmp_path: Path) -> None:
    """Every case ends, on whatever schedule, within a window of three legs.

    It is paid at most once, and only after a yes in time; no and silence never pay, and flow, case and customer agree.
    """
    kinds = play_share(share, refund_schedules(SHORT), judged, tmp_path)

    assert kinds[PLAYED] >= LEAST_PLAYED
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < LEAST_OF_A_KIND} == {}
    assert {kind for kind in RARER if not kinds[kind]} == set()


def test_the_same_holds_for_seven_days(tmp_path: Path) -> None:
    """The window that the starter gives, of seven days in legs of six hours, changes nothing."""
    kinds = play_share(200, refund_schedules(WEEK), judged, tmp_path, part=10)

    assert kinds[PLAYED] >= WEEKS
    assert kinds["week"] == kinds[PLAYED]
    assert kinds["paid"]
    assert kinds["rejected"]
