"""Random schedules of one SMS verification, and what must hold after every one of them.

An early answer that holds the right code verifies: the platform keeps it for the first wait, the number of the code is
drawn before anybody has seen it, and so an early guess is worth no more than a timely one.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from blueprints.starting import sms_start
from domain import challenge as challenges
from domain.challenge import SmsChallenge
from domain.events import SMS_CHALLENGE_RESPONSE
from providers.wiring import providers
from settings import Settings
from tests.support.builders import A_NUMBER, an_environment
from tests.support.schedules_outside import FaultySms, SmsFault
from tests.support.schedules_steps import Player, Schedule, Turned, turned
from tests.support.schedules_strategies import Answers, Spans, early, first_crashes, says, steps
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMEOUT_SECONDS = 120
FAR = timedelta(minutes=30)
LONG_CODE = 8  # digits; of so many, none stand together by chance in what the host stores

EXACT = SMS_CHALLENGE_RESPONSE
OTHER_NAMES = (EXACT.lower(), EXACT.upper(), f"{EXACT}.1", f"{EXACT} ", "Approval")

RIGHT = ("right number", "right text", "right object", "right object of text", "right JSON text")
WRONG = ("wrong number", "wrong text", "wrong object")
TAGGED = ("tagged", "tagged and right")
MALFORMED = (
    "null", "true", "empty text", "blank before", "line break behind", "a digit more", "a digit less", "fraction",
    "exponent", "plus sign", "full width", "list", "list of right", "empty object", "other field", "field too many",
    "wrong case of field", "nested", "deep", "long", "words",
)  # fmt: skip


def words(code: str) -> dict[str, str]:
    """Return what can be said, as JSON text, by what it is."""
    wrong = f"{10 ** (len(code) - 1) + (int(code) + 1) % (9 * 10 ** (len(code) - 1))}"
    full_width = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in code)
    tag = {"__class__": "Code", "__module__": "domain.challenge"}
    said: dict[str, Any] = {
        "right number": int(code),
        "right text": code,
        "right object": {"code": int(code)},
        "right object of text": {"code": code},
        "right JSON text": json.dumps({"code": code}),
        "wrong number": int(wrong),
        "wrong text": wrong,
        "wrong object": {"code": wrong},
        "tagged": {**tag, "__data__": "{}"},
        "tagged and right": {**tag, "__data__": code, "code": code},
        "null": None,
        "true": True,
        "empty text": "",
        "blank before": f" {code}",
        "line break behind": f"{code}\n",
        "a digit more": f"{code}0",
        "a digit less": int(code[:-1]),
        "fraction": float(code),
        "plus sign": f"+{code}",
        "full width": full_width,
        "list": [],
        "list of right": [int(code)],
        "empty object": {},
        "other field": {"text": code},
        "field too many": {"code": code, "attempt": 1},
        "wrong case of field": {"Code": code},
        "nested": {"code": {"code": code}},
        "long": code * 2000,
        "words": "the code",
    }
    exponent = f"{code[0]}.{code[1:]}e{len(code) - 1}"
    return {word: json.dumps(value) for word, value in said.items()} | {
        "exponent": exponent,
        "deep": f"{'[' * 60}{code}{']' * 60}",
    }


@dataclass(frozen=True, kw_only=True)
class SmsSchedule(Schedule):
    """What happens to one verification: how it is started, and how its messages fare."""

    attempts: int
    code_length: int
    faults: tuple[SmsFault, ...]


SPANS = Spans(
    waits=(0.0, 0.001, 1.0, 2.5, 30.0, 59.0, 61.0, 119.999, 120.0, 120.001, 400.0),
    downs=(0.0, 0.0, 0.0, 1.0, 30.0, 119.0, 130.0, 4000.0),
)
WORDS = st.sampled_from([*RIGHT * 4, *WRONG * 6, *MALFORMED, *TAGGED * 2])
ANSWERS = Answers(
    any=says(EXACT, OTHER_NAMES, WORDS),
    right=says(EXACT, (), st.sampled_from(RIGHT)),
    wrong=says(EXACT, (), st.sampled_from(WRONG)),
)
PASSING = (SmsFault.RETRY, SmsFault.RETRY_THOUGH_SENT, SmsFault.RAISES, SmsFault.SLOW)
FAULTS = st.one_of(
    st.just(()), st.lists(st.sampled_from(PASSING), max_size=2), st.lists(st.sampled_from(SmsFault), max_size=4)
).map(tuple)

SMS_SCHEDULES = st.builds(
    SmsSchedule,
    attempts=st.integers(1, 3),
    code_length=st.sampled_from([4, LONG_CODE]),
    faults=FAULTS,
    first_crash=first_crashes(SPANS),
    early=early(ANSWERS.any),
    steps=steps(SPANS, ANSWERS),
)


class Comparisons:
    """Counts comparisons where they are made.

    An orchestrator compares anew in each replay, so a comparison is known by its place in the turn and what was given;
    a turn that was lost in a crash counts too.
    """

    def __init__(self) -> None:
        self.made: set[tuple[int, str]] = set()
        self._place = 0
        self._matches: Callable[[str, str], bool] = challenges.matches

    def begin_turn(self) -> None:
        """Note that an orchestrator begins from its first line."""
        self._place = 0

    def matches(self, expected: str, given: str) -> bool:
        """Compare, and count it."""
        self._place += 1
        self.made.add((self._place, given))
        return self._matches(expected, given)


@dataclass
class Verification:
    """One verification that was played to its end."""

    schedule: SmsSchedule
    challenge: SmsChallenge
    code: str
    player: Player
    sms: FaultySms
    comparisons: int
    stored: bytes
    turns: list[Turned]


async def play_sms(schedule: SmsSchedule, path: Path) -> Verification:
    """Play a schedule on the store *path*."""
    comparisons = Comparisons()
    world = World(path, comparisons.begin_turn)
    sms = FaultySms(deque(schedule.faults), world.pass_by)
    wired = providers()
    wired.sms = sms
    wired.settings = Settings(
        an_environment(
            SmsChallengeMaxAttempts=str(schedule.attempts),
            SmsChallengeCodeLength=str(schedule.code_length),
            SmsChallengeTimeoutSeconds=str(TIMEOUT_SECONDS),
        )
    )
    start = sms_start(A_NUMBER.e164)
    challenge = SmsChallenge.from_payload(start.input)
    named = {"instance_id": start.instance_id, "nonce": challenge.nonce, "key_id": challenge.key_id}
    code = wired.codes.code(**named, length=challenge.code_length)
    player = Player(world, "SmsVerify", start.instance_id, start.input, words(code), "expiresAt")
    counted, challenges.matches = challenges.matches, comparisons.matches
    try:
        await player.run(schedule, FAR)
        return Verification(
            schedule, challenge, code, player, sms, len(comparisons.made), world.stored(), await turned(player)
        )
    finally:
        challenges.matches = counted
        await world.close()
