"""What everybody who tells customers something promises."""

from __future__ import annotations

import secrets
from contextlib import closing

import pytest

from domain.cases import CaseState
from providers.memory import MemoryNotices
from providers.notice_queues import QueuedNotices
from providers.queues import Queue
from providers.tables import Table
from tests.support.refunds import CASE_ID, a_notice


def test_a_notice_told_twice_in_memory_is_one() -> None:
    """Case and state name a notice."""
    notices = MemoryNotices()

    for notice in (a_notice(), a_notice(), a_notice(CaseState.REJECTED), a_notice(case_id="case_other")):
        notices.tell(notice)

    assert [(told.case_id, told.state) for told in notices.told] == [
        (CASE_ID, CaseState.COMPLETED),
        (CASE_ID, CaseState.REJECTED),
        ("case_other", CaseState.COMPLETED),
    ]


@pytest.mark.parametrize("state", [CaseState.COMPLETED, CaseState.REJECTED, CaseState.REFUND_FAILED])
def test_a_notice_told_twice_is_one_row(azurite: str, state: CaseState) -> None:
    """A second run leaves the row of the first, which says whom to tell what."""
    name = f"notices{secrets.token_hex(8)}"
    with closing(Table(azurite, name)) as table, closing(Queue(azurite, name)) as queue:
        notices = QueuedNotices(table, queue)
        notices.tell(a_notice(state))
        first = table.find(CASE_ID, f"notice:{state.value}")

        notices.tell(a_notice(state))

        assert table.find(CASE_ID, f"notice:{state.value}") == first
    assert first is not None
    assert (first["customerId"], first["state"]) == ("customer-7", state.value)
