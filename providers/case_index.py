"""The list of cases in an Azure table, newest first: one row for each case, and a second one while it is open.

All rows are in one partition, so both rows of a case change in one transaction, and a page is a range of keys. The open
ones have a range of their own, since they are what is looked for all day; ended ones are found by a filter over all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.case_list import CasePage, place_of
from domain.cases import OPEN, CaseState
from domain.errors import StorageError
from providers.case_rows import case_row, record_in
from providers.tables import Write

if TYPE_CHECKING:
    from domain.case_list import CaseQuery
    from domain.cases import CaseRecord
    from providers.tables import Table

INDEX_TABLE: Final = "CountersignCaseIndex"
_PARTITION: Final = "cases"
_ALL: Final = "all"
_OPEN: Final = "open"
_TRIES: Final = 5
_TEXT: Final = "( orderId eq @text or customerId eq @text or ( caseId ge @text and caseId lt @text_end ) )"
"""The SDK knows a name by the blanks around it."""


class TableCaseIndex:
    """A list that follows the cases; it may be behind for a moment, never ahead."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table

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
        wanted, values = _filter(query)
        rows = self._table.select(wanted, values, most=query.limit + 1)
        records = tuple(record_in(row) for row in rows[: query.limit])
        is_last = len(rows) <= query.limit
        return CasePage(records=records, next=None if is_last else place_of(records[-1]))


def _writes(record: CaseRecord, listed: dict[str, Any] | None) -> list[Write]:
    etag = listed["etag"] if listed else None
    writes = [Write(kind="replace" if listed else "insert", row=_row(record, _ALL), etag=etag)]
    if record.standing.state in OPEN:
        writes.append(Write(kind="put", row=_row(record, _OPEN)))
    elif listed and listed["state"] in OPEN:
        writes.append(Write(kind="delete", row=_row(record, _OPEN)))
    return writes


def _row(record: CaseRecord, range_: str) -> dict[str, Any]:
    return case_row(record) | {"PartitionKey": _PARTITION, "RowKey": f"{range_}.{place_of(record)}"}


def _filter(query: CaseQuery) -> tuple[str, dict[str, Any]]:
    """Return the filter for *query*, and the values that it names."""
    range_ = _OPEN if query.state in OPEN else _ALL
    values: dict[str, Any] = {
        "partition": _PARTITION,
        "after": f"{range_}.{query.after or ''}",
        "end": f"{range_}/",  # the character behind the dot
        "state": query.state,
        "pending": CaseState.PENDING_APPROVAL if query.is_decided else None,
        "action": query.action,
        "customer": query.customer_id,
        "text": query.text,
        "text_end": f"{query.text}~" if query.text else None,  # behind every character of an id
    }
    parts = ["PartitionKey eq @partition and RowKey gt @after and RowKey lt @end"]
    parts += [
        f"{column} eq @{name}"
        for name, column in (("state", "state"), ("action", "action"), ("customer", "customerId"))
        if values[name] is not None
    ]
    if query.is_decided:
        parts.append("state ne @pending")
    if query.text is not None:
        parts.append(_TEXT)
    return " and ".join(parts), {name: str(value) for name, value in values.items() if value is not None}
