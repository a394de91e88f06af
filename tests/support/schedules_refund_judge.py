"""What must hold after every schedule of a refund case, read from what was committed and what was really paid."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from devhost.engine.history import EventType, RuntimeStatus
from devhost.ticks import Ticks, from_span, to_datetime
from domain.decision import MALFORMED_MOST
from domain.payloads import stamp
from tests.support.schedules_refund import EXACT, MALFORMED, NO, TAGGED, TEXTS, YES
from tests.support.schedules_steps import Control, Pass, Restart, Turned, shown
from tests.support.world import Crash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.engine.engine import Instance
    from tests.support.schedules_outside import Faults
    from tests.support.schedules_refund import Decided

FEW_FAULTS = 3
STATES = ["pending_approval", "approved", "rejected", "refund_failed", "completed"]


class RefundJudge:
    """Judges one case that has ended."""

    def __init__(self, run: Decided) -> None:
        self.run = run
        self.end: Instance = run.player.seen[-1]
        self.output = json.loads(self.end.output or "null") if self.end.status is RuntimeStatus.COMPLETED else None
        self.due_at = Ticks(run.turns[0].now + from_span(run.schedule.window)) if run.turns else Ticks(0)
        self.answers = [one for one in run.turns if one.event.fields.get("Name") == EXACT]
        self.paid = len(run.ledger.bookings)

    def check(self) -> None:
        """Raise `AssertionError` for the first thing that does not hold."""
        self._ends_as_it_may()
        for one in self.run.player.seen:
            self._shows_what_it_may(one)
        self._pays_once_and_only_what_was_approved_in_time()
        self._pays_what_it_says()
        self._agrees_with_the_case()
        self._hears_the_first_decision()

    def kinds(self) -> set[str]:
        """Return what this schedule was an example of."""
        said = [one for one in self.run.player.said if one.event == EXACT]
        opened = self._opened()
        found = {
            "crash": self.run.player.world.crashes > 0,
            "late": any(one.word in YES and one.at > self.due_at for one in said)
            or any(_is(one, YES) and one.now > self.due_at for one in self.answers),
            "doubled": any(one.word == other.word for one, other in pairwise(said)),
            "early": any(opened is None or one.place < opened for one in self.answers),
            "wrong": any(one.word in (*NO, *MALFORMED) and one.answer == "taken" for one in said),
            "malformed": any(one.word in MALFORMED for one in said),
            "tagged": any(one.word in TAGGED for one in said),
            "other name": len(said) < len(self.run.player.said),
            "paid": self.paid > 0,
            "rejected": self.output == "rejected",
            "week": self.run.schedule.window.days > 0,
        }
        return {kind for kind, is_so in found.items() if is_so}

    def _ends_as_it_may(self) -> None:
        match self.end.status:
            case RuntimeStatus.COMPLETED:
                assert self.output in {"completed", "rejected", "refund_failed"}
                assert shown(self.end)["state"] == self.output
            case RuntimeStatus.FAILED:
                assert any(one.word in TAGGED for one in self.run.player.said), self.end.output
            case _:
                assert Control.TERMINATE in self.run.player.asked

    def _shows_what_it_may(self, one: Instance) -> None:
        status = shown(one)
        if status is None:
            assert one.status in {RuntimeStatus.PENDING, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED}
            return
        assert list(status) == ["state", "resolution", "dueAt"]
        assert status["state"] in STATES
        assert (status["resolution"] is None) == (status["state"] == "pending_approval")
        assert status["resolution"] in {None, "operator", "timeout"}
        assert status["dueAt"] == stamp(to_datetime(self.due_at))
        if not any(store.faults.met for store in (self.run.cases, self.run.ledger, self.run.notices)):
            is_waiting = status["state"] == "pending_approval"
            assert is_waiting or one.status is not RuntimeStatus.RUNNING, "decided, and still running"

    def _pays_once_and_only_what_was_approved_in_time(self) -> None:
        assert self.paid <= 1, "paid twice"
        if self.paid:
            assert self.run.schedule.action == "refund"
            assert self.run.schedule.accepts
            assert any(_is(one, YES) and one.now <= self.due_at for one in self.answers), "paid without a timely yes"

    def _pays_what_it_says(self) -> None:
        if self.output == "completed":
            assert self.paid == (self.run.schedule.action == "refund")
        if self.output == "rejected":
            assert not self.paid
            is_no = any(_is(one, NO) for one in self.answers)
            assert is_no if shown(self.end)["resolution"] == "operator" else self.run.turns[-1].now >= self.due_at
        if self.output == "refund_failed":
            assert not self._was_overcome(self.run.ledger.faults), "gave up too soon"

    def _agrees_with_the_case(self) -> None:
        """A case stands as its flow ended, and the customer was told so, unless a store was away for long."""
        if self.output is None:
            return
        if self._was_overcome(self.run.cases.faults):
            written = self.run.cases.find(self.run.player.instance_id)
            assert written is not None
            assert written.standing.state == self.output
        if self._was_overcome(self.run.notices.faults):
            assert [told.state for told in self.run.notices.told] == [self.output]

    def _hears_the_first_decision(self) -> None:
        """The first decision stands, if it is in time, not early, and nobody does anything else."""
        opened = self._opened()
        first = next((one for one in self.answers if _is(one, YES) or _is(one, NO)), None)
        if first is None or opened is None or self._is_disturbed() or not self.run.schedule.accepts:
            return
        before = [one for one in self.answers if one.place < first.place]
        if self.answers[0].place < opened or len(before) >= MALFORMED_MOST or first.now >= self.due_at:
            return
        if _is(first, NO):
            assert self.output == "rejected", "a no was not heard"
        elif not self.run.ledger.faults.met:
            assert self.output == "completed", "a yes was not heard"
        resolution = shown(self.end)["resolution"]
        assert resolution == "operator"

    def _opened(self) -> int | None:
        """Return where in the history the case was first written down, which is when answers begin to be timely."""
        for one in self.run.turns:
            if (
                one.event.type is EventType.TASK_COMPLETED
                and json.loads(one.event.fields["Result"])["outcome"] == "done"
            ):
                return one.place
        return None

    def _was_overcome(self, faults: Faults) -> bool:
        """Say whether a store was well enough for what is tried again, which a jump of the time may prevent."""
        return not faults.met or (faults.met <= FEW_FAULTS and not self.run.player.asked and not self._jumps())

    def _jumps(self) -> bool:
        """Say whether time may have passed that the host saw nothing of."""
        schedule = self.run.schedule
        happenings = [*schedule.steps, *([schedule.first_crash] if schedule.first_crash else [])]
        return any(
            (isinstance(step, Pass) and step.stalls) or (isinstance(step, Restart | Crash) and step.down)
            for step in happenings
        )

    def _is_disturbed(self) -> bool:
        said = self.run.player.said
        disturbs = any(one.word in TAGGED for one in said) or bool(self.run.player.asked)
        return disturbs or bool(self.run.cases.faults.met)


def _is(answer: Turned, words: Mapping[str, object]) -> bool:
    return any(TEXTS[word] == answer.event.fields["Input"] for word in words)
