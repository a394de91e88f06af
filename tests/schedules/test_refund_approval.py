"""The refund flow under random schedules: the real app and engine, with hosts that die between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devhost.engine.history import RuntimeStatus
from tests.support.schedules_refund import (
    EXACT,
    SHORT,
    TAGGED,
    TEXTS,
    WEEK,
    YES,
    RefundSchedule,
    play_refund,
    refund_schedules,
)
from tests.support.schedules_refund_judge import RefundJudge
from tests.support.schedules_shares import PATIENCE_SECONDS, PLAYED, play_share
from tests.support.schedules_steps import Pass, Say

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS, method="thread")
SHARES = range(100, 102)
LEAST_PLAYED = 300  # of each share: 600 in all
LEAST_OF_A_KIND = 15
KINDS = ("crash", "late", "doubled", "early", "wrong", "paid", "rejected")
MOMENTS = ("early", "in time", "late")
WEEKS = 20


async def judged(schedule: RefundSchedule, path: Path) -> RefundJudge:
    """Play a schedule and return who judges it."""
    return RefundJudge(await play_refund(schedule, path))


@pytest.mark.parametrize("share", SHARES)
def test_only_a_timely_yes_pays_and_pays_once(share: int, tmp_path: Path) -> None:
    """Every case ends, on whatever schedule, within a window of three legs.

    It is paid at most once, and only after a yes in time; no and silence never pay, and flow, case and customer agree.
    """
    kinds = play_share(share, refund_schedules(SHORT), judged, tmp_path, percent=60)

    assert kinds[PLAYED] >= LEAST_PLAYED
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < LEAST_OF_A_KIND} == {}


def test_the_same_holds_for_seven_days(tmp_path: Path) -> None:
    """The window that the starter gives, of seven days in legs of six hours, changes nothing."""
    kinds = play_share(200, refund_schedules(WEEK), judged, tmp_path, percent=5)

    assert kinds[PLAYED] >= WEEKS
    assert kinds["week"] == kinds[PLAYED]
    assert kinds["paid"]
    assert kinds["rejected"]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_every_form_of_a_decision_is_judged_alike(moment: str, tmp_path: Path) -> None:
    """Whatever form a decision has, only a yes pays, and not when it is handled after the deadline."""
    judges: dict[str, RefundJudge] = {}
    for number, word in enumerate(TEXTS):
        judges[word] = await judged(says_once(word, moment), tmp_path / f"{number}.db")
        judges[word].check()

    assert {word for word, judge in judges.items() if judge.paid} == (set() if moment == "late" else {*YES})
    assert {word for word, judge in judges.items() if judge.end.status is RuntimeStatus.FAILED} == {*TAGGED}


def says_once(word: str, moment: str) -> RefundSchedule:
    """Return a schedule in which nothing happens but one decision; a late one waits in a host that stalls."""
    late = Say(EXACT, word, waits=False), Pass(0.001, to_deadline=True, stalls=True)
    return RefundSchedule(
        window=SHORT,
        action="refund",
        accepts=True,
        case_faults=(),
        ledger_faults=(),
        notice_faults=(),
        first_crash=None,
        early=(Say(EXACT, word),) if moment == "early" else (),
        steps={"early": (), "in time": (Say(EXACT, word),), "late": late}[moment],
    )
