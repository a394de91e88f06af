"""Waiting for the decision about a case: the one on record, or that of an operator's raw event, which is put on record.

What is on record decides. An event only makes the flow look, and when no decision came, the timeout is put on record
unless a decision stands by then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.cases import Standing
from domain.decision import MALFORMED_MOST, operator_decision
from domain.events import APPROVAL, CASE_DECIDED
from domain.notices import ApproverNotice
from domain.payloads import stamp
from orchestrators.case_care import PENDING, UNANSWERED, written
from orchestrators.doorbell import Doorbell, record_in
from orchestrators.trying import FIRST_WAIT, LONGEST_WAIT, tried
from orchestrators.waiting import Listening, attempt, end_of_leg

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.case_care import CaseCare, Desk

EARLY: Final = timedelta(seconds=1)  # the host fires timers up to this much before their time


def decided(care: CaseCare) -> Generator[Any, Any, Standing]:
    """Return the decision that stands: the first one on record, or the timeout when the last desk's time is over."""
    ears = _Ears(care)
    for desk in care.desks:
        if desk is not care.desks[0]:
            standing = yield from written(care, PENDING, desk)
            if standing.state is not PENDING.state:
                return standing
        decision = yield from _decided_on(desk, care, ears)
        if decision is not None:
            return decision
    payload = care.change(UNANSWERED, care.desks[-1]).to_payload()
    closed = yield from tried(care.context, "CloseIfDue", payload, within=care.limits.record_within)
    return _standing_in(closed) or UNANSWERED


class _Ears:
    """What is listened to, and for how much longer."""

    def __init__(self, care: CaseCare) -> None:
        self.listening = Listening(care.context, care.due_at)
        self.bell = Doorbell(CASE_DECIDED, leg=care.limits.leg)
        self.patience = MALFORMED_MOST if care.limits.accept_operator_decisions else 0

    @property
    def names(self) -> list[str]:
        return [*self.bell.names, *([APPROVAL] if self.patience else [])]


def _decided_on(desk: Desk, care: CaseCare, ears: _Ears) -> Generator[Any, Any, Standing | None]:
    """Return the decision that stands while the case lies on *desk*; None if its time goes by without one."""
    context, asking = care.context, _Asking(desk, care)
    while True:
        yield from asking.done()
        until = min(end_of_leg(context, desk.due_at, ears.bell.leg), asking.due_at)
        arrival = yield from ears.listening.race(ears.names, until)
        if arrival is None and until == desk.due_at:
            return None
        if arrival is not None and arrival.is_late:
            return None

        if arrival is not None and arrival.name == APPROVAL:
            said = operator_decision(arrival.value)
            if said is not None:
                return (yield from _recorded(care, desk, said))
            ears.patience -= 1
            continue
        answer = yield from attempt(context, "ReadDecision", {"caseId": care.case.case_id})
        decision = _standing_in(answer)
        if decision is not None:
            return decision
        ears.bell.looked(has_rung=arrival is not None)


class _Asking:
    """Telling the approvers of a desk, at once and then ever again; a notice that fails is tried again meanwhile."""

    def __init__(self, desk: Desk, care: CaseCare) -> None:
        self._desk = desk
        self._care = care
        self._next = desk.since
        self._number = 1
        self._wait = FIRST_WAIT

    @property
    def due_at(self) -> datetime:
        """When there is something to be told next; never after the time of the desk, nor once that is over."""
        desk_due_at = self._desk.due_at
        return desk_due_at if self._care.context.current_utc_datetime >= desk_due_at else min(self._next, desk_due_at)

    def done(self) -> Generator[Any, Any, None]:
        """Tell what is to be told by now."""
        care, now = self._care, self._care.context.current_utc_datetime
        if self.due_at == self._desk.due_at or now < self.due_at - EARLY:
            return
        notice = ApproverNotice(
            case=care.case,
            route=self._desk.route,
            number=self._number,
            at=stamp(now),
            due_at=stamp(care.due_at),
            route_due_at=stamp(self._desk.due_at),
        )
        answer = yield from attempt(care.context, "NotifyApprovers", notice.to_payload())
        now = care.context.current_utc_datetime
        if answer is not None and answer.get("outcome") == "done":
            self._number += 1
            self._next = self._after(now)
            self._wait = FIRST_WAIT
        else:
            self._next = now + self._wait
            self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _after(self, now: datetime) -> datetime:
        """Return when the next reminder is due; those that fell into a time when nobody was there are left out."""
        every = self._care.limits.remind_every
        return self._desk.since + ((now + EARLY - self._desk.since) // every + 1) * every


def _recorded(care: CaseCare, desk: Desk, said: Standing) -> Generator[Any, Any, Standing]:
    """Put an operator's decision on record, and return the one that stands; without a record nothing is carried out."""
    change = care.change(said, desk)
    decision = replace(said, decided_at=change.at, decided_on=desk.route)
    payload = replace(change, standing=decision).to_payload()
    answer = yield from tried(care.context, "RecordDecision", payload, within=care.limits.record_within)
    return _standing_in(answer) or UNANSWERED


def _standing_in(answer: dict[str, Any] | None) -> Standing | None:
    record = record_in(answer)
    return Standing.from_payload(record) if record else None
