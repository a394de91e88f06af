"""The activities of the refund flow: what they answer, and what a second run does."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from activities.close_if_due import close_if_due
from activities.issue_refund import issue_refund
from activities.notify_approvers import notify_approvers
from activities.notify_customer import notify_customer
from activities.publish_completion import publish_completion
from activities.read_decision import read_decision
from activities.read_retry import read_retry
from activities.record_decision import record_decision
from activities.update_case import update_case
from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.errors import StorageError
from providers.memory import (
    MemoryApproverNotices,
    MemoryCases,
    MemoryCompletions,
    MemoryNotices,
    MemoryRefundLedger,
    MemoryReservations,
)
from tests.support.fakes import NOON, FakeClock
from tests.support.refunds import (
    CASE_ID,
    a_case,
    a_change,
    a_completion,
    a_decision,
    a_notice,
    an_approver_notice,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FAULT = "storage said AccountKey=secret"


class LostStorage:
    """Storage that is away, as every port sees it."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def lost(*args: object, **kwargs: object) -> Any:
            raise StorageError(FAULT)

        return lost


def updated(change: CaseChange, *, cases: Any, reservations: Any = None) -> dict[str, Any]:
    """Run UpdateCase at noon."""
    return update_case(change, cases=cases, clock=FakeClock(), reservations=reservations)


def test_a_written_case_answers_where_it_stands() -> None:
    """The flow reads the standing from the answer."""
    change = a_change(CaseState.APPROVED, Resolution.OPERATOR, comment="fine")

    answer = updated(change, cases=MemoryCases())

    assert answer == {"outcome": "done", **change.standing.to_payload()}


def test_a_second_write_answers_the_same() -> None:
    """An activity that runs again changes nothing."""
    cases = MemoryCases()
    first = updated(a_change(), cases=cases)

    again = updated(a_change(), cases=cases)

    assert again == first


def test_another_case_under_the_same_id_is_refused() -> None:
    """The answer says that trying again is of no use."""
    cases = MemoryCases()
    updated(a_change(), cases=cases)

    assert updated(a_change(case=a_case(amount=1)), cases=cases) == {"outcome": "refused"}


def test_a_refund_answers_its_receipt_each_time() -> None:
    """A second run pays nothing; the key is made of the case."""
    ledger = MemoryRefundLedger()
    first = issue_refund(a_case(), ledger=ledger)

    again = issue_refund(a_case(), ledger=ledger)

    (paid,) = ledger.bookings
    assert first == again == {"outcome": "done", "receipt": paid.receipt}
    assert (paid.key, paid.order_id, paid.amount, paid.currency) == (f"refund:{CASE_ID}", "order-1001", 1999, "EUR")


def test_a_refund_of_another_sum_under_the_same_key_is_refused() -> None:
    """A case is paid once, for what was approved."""
    ledger = MemoryRefundLedger()
    issue_refund(a_case(), ledger=ledger)

    answer = issue_refund(a_case(amount=2), ledger=ledger)

    assert answer == {"outcome": "refused"}
    assert len(ledger.bookings) == 1


def test_a_customer_is_told_once() -> None:
    """A second run leaves one notice."""
    notices = MemoryNotices()

    answers = [notify_customer(a_notice(), notices=notices) for _ in range(2)]

    assert answers == [{"outcome": "done"}] * 2
    assert notices.told == [a_notice()]


@pytest.mark.parametrize(
    "activity",
    [
        partial(updated, a_change(), cases=LostStorage()),
        partial(updated, a_change(), cases=MemoryCases(), reservations=LostStorage()),
        partial(read_decision, CASE_ID, cases=LostStorage()),
        partial(record_decision, a_decision(), cases=LostStorage()),
        partial(close_if_due, a_change(), cases=LostStorage()),
        partial(read_retry, CASE_ID, 1, retries=LostStorage()),
        partial(notify_approvers, an_approver_notice(), approvers=LostStorage()),
        partial(publish_completion, a_completion(), completions=LostStorage()),
        partial(issue_refund, a_case(), ledger=LostStorage()),
        partial(notify_customer, a_notice(), notices=LostStorage()),
    ],
    ids=range(10),
)
def test_storage_that_is_away_asks_for_another_try(
    activity: Callable[[], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """No activity raises for storage, and no word of storage gets into the answer or the log (Threat 8, Threat 65)."""
    caplog.set_level(logging.INFO)

    answer = activity()

    (record,) = caplog.records
    assert answer == {"outcome": "retry"}
    assert record.levelname == "WARNING"
    assert record.__dict__["instance_id"] == CASE_ID
    assert "secret" not in caplog.text


def test_opening_a_case_makes_its_reservation_firm() -> None:
    """What was reserved for fifteen minutes is then kept for good (Threat 49)."""
    reservations = MemoryReservations()
    reservations.reserve(a_case(), total=1999, now=NOON)

    updated(a_change(), cases=MemoryCases(), reservations=reservations)

    other = a_case("case_other", amount=1)
    assert not reservations.reserve(other, total=1999, now=NOON + timedelta(days=1))


def test_a_case_whose_sum_is_gone_is_rejected() -> None:
    """Where the reservation lapsed and others took the rest, the case ends rejected (Threat 49)."""
    reservations, cases = MemoryReservations(), MemoryCases()
    reservations.reserve(a_case(), total=1999, now=NOON - timedelta(minutes=16))
    reservations.reserve(a_case("case_other"), total=1999, now=NOON)

    answer = updated(a_change(), cases=cases, reservations=reservations)

    assert (answer["outcome"], answer["state"], answer["resolution"]) == ("done", "rejected", "lapsed")
    assert reservations.held["order-1001"].keys() == {"case_other"}


def test_a_rejection_gives_the_sum_back() -> None:
    """A second run gives nothing back that others have by now."""
    reservations, cases = MemoryReservations(), MemoryCases()
    reservations.reserve(a_case(), total=1999, now=NOON)
    updated(a_change(), cases=cases, reservations=reservations)

    answers = [updated(a_decision(CaseState.REJECTED), cases=cases, reservations=reservations) for _ in range(2)]

    assert answers[0] == answers[1]
    assert reservations.held["order-1001"] == {}


def test_looking_finds_nothing_while_a_case_is_undecided() -> None:
    """No case and an undecided one are the same to whoever looks for a decision."""
    cases = MemoryCases()
    before = read_decision(CASE_ID, cases=cases)
    cases.advance(a_change())

    assert before == read_decision(CASE_ID, cases=cases) == {"outcome": "done", "record": None}


def test_looking_finds_the_decision_that_stands() -> None:
    """Whatever became of the case since, the record is the decision."""
    cases = MemoryCases()
    cases.advance(a_change())
    cases.decide(a_decision())
    cases.advance(replace(a_decision(), standing=replace(a_decision().standing, state=CaseState.COMPLETED)))

    assert read_decision(CASE_ID, cases=cases) == {"outcome": "done", "record": a_decision().standing.to_payload()}


def test_the_timeout_closes_only_what_is_undecided() -> None:
    """A decision that is on record when the time is over counts (Threat 45)."""
    cases = MemoryCases()
    cases.advance(a_change())
    cases.decide(a_decision())

    answer = close_if_due(a_change(at="2026-01-22T10:00:00.000Z"), cases=cases)

    assert answer == {"outcome": "done", "record": a_decision().standing.to_payload()}


def test_the_timeout_is_a_decision_on_record() -> None:
    """Whoever decides later finds it standing (Threat 45)."""
    cases = MemoryCases()
    cases.advance(a_change())

    answer = close_if_due(a_change(at="2026-01-22T10:00:00.000Z"), cases=cases)

    ruling = cases.decide(a_decision())
    assert answer["record"]["resolution"] == "timeout"
    assert ruling.record.standing == Standing.from_payload(answer["record"])


@pytest.mark.parametrize("activity", [record_decision, close_if_due])
def test_a_decision_about_other_facts_is_refused(activity: Callable[..., dict[str, Any]]) -> None:
    """What is decided is what was opened (Threat 47)."""
    cases = MemoryCases()
    cases.advance(a_change(case=a_case(amount=1)))

    assert activity(a_decision(), cases=cases) == {"outcome": "refused"}


def test_a_retry_is_found_once_somebody_wants_it() -> None:
    """Retries are numbered; an older wish is none for the next one."""
    cases = MemoryCases()
    cases.advance(a_change())
    cases.ask_anew(CASE_ID, number=1, who="operator-1", at="2026-01-23T10:00:00.000Z")

    assert read_retry(CASE_ID, 1, retries=cases) == {"outcome": "done", "record": {"number": 1}}
    assert read_retry(CASE_ID, 2, retries=cases) == {"outcome": "done", "record": None}


def test_notices_and_completions_are_the_same_on_a_second_run() -> None:
    """At least once, with one id (Threat 59)."""
    approvers, completions = MemoryApproverNotices(), MemoryCompletions()

    for _ in range(2):
        assert notify_approvers(an_approver_notice(), approvers=approvers) == {"outcome": "done"}
        assert publish_completion(a_completion(), completions=completions) == {"outcome": "done"}

    assert {notice.id for notice in approvers.told} == {f"{CASE_ID}.team.1"}
    assert {completion.id for completion in completions.published} == {f"{CASE_ID}.completed"}
