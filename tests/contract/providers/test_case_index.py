"""What the list of cases in an Azure table promises beside what every list does: how little a page touches."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from domain.case_list import CaseQuery
from domain.cases import CaseState, Resolution
from providers.case_index import TableCaseIndex
from providers.memory import MemoryCases
from providers.tables import Table
from tests.support.refunds import a_case, a_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST = datetime(2026, 1, 15, 10, tzinfo=UTC)
LIMIT = 5
PENDING = CaseQuery(state=CaseState.PENDING_APPROVAL, limit=LIMIT)
DECIDED = CaseQuery(is_decided=True, limit=LIMIT)


class WatchedTable(Table):
    """A table that counts the rows between the keys that a filter names, however few of them are taken."""

    touched = 0

    def select(self, wanted: str, values: Mapping[str, Any], *, most: int) -> list[dict[str, Any]]:
        keys = "PartitionKey eq @partition and RowKey gt @after and RowKey lt @end"
        self.touched = len(super().select(keys, values, most=1000))
        return super().select(wanted, values, most=most)


class Books:
    """Cases in memory, and a list in a table that follows them."""

    def __init__(self, table: WatchedTable) -> None:
        self.table, self.index, self.memory = table, TableCaseIndex(table), MemoryCases()

    def file(self, number: int, after: timedelta) -> None:
        """File a case so long after the first."""
        at = (FIRST + after).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._bring(f"case_{number:03}", at=at)

    def bring(self, number: int, state: CaseState) -> None:
        """Bring a case to a state."""
        self._bring(f"case_{number:03}", state=state, resolution=Resolution.SUPERVISOR)

    def is_told_right(self, query: CaseQuery) -> bool:
        """Whether the list in the table tells what memory does, on the first two pages."""
        page, right = self.index.page(query), self.memory.page(query)
        second = replace(query, after=right.next or "9")
        return (page, self.index.page(second)) == (right, self.memory.page(second))

    def _bring(self, case_id: str, **change: Any) -> None:
        self.memory.advance(a_change(case=a_case(case_id), **change))
        self.index.put(self.memory.records[case_id])


@pytest.fixture
def books(azurite: str) -> Iterator[Books]:
    """A list without a case."""
    with closing(WatchedTable(azurite, f"Cases{secrets.token_hex(8)}")) as table:
        yield Books(table)


@pytest.mark.parametrize(
    "states",
    [
        [CaseState.PENDING_APPROVAL, CaseState.APPROVED, CaseState.REFUND_FAILED, CaseState.COMPLETED],
        [CaseState.PENDING_APPROVAL, CaseState.REJECTED],
        [CaseState.APPROVED, CaseState.COMPLETED],
    ],
)
def test_a_case_is_in_the_list_of_its_state_alone(books: Books, states: list[CaseState]) -> None:
    """It leaves the list of the state before when it enters the next; that of all keeps it."""
    for state in states:
        books.bring(1, state)

        among = {other.value for other in CaseState if books.index.page(CaseQuery(state=other)).records}
        assert among == {state}
        assert books.is_told_right(DECIDED)
        assert books.is_told_right(CaseQuery())


def test_a_late_word_of_an_earlier_state_changes_nothing(books: Books) -> None:
    """Whoever lists a case after somebody who knows more leaves the list as it is."""
    books.file(1, timedelta())
    before = books.memory.records["case_001"]
    books.bring(1, CaseState.REJECTED)

    books.index.put(before)

    assert books.is_told_right(PENDING)
    assert books.is_told_right(DECIDED)


def test_pages_are_right_while_cases_come_and_go(books: Books) -> None:
    """However close together or far apart cases were filed, each is told once, in order; so after each decision."""
    for number in range(12):
        books.file(number, timedelta(days=number))
    for number in range(12, 24):
        books.file(number, timedelta(days=12, milliseconds=number // 2))
        assert books.is_told_right(PENDING)

    for number in [*range(23, 8, -1), 0, 1]:
        books.bring(number, CaseState.REJECTED)
        assert books.is_told_right(PENDING)
        assert books.is_told_right(DECIDED)

    books.file(24, timedelta(days=40))
    assert books.is_told_right(PENDING)


def test_a_page_touches_few_rows_of_a_long_list(books: Books) -> None:
    """Once a first page was read, a page touches about twice the rows that it tells, however many cases wait."""
    for number in range(40):
        books.file(number, timedelta(seconds=number))
    next_ = books.index.page(PENDING).next

    touched = []
    for after in (None, next_):
        books.index.page(replace(PENDING, after=after))
        touched.append(books.table.touched)

    assert touched == [2 * (LIMIT + 1) + 1, 2 * (LIMIT + 1)]


def test_decided_cases_are_found_without_those_that_wait(books: Books) -> None:
    """The list of decided cases touches none that waits, and that of those which wait none that is decided."""
    for number in range(8):
        books.file(number, timedelta(seconds=number))
    books.bring(3, CaseState.REJECTED)
    books.bring(4, CaseState.APPROVED)

    touched = []
    for query in (PENDING, DECIDED):
        books.index.page(query)
        touched.append(books.table.touched)

    assert touched == [6, 2]
