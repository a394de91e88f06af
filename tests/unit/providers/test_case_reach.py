"""How far a page of the list of cases is guessed to reach."""

from __future__ import annotations

from typing import Any

import pytest

from domain.case_list import CaseQuery
from domain.cases import CaseState
from providers.case_reach import Reach

NEWEST = 8_230_000_000_000
EVERY = 1_000  # milliseconds between two cases
PENDING = CaseState.PENDING_APPROVAL


def places(count: int) -> list[str]:
    """The places of the newest cases of a list in which one is filed every second."""
    return [f"{NEWEST + EVERY * number}.case_{number}" for number in range(count)]


def taught(**query: Any) -> Reach:
    """A reach that saw the first page of pending cases, or of what else *query* says."""
    asked = {"state": PENDING, "limit": 10, **query}
    reach = Reach()
    reach.learn(CaseQuery(**asked), places(11))
    return reach


def test_nothing_is_guessed_of_an_unknown_list() -> None:
    """Each list has a reach of its own."""
    reach = taught()

    guesses = [reach.guess(CaseQuery(**query)) for query in ({}, {"state": CaseState.REJECTED}, {"is_decided": True})]

    assert guesses == [None, None, None]


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_a_page_is_guessed_to_reach_twice_as_far_as_its_cases_lie(limit: int) -> None:
    """The page, one case more and as many again are before the guess, and the next case is not."""
    guess = taught().guess(CaseQuery(state=PENDING, limit=limit))

    assert guess is not None
    assert sum(place < guess for place in places(500)) == 2 * (limit + 1) + 1


def test_a_later_page_is_guessed_from_where_it_begins() -> None:
    """A cursor tells where the page begins; how far apart cases are is known from the first page."""
    everything = places(500)

    guess = taught().guess(CaseQuery(state=PENDING, limit=10, after=everything[200]))

    assert guess is not None
    assert sum(everything[200] < place < guess for place in everything) == 22


def test_cases_of_one_moment_are_before_the_guess() -> None:
    """Where a whole page was filed within a millisecond, the guess is the next one."""
    reach = Reach()
    reach.learn(CaseQuery(limit=2), [f"{NEWEST}.case_{number}" for number in range(3)])

    assert reach.guess(CaseQuery(limit=2)) == f"{NEWEST + 1}"


def test_a_list_that_grew_short_is_forgotten() -> None:
    """Of a list without a second page nothing is guessed."""
    reach = taught()
    reach.learn(CaseQuery(state=PENDING, limit=10), places(10))

    assert reach.guess(CaseQuery(state=PENDING, limit=10)) is None


def test_a_later_page_teaches_nothing() -> None:
    """The end of a list says nothing about its beginning."""
    reach = taught()
    before = reach.guess(CaseQuery(state=PENDING))
    reach.learn(CaseQuery(state=PENDING, limit=10, after=places(1)[0]), places(3))

    assert reach.guess(CaseQuery(state=PENDING)) == before


@pytest.mark.parametrize("query", [{"text": "order-1"}, {"customer_id": "customer-7"}])
def test_searches_and_lists_of_one_customer_are_not_remembered(query: dict[str, Any]) -> None:
    """There can be any number of them, and memory must not grow with that."""
    assert taught(**query).guess(CaseQuery(state=PENDING, limit=10, **query)) is None
