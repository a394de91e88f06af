"""What every list of cases promises: what is asked for, newest first, page by page."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.case_list import CaseQuery
from domain.cases import CaseState, Resolution
from domain.refund import CaseAction
from providers.case_index import TableCaseIndex
from providers.case_tables import TableCases
from providers.memory import MemoryCases
from providers.tables import Table
from tests.support.refunds import a_case, a_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ports import CaseList

FILED: tuple[dict[str, Any], ...] = (
    {"case_id": "case_a1", "orderId": "order-1", "customerId": "customer-7"},
    {"case_id": "case_a2", "orderId": "order-2", "customerId": "customer-8", "action": "escalation"},
    {"case_id": "case_b3", "orderId": "order-1", "customerId": "customer-7"},
    {"case_id": "case_b4", "orderId": "order-3", "customerId": "customer-9"},
)


@pytest.fixture(params=["memory", "tables"])
def cases(request: pytest.FixtureRequest) -> Iterator[CaseList]:
    """Four cases, filed one a minute; the third is rejected."""
    if request.param == "memory":
        yield filled(MemoryCases())
        return
    with closing(Table(request.getfixturevalue("azurite"), f"Cases{secrets.token_hex(8)}")) as table:
        yield filled(TableCases(table, TableCaseIndex(table)))


def filled(cases: Any) -> CaseList:
    """File the cases, and return who lists them."""
    for minute, facts in enumerate(FILED):
        change = a_change(case=a_case(**facts), at=f"2026-01-15T10:0{minute}:00.000Z")
        cases.advance(change)
        if change.case.case_id == "case_b3":
            standing = replace(change.standing, state=CaseState.REJECTED, resolution=Resolution.TIMEOUT)
            cases.advance(replace(change, standing=standing))
    listed: CaseList = cases
    return listed


def found(cases: CaseList, **query: Any) -> list[str]:
    """The last two characters of the ids on the first page."""
    return [record.case.case_id[-2:] for record in cases.page(CaseQuery(**query)).records]


def test_the_newest_comes_first(cases: CaseList) -> None:
    """Who asks for nothing in particular sees all."""
    assert found(cases) == ["b4", "b3", "a2", "a1"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"state": CaseState.PENDING_APPROVAL}, ["b4", "a2", "a1"]),
        ({"state": CaseState.REJECTED}, ["b3"]),
        ({"state": CaseState.COMPLETED}, []),
        ({"is_decided": True}, ["b3"]),
        ({"is_decided": True, "state": CaseState.REJECTED}, ["b3"]),
        ({"is_decided": True, "state": CaseState.PENDING_APPROVAL}, []),
        ({"action": CaseAction.ESCALATION}, ["a2"]),
        ({"customer_id": "customer-7"}, ["b3", "a1"]),
        ({"text": "order-1"}, ["b3", "a1"]),
        ({"text": "order"}, []),
        ({"text": "customer-8"}, ["a2"]),
        ({"text": "case_b"}, ["b4", "b3"]),
        ({"text": "case_b3"}, ["b3"]),
        ({"text": "order-1", "state": CaseState.PENDING_APPROVAL}, ["a1"]),
        ({"text": "case_", "customer_id": "customer-9"}, ["b4"]),
    ],
)
def test_only_what_is_asked_for_is_listed(cases: CaseList, query: dict[str, Any], ids: list[str]) -> None:
    """By status, action and customer, by a whole order or customer id, by the start of a case id, and by several."""
    assert found(cases, **query) == ids


@pytest.mark.parametrize("query", [{}, {"state": CaseState.PENDING_APPROVAL}, {"text": "case_"}])
def test_pages_make_up_the_list(cases: CaseList, query: dict[str, Any]) -> None:
    """Page by page everything comes once, and the last page says that it is the last."""
    page = cases.page(CaseQuery(limit=2, **query))
    ids = [record.case.case_id[-2:] for record in page.records]
    while page.next:
        page = cases.page(CaseQuery(limit=2, after=page.next, **query))
        ids += [record.case.case_id[-2:] for record in page.records]

    assert ids == found(cases, **query)


def test_a_case_that_is_filed_meanwhile_moves_no_page(cases: Any) -> None:
    """The next page begins where the page before ended, whatever came on top."""
    first = cases.page(CaseQuery(limit=2))
    cases.advance(a_change(case=a_case("case_c5"), at="2026-01-15T10:09:00.000Z"))

    second = cases.page(CaseQuery(limit=2, after=first.next))

    assert [record.case.case_id for record in second.records] == ["case_a2", "case_a1"]
