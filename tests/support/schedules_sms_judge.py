"""What must hold after every schedule of a verification, read from what was committed and not from what was planned."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from devhost.engine.history import EventType, RuntimeStatus
from devhost.ticks import PER_SECOND, Ticks, to_datetime
from domain.challenge import MALFORMED_MOST, SEND_TRIES
from domain.payloads import stamp
from tests.support.builders import A_NUMBER
from tests.support.schedules_sms import EXACT, LONG_CODE, MALFORMED, RIGHT, TAGGED, TIMEOUT_SECONDS, WRONG
from tests.support.schedules_steps import Control, Turned, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.engine import Instance
    from tests.support.schedules_sms import Verification

TIMEOUT: Final = TIMEOUT_SECONDS * PER_SECOND
SEND_WITHIN: Final = 60 * PER_SECOND
FIELDS = ["state", "reason", "attempt", "attemptsRemaining", "results", "expiresAt", "to"]
STATES = ["sending", "awaiting", "verified", "failed"]
REASONS: Final[dict[str, set[str | None]]] = {
    "sending": {None},
    "awaiting": {None, "code_mismatch"},
    "verified": {None},
    "failed": {"code_mismatch", "attempts_exhausted", "malformed", "expired", "delivery_failed"},
}
VERDICTS = {"verified", "code_mismatch", "expired"}
STATUS_MOST = 16 * 1024


class SmsJudge:
    """Judges one verification that has ended."""

    def __init__(self, run: Verification) -> None:
        self.run = run
        self.end: Instance = run.player.seen[-1]
        self.status = shown(self.end)
        self.is_verified = self.end.status is RuntimeStatus.COMPLETED and self.end.output == "true"
        self.answers = [one for one in run.turns if one.event.fields.get("Name") == EXACT]
        self.sent = self._sent()
        self.deadline = Ticks(self.sent.now + TIMEOUT) if self.sent else None

    def check(self) -> None:
        """Raise `AssertionError` for the first thing that does not hold."""
        self._ends_as_it_may()
        for one in self.run.player.seen:
            self._shows_what_it_may(one)
        self._never_goes_back()
        self._sends_one_code_and_no_more_than_allowed()
        self._verifies_only_the_right_code_in_time()
        self._loses_no_right_answer()
        self._fails_for_the_reason_it_gives()
        self._keeps_secrets()

    def kinds(self) -> set[str]:
        """Return what this schedule was an example of."""
        said = [one for one in self.run.player.said if one.event == EXACT]
        others = [one.event for one in self.run.player.said if one.event != EXACT]
        found = {
            "crash": self.run.player.world.crashes > 0,
            "late": any(one.word in RIGHT and self._is_late(one.at) for one in said) or self._is_handled_late(),
            "doubled": any(one.word == other.word for one, other in pairwise(said)),
            "early": any(self.sent is None or one.place < self.sent.place for one in self.answers),
            "wrong": any(one.word in WRONG and one.answer == "taken" for one in said),
            "malformed": any(one.word in MALFORMED for one in said),
            "tagged": any(one.word in TAGGED for one in said),
            "other name": bool(others),
            "verified": self.is_verified,
        }
        return {kind for kind, is_so in found.items() if is_so}

    def _ends_as_it_may(self) -> None:
        match self.end.status:
            case RuntimeStatus.COMPLETED:
                assert self.end.output in {"true", "false"}
                assert self.status["state"] == ("verified" if self.is_verified else "failed")
            case RuntimeStatus.FAILED:
                assert any(one.word in TAGGED for one in self.run.player.said), self.end.output
            case _:
                assert Control.TERMINATE in self.run.player.asked

    def _shows_what_it_may(self, one: Instance) -> None:
        status = shown(one)
        if status is None:
            assert one.status in {RuntimeStatus.PENDING, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED}
            return
        assert list(status) == FIELDS
        assert status["reason"] in REASONS[status["state"]]
        assert status["attempt"] == len(status["results"])
        assert status["attempt"] + status["attemptsRemaining"] == self.run.schedule.attempts
        assert set(status["results"]) <= VERDICTS
        assert ("verified" in status["results"]) == (status["state"] == "verified")
        assert status["expiresAt"] in {None, self._told_deadline()}
        assert status["to"] == A_NUMBER.masked
        assert len(one.custom_status or "") <= STATUS_MOST
        is_over = status["state"] in {"verified", "failed"}
        assert not (is_over and one.status is RuntimeStatus.RUNNING), "over, and still running"

    def _never_goes_back(self) -> None:
        told = [status for status in map(shown, self.run.player.seen) if status]
        for one, later in pairwise(told):
            assert STATES.index(one["state"]) <= STATES.index(later["state"])
            assert later["results"][: one["attempt"]] == one["results"]
            assert one["expiresAt"] in {None, later["expiresAt"]}

    def _sends_one_code_and_no_more_than_allowed(self) -> None:
        assert self.run.comparisons <= self.run.schedule.attempts
        assert self.run.sms.codes() <= {self.run.code}
        assert len(self.run.sms.messages) <= SEND_TRIES + self.run.player.world.crashes

    def _verifies_only_the_right_code_in_time(self) -> None:
        if not self.is_verified:
            return
        assert self.sent is not None, "verified without a message"
        assert self.deadline is not None
        assert any(self._is(one, RIGHT) and one.now <= self.deadline for one in self.answers), "no right answer in time"
        assert self._ends_of("DigestSmsCode")[-1].now <= self.deadline, "decided after the deadline"

    def _loses_no_right_answer(self) -> None:
        """The first answer that is one verifies, if it is right and in time, and nobody intervenes."""
        heard_at = self._right_answer_heard_at()
        if heard_at is None or self.deadline is None or self.run.turns[heard_at].now >= self.deadline:
            return
        digested = self._ends_of("DigestSmsCode")
        assert digested, "a right answer was not looked at"
        assert self.is_verified or digested[0].now >= self.deadline, "a right answer was lost"

    def _fails_for_the_reason_it_gives(self) -> None:
        if self.end.status is not RuntimeStatus.COMPLETED or self.is_verified:
            return
        match self.status["reason"]:
            case "expired":
                assert self.deadline is not None
                assert self.run.turns[-1].now >= self.deadline, "expired before the deadline"
            case "delivery_failed":
                assert self.sent is None, "not delivered, though sent"
            case "malformed":
                assert any(self._is(one, MALFORMED) for one in self.answers), "malformed without such an answer"
            case _:
                assert any(self._is(one, WRONG) for one in self.answers), "a mismatch without a wrong answer"
                assert self.status["attemptsRemaining"] == 0, "a mismatch with attempts left"

    def _right_answer_heard_at(self) -> int | None:
        """Return the place in the history from which a right answer can be heard that no other stands before.

        Answers that are none may stand before it, but no early ones, which the platform repeats.
        """
        right = next((one for one in self.answers if self._is(one, RIGHT)), None)
        if right is None or self.sent is None or self._is_disturbed():
            return None
        heard_at = max(right.place, self.sent.place)
        others = [one for one in self.answers if one.place <= heard_at and not self._is(one, RIGHT)]
        if len(others) > MALFORMED_MOST:
            return None
        pass_over = (one.place > self.sent.place and self._is(one, MALFORMED) for one in others)
        return heard_at if all(pass_over) else None

    def _keeps_secrets(self) -> None:
        number, code = A_NUMBER.national, self.run.code
        assert number.encode() not in self.run.stored
        if len(code) == LONG_CODE and not any(code in one.text for one in self.run.player.said):
            assert code.encode() not in self.run.stored

    def _sent(self) -> Turned | None:
        """Return the end of the activity that handed the message over, unless that was learnt of too late."""
        for one in self._ends_of("SendSmsChallenge"):
            result = json.loads(one.event.fields.get("Result") or "{}")
            if result.get("outcome") == "sent":
                return one if one.now <= self.run.turns[0].now + SEND_WITHIN else None
        return None

    def _ends_of(self, activity: str) -> list[Turned]:
        """Return the ends of an activity, failures included."""
        turns = self.run.turns
        ids = {
            one.event.id
            for one in turns
            if one.event.type is EventType.TASK_SCHEDULED and one.event.fields["Name"] == activity
        }
        return [one for one in turns if one.event.fields.get("TaskScheduledId") in ids]

    def _is(self, answer: Turned, words: Sequence[str]) -> bool:
        return any(self.run.player.words[word] == answer.event.fields["Input"] for word in words)

    def _is_late(self, at: Ticks) -> bool:
        return self.deadline is not None and at > self.deadline

    def _is_handled_late(self) -> bool:
        return any(self._is(one, RIGHT) and self._is_late(one.now) for one in self.answers)

    def _is_disturbed(self) -> bool:
        said = self.run.player.said
        return bool(self.run.player.asked) or any(one.word in TAGGED for one in said)

    def _told_deadline(self) -> str | None:
        return stamp(to_datetime(self.deadline)) if self.deadline else None
