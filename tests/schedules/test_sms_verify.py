"""The verification flow under random schedules: the real app and engine, with hosts that die between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devhost.engine.history import RuntimeStatus
from tests.support.schedules_shares import PATIENCE_SECONDS, PLAYED, play_share
from tests.support.schedules_sms import EXACT, RIGHT, SMS_SCHEDULES, TAGGED, SmsSchedule, play_sms, words
from tests.support.schedules_sms_judge import SmsJudge
from tests.support.schedules_steps import Pass, Say

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.engine.engine import Instance

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS, method="thread")
SHARES = 4
LEAST_PLAYED = 500  # of each share: 2,000 in all
LEAST_OF_A_KIND = 25  # of each share: 100 in all
KINDS = ("crash", "late", "doubled", "early", "wrong", "verified")
MOMENTS = ("early", "in time", "late")


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


@pytest.mark.parametrize("moment", MOMENTS)
async def test_every_form_of_an_answer_is_judged_alike(moment: str, tmp_path: Path) -> None:
    """Whatever form an answer has, only the right code verifies, and not when it is handled after the deadline."""
    ends: dict[str, Instance] = {}
    for number, word in enumerate(words("1000")):
        judge = await judged(says_once(word, moment), tmp_path / f"{number}.db")
        judge.check()
        ends[word] = judge.end

    assert {word for word, end in ends.items() if end.output == "true"} == (set() if moment == "late" else {*RIGHT})
    assert {word for word, end in ends.items() if end.status is RuntimeStatus.FAILED} == {*TAGGED}


def says_once(word: str, moment: str) -> SmsSchedule:
    """Return a schedule in which nothing happens but one answer; a late one waits in a host that stalls."""
    late = Say(EXACT, word, waits=False), Pass(0.001, to_deadline=True, stalls=True)
    return SmsSchedule(
        attempts=1,
        code_length=4,
        faults=(),
        first_crash=None,
        early=(Say(EXACT, word),) if moment == "early" else (),
        steps={"early": (), "in time": (Say(EXACT, word),), "late": late}[moment],
    )
