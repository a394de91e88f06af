"""The activities of the refund flow: what they answer, and what a second run does."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from activities.issue_refund import issue_refund
from activities.notify_customer import notify_customer
from activities.update_case import update_case
from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.errors import StorageError
from providers.memory import MemoryCases, MemoryNotices, MemoryRefundLedger
from tests.support.refunds import CASE_ID, a_case, a_change, a_notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.notices import CustomerNotice

FAULT = "storage said AccountKey=secret"


class LostStorage:
    """Storage that is away, as all three ports see it."""

    def advance(self, change: CaseChange) -> Standing:
        raise StorageError(FAULT)

    def find(self, case_id: str) -> CaseChange | None:
        raise StorageError(FAULT)

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        raise StorageError(FAULT)

    def tell(self, notice: CustomerNotice) -> None:
        raise StorageError(FAULT)


def test_a_written_case_answers_where_it_stands() -> None:
    """The flow reads the standing from the answer."""
    answer = update_case(a_change(CaseState.APPROVED, Resolution.OPERATOR, comment="fine"), cases=MemoryCases())

    assert answer == {"outcome": "done", "state": "approved", "resolution": "operator", "comment": "fine"}


def test_a_second_write_answers_the_same() -> None:
    """An activity that runs again changes nothing."""
    cases = MemoryCases()
    first = update_case(a_change(), cases=cases)

    again = update_case(a_change(), cases=cases)

    assert again == first


def test_another_case_under_the_same_id_is_refused() -> None:
    """The answer says that trying again is of no use."""
    cases = MemoryCases()
    update_case(a_change(), cases=cases)

    assert update_case(a_change(case=a_case(amount=1)), cases=cases) == {"outcome": "refused"}


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
        partial(update_case, a_change(), cases=LostStorage()),
        partial(issue_refund, a_case(), ledger=LostStorage()),
        partial(notify_customer, a_notice(), notices=LostStorage()),
    ],
    ids=["UpdateCase", "IssueRefund", "NotifyCustomer"],
)
def test_storage_that_is_away_asks_for_another_try(
    activity: Callable[[], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """No activity raises for storage, and no word of storage gets into the answer or the log (threats 8, 65)."""
    caplog.set_level(logging.INFO)

    answer = activity()

    (record,) = caplog.records
    assert answer == {"outcome": "retry"}
    assert record.levelname == "WARNING"
    assert record.__dict__["instance_id"] == CASE_ID
    assert "secret" not in caplog.text
