"""How far the pages of a list of cases reach, guessed from those that were read before.

By its documentation Azure reads a page from its first row on and stops at its last. The emulator takes every row
that a filter lets through and sorts them all, so it is spared most of that by a filter that ends where the page does.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Final

from domain.case_list import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.case_list import CaseQuery

SLACK: Final = 2  # cases leave a list and come closer together; who falls short has to look twice
_MOMENT: Final = slice(13)  # the digits of a place that are milliseconds


class Reach:
    """What the latest first page of each list told: where it began, and how far apart its cases are."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._told: dict[CaseQuery, tuple[int, float]] = {}

    def guess(self, query: CaseQuery) -> str | None:
        """Return a place that lies behind the page and one case more, most likely, or None if nothing is known."""
        told = self._told.get(_list_of(query))
        if told is None:
            return None
        begin, apart = told
        if query.after:
            begin = _moment(query.after)
        return f"{begin + ceil(SLACK * apart * (query.limit + 1)) + 1:013}"

    def learn(self, query: CaseQuery, places: Sequence[str]) -> None:
        """Take note of a first page with more behind it; not of a search, nor of one customer's: there are too many."""
        if query.after or query.text or query.customer_id:
            return
        if len(places) <= query.limit:
            self._told.pop(_list_of(query), None)
            return
        begin = _moment(places[0])
        self._told[_list_of(query)] = begin, (_moment(places[-1]) - begin) / query.limit


def _list_of(query: CaseQuery) -> CaseQuery:
    """Return what all pages of a list have in common."""
    return replace(query, limit=PAGE, after=None)


def _moment(place: str) -> int:
    return int(place[_MOMENT])
