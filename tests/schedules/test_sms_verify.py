"""The verification flow under random schedules: the real app and engine, with hosts that die between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schedules_shares import PLAYED, play_share
from tests.support.schedules_sms import SMS_SCHEDULES, SmsSchedule, play_sms
from tests.support.schedules_sms_judge import SmsJudge

if TYPE_CHECKING:
    from pathlib import Path

SHARES = 10
LEAST_PLAYED = 250  # of each share: 2,500 in all
LEAST_OF_A_KIND = 10  # of each share: 100 in all, and more of most
KINDS = ("crash", "late", "doubled", "early", "wrong", "verified")
RARER = ("malformed", "other name", "tagged")


async def judged(schedule: SmsSchedule, path: Path) -> SmsJudge:
    """Play a schedule and return who judges it."""
    return SmsJudge(await play_sms(schedule, path))


@pytest.mark.parametrize("share", range(SHARES))
def test_only_the_right_code_in_time_verifies(share: int, tmp_path: Path) -> None:
    """Every verification ends, on whatever schedule.

    It compares no more often than it may, succeeds by the right code in time and by nothing else, loses no such code,
    moves no deadline, sends one code, and keeps code and number out of the store.
    """
    kinds = play_share(share, SMS_SCHEDULES, judged, tmp_path)

    assert kinds[PLAYED] >= LEAST_PLAYED
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < LEAST_OF_A_KIND} == {}
    assert {kind for kind in RARER if not kinds[kind]} == set()
