"""Random schedules of one refund case, and how they are played.

Of two early answers the platform hands the last one to the first wait, so an early no may be followed by an early yes
that counts; both came from the operator before the case was looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from blueprints.refund_approval import refund_start
from domain.events import APPROVAL
from domain.refund import CaseLimits
from providers.memory import MemoryApproverNotices, MemoryCompletions
from providers.wiring import providers
from settings import Settings
from tests.support.builders import an_environment
from tests.support.refunds import BODY
from tests.support.schedules_outside import FaultyCases, FaultyLedger, FaultyNotices, StorageFault
from tests.support.schedules_steps import Player, Schedule, Turned, turned
from tests.support.schedules_strategies import Answers, Spans, early, first_crashes, says, steps
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

LEG = timedelta(seconds=10)
SHORT = timedelta(seconds=30)  # three legs
WEEK = timedelta(days=7)
RETRY_WITHIN = timedelta(seconds=60)

EXACT = APPROVAL
OTHER_NAMES = ("approval", "APPROVAL", " Approval", "CaseDecided")

_TAG = {"__class__": "Standing", "__module__": "domain.cases", "__data__": "true"}
YES: dict[str, Any] = {
    "yes": True,
    "yes object": {"approved": True},
    "yes with comment": {"approved": True, "comment": "fine", "decidedBy": "somebody"},
    "yes as JSON text": '{"approved": true}',
    "yes as text": "true",
}
NO: dict[str, Any] = {
    "no": False,
    "no object": {"approved": False},
    "no with comment": {"approved": False, "comment": "not ours", "decidedBy": "somebody"},
    "no as JSON text": '{"approved": false}',
    "no as text": "false",
}
MALFORMED: dict[str, Any] = {
    "null": None,
    "one": 1,
    "text": "yes",
    "capital": "True",
    "blank behind": "true ",
    "list": [True],
    "empty object": {},
    "approved as text": {"approved": "true"},
    "approved as number": {"approved": 1},
    "wrong case of field": {"Approved": True},
    "field too many": {"approved": True, "amount": 1},
    "comment as number": {"approved": True, "comment": 5},
    "nested": {"approved": {"approved": True}},
    "long": "true" * 3000,
}
TAGGED: dict[str, Any] = {"tagged": _TAG, "tagged and approved": {**_TAG, "approved": True}}
TEXTS = {word: json.dumps(value) for word, value in (YES | NO | MALFORMED | TAGGED).items()}


@dataclass(frozen=True, kw_only=True)
class RefundSchedule(Schedule):
    """What happens to one case: what it is about, its window, and how the stores fare."""

    window: timedelta
    action: str
    accepts: bool
    case_faults: tuple[StorageFault, ...]
    ledger_faults: tuple[StorageFault, ...]
    notice_faults: tuple[StorageFault, ...]


SHORT_SPANS = Spans(
    waits=(0.0, 0.001, 1.0, 9.999, 10.0, 10.001, 20.0, 29.999, 30.0, 30.001, 200.0),
    downs=(0.0, 0.0, 0.0, 1.0, 9.0, 11.0, 29.0, 31.0, 4000.0),
)
WEEK_SPANS = Spans(
    waits=(0.0, 1.0, 21_599.999, 21_600.0, 86_400.0, 259_200.0, 604_799.999, 604_800.0, 700_000.0),
    downs=(0.0, 0.0, 1.0, 7_200.0, 90_000.0, 604_801.0),
)
FAULTS = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(st.sampled_from(StorageFault), max_size=3).map(tuple),
    st.lists(st.sampled_from(StorageFault), min_size=1, max_size=1).map(lambda one: tuple(one) * 12),
)


def refund_schedules(window: timedelta) -> SearchStrategy[RefundSchedule]:
    """Return schedules of cases that may be decided within *window*."""
    spans = WEEK_SPANS if window == WEEK else SHORT_SPANS
    words = st.sampled_from([*[*YES, *NO] * 3, *MALFORMED, *TAGGED])
    answers = Answers(
        any=says(EXACT, OTHER_NAMES, words),
        right=says(EXACT, (), st.sampled_from([*YES])),
        wrong=says(EXACT, (), st.sampled_from([*MALFORMED])),
    )
    return st.builds(
        RefundSchedule,
        window=st.just(window),
        action=st.sampled_from(["refund", "refund", "refund", "escalation"]),
        accepts=st.sampled_from([True] * 9 + [False]),
        case_faults=FAULTS,
        ledger_faults=FAULTS,
        notice_faults=FAULTS,
        first_crash=first_crashes(spans),
        early=early(answers.any),
        steps=steps(spans, answers),
    )


@dataclass
class Decided:
    """One case that was played to its end."""

    schedule: RefundSchedule
    player: Player
    cases: FaultyCases
    ledger: FaultyLedger
    notices: FaultyNotices
    turns: list[Turned]


async def play_refund(schedule: RefundSchedule, path: Path) -> Decided:
    """Play a schedule on the store *path*."""
    world = World(path)
    wired = providers()
    wired.settings = Settings(an_environment(AcceptOperatorDecisions=str(schedule.accepts)))
    wired.cases = cases = FaultyCases(schedule.case_faults)
    wired.ledger = ledger = FaultyLedger(schedule.ledger_faults)
    wired.notices = notices = FaultyNotices(schedule.notice_faults)
    wired.approvers, wired.completions = MemoryApproverNotices(), MemoryCompletions()
    start = refund_start(BODY | {"action": schedule.action})
    player = Player(world, "RefundApproval", start.instance_id, _input(start.input, schedule), TEXTS, "dueAt")
    try:
        await player.run(schedule, timedelta(days=2) + schedule.window)
        return Decided(schedule, player, cases, ledger, notices, await turned(player))
    finally:
        await world.close()


def _input(given: dict[str, Any], schedule: RefundSchedule) -> dict[str, Any]:
    """Return what the starter wrote, with a short window where one is wanted."""
    if schedule.window == WEEK:
        return given
    limits = CaseLimits(
        accept_operator_decisions=schedule.accepts, decide_within=schedule.window, leg=LEG, retry_within=RETRY_WITHIN
    )
    return given | limits.to_payload()
