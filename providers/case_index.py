"""The list of cases in an Azure table, newest first: a row for each case in each of the lists that it belongs to.

There is a list of all, one of those that are decided, and one for each state, so that a page is a range of keys. All
rows are in one partition, so that the rows of a case change in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.case_list import CasePage, place_of
from domain.cases import CaseState
from domain.errors import StorageError
from providers.case_reach import Reach
from providers.case_rows import case_row, record_in
from providers.tables import Write

if TYPE_CHECKING:
    from domain.case_list import CaseQuery
    from domain.cases import CaseRecord
    from providers.tables import Table

INDEX_TABLE: Final = "CountersignCaseIndex"
_PARTITION: Final = "lists"
_ALL: Final = "all"
_DECIDED: Final = "decided"
_TRIES: Final = 5
_TEXT: Final = "( orderId eq @text or customerId eq @text or ( caseId ge @text and caseId lt @text_end ) )"
"""The SDK knows a name by the blanks around it."""


class TableCaseIndex:
    """A list that follows the cases; it may be behind for a moment, never ahead."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table
        self._reach = Reach()

    def put(self, record: CaseRecord) -> None:
        """List *record*, unless a later one of its case is listed."""
        place = place_of(record)
        for _ in range(_TRIES):
            listed = self._table.find(_PARTITION, f"{_ALL}.{place}")
            if listed and listed["version"] >= record.version:
                return
            if self._table.commit(_writes(record, listed)):
                return
        message = f"case {record.case.case_id} is being listed by others"
        raise StorageError(message)

    def page(self, query: CaseQuery) -> CasePage:
        """Return the next cases that fit."""
        found = self._found(query)
        self._reach.learn(query, [place_of(record) for record in found])
        records = found[: query.limit]
        return CasePage(records=records, next=place_of(records[-1]) if len(found) > query.limit else None)

    def _found(self, query: CaseQuery) -> tuple[CaseRecord, ...]:
        """Return the next cases that fit, with one more than wanted if there are more."""
        guess = self._reach.guess(query)
        found = self._before(guess, query) if guess else ()
        return found if len(found) > query.limit else self._before(None, query)

    def _before(self, end: str | None, query: CaseQuery) -> tuple[CaseRecord, ...]:
        wanted, values = _filter(query, end)
        return tuple(record_in(row) for row in self._table.select(wanted, values, most=query.limit + 1))


def _writes(record: CaseRecord, listed: dict[str, Any] | None) -> list[Write]:
    """Return the writes that list *record* unless its case is no longer as *listed* says."""
    etag = listed["etag"] if listed else None
    before = _lists(CaseState(listed["state"])) if listed else ()
    now = _lists(record.standing.state)
    return [
        Write(kind="replace" if listed else "insert", row=_row(record, _ALL), etag=etag),
        *(Write(kind="put", row=_row(record, name)) for name in now),
        *(Write(kind="delete", row=_row(record, name)) for name in before if name not in now),
    ]


def _lists(state: CaseState) -> tuple[str, ...]:
    """Return in which lists, beside that of all, a case of *state* is."""
    return (state,) if state is CaseState.PENDING_APPROVAL else (state, _DECIDED)


def _row(record: CaseRecord, name: str) -> dict[str, Any]:
    return case_row(record) | {"PartitionKey": _PARTITION, "RowKey": f"{name}.{place_of(record)}"}


def _filter(query: CaseQuery, end: str | None) -> tuple[str, dict[str, Any]]:
    """Return the filter for *query* that goes no further than *end*, and the values that it names."""
    name = _DECIDED if query.is_decided else query.state or _ALL
    values: dict[str, Any] = {
        "partition": _PARTITION,
        "after": f"{name}.{query.after or ''}",
        "end": f"{name}.{end}" if end else f"{name}/",  # the character behind the dot
        "state": query.state if query.is_decided else None,
        "action": query.action,
        "customer": query.customer_id,
        "text": query.text,
        "text_end": f"{query.text}~" if query.text else None,  # behind every character of an id
    }
    parts = ["PartitionKey eq @partition and RowKey gt @after and RowKey lt @end"]
    parts += [
        f"{column} eq @{value}"
        for value, column in (("state", "state"), ("action", "action"), ("customer", "customerId"))
        if values[value] is not None
    ]
    if query.text is not None:
        parts.append(_TEXT)
    return " and ".join(parts), {key: str(value) for key, value in values.items() if value is not None}
