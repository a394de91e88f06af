"""What everybody who tells customers something promises."""

from __future__ import annotations

import secrets
from contextlib import closing

import pytest

from domain.cases import CaseState
from providers.case_tables import TableNotices
from providers.memory import MemoryNotices
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
    with closing(Table(azurite, f"Notices{secrets.token_hex(8)}")) as table:
        notices = TableNotices(table)
        notices.tell(a_notice(state))
        first = table.find(CASE_ID, f"notice:{state.value}")

        notices.tell(a_notice(state))

        assert table.find(CASE_ID, f"notice:{state.value}") == first
    assert first is not None
    assert (first["customerId"], first["state"]) == ("customer-7", state.value)
