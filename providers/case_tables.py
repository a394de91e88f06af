"""Cases in an Azure table: one partition a case, and an index beside it in a table of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from domain.case_list import AuditEntry
from domain.case_refusals import StaleVersionError
from domain.cases import Ruling, record_after
from domain.errors import ConflictError, StorageError
from providers.case_rows import AUDIT, CASE, DECISION, audit_row, case_row, change_row, entry_in, record_in
from providers.tables import Write

if TYPE_CHECKING:
    from domain.case_list import CasePage, CaseQuery
    from domain.cases import CaseChange, CaseRecord, Standing
    from providers.case_index import TableCaseIndex
    from providers.tables import Table

CASE_TABLE: Final = "CountersignCases"
_TRIES: Final = 5
_AUDIT_MOST: Final = 1000

logger = logging.getLogger(__name__)


class TableCases:
    """Cases that survive the worker."""

    def __init__(self, table: Table, index: TableCaseIndex) -> None:
        """Use *table*, and keep *index* in step with it."""
        self._table = table
        self._index = index

    def advance(self, change: CaseChange) -> Standing:
        """Write a change down if the case may come to it, and return where the case stands."""
        for _ in range(_TRIES):
            written, etag = self._found(change.case.case_id)
            record = record_after(change, written)
            if record is None or self._table.commit(_writes(record, etag)):
                standing = record or _there(written)
                self._index.put(standing)
                return standing.standing
        raise _contended(change)

    def find(self, case_id: str) -> CaseRecord | None:
        """Return what is written about a case, or None if nobody opened it."""
        return self._found(case_id)[0]

    def decide(self, change: CaseChange, *, version: int | None = None, key: str | None = None) -> Ruling:
        """Write a decision down unless one stands, and return the one that stands."""
        case_id = change.case.case_id
        for _ in range(_TRIES):
            written, etag = self._found(case_id)
            record = record_after(change, written)
            if record is None:
                return self._ruling(_there(written))
            if written and version is not None and written.version != version:
                message = f"case {case_id} is not of that version any more"
                raise StaleVersionError(message)
            decision = case_row(record, key=DECISION) | {"key": key}
            if self._table.commit([*_writes(record, etag), Write(kind="insert", row=decision)]):
                self._show(record)
                return Ruling(record=record, key=key)
        raise _contended(change)

    def ask_anew(self, case_id: str, *, number: int, who: str, at: str) -> None:
        """Write down once that a payment is to be tried anew."""
        entry = AuditEntry(at=at, who=who, what="retry_asked", detail=str(number))
        row = {"PartitionKey": case_id, "RowKey": _retry(number), "who": who, "at": at}
        write_once(self._table, row, entry)

    def is_asked_anew(self, case_id: str, *, number: int) -> bool:
        """Say whether a payment is to be tried anew."""
        return self._table.find(case_id, _retry(number)) is not None

    def page(self, query: CaseQuery) -> CasePage:
        """Return the next cases that fit, newest first."""
        return self._index.page(query)

    def audit(self, case_id: str) -> list[AuditEntry]:
        """Return all that happened to a case, oldest first."""
        wanted = "PartitionKey eq @case and RowKey ge @first and RowKey lt @last"
        values = {"case": case_id, "first": f"{AUDIT}:", "last": f"{AUDIT};"}
        return [entry_in(row) for row in self._table.select(wanted, values, most=_AUDIT_MOST)]

    def _found(self, case_id: str) -> tuple[CaseRecord | None, str]:
        row = self._table.find(case_id, CASE)
        return (record_in(row), row["etag"]) if row else (None, "")

    def _ruling(self, written: CaseRecord) -> Ruling:
        row = self._table.find(written.case.case_id, DECISION)
        return Ruling(record=record_in(row), key=row.get("key")) if row else Ruling(record=written)

    def _show(self, record: CaseRecord) -> None:
        """Bring the list up to date; if that fails, the decision stands all the same and the flow does it later."""
        try:
            self._index.put(record)
        except StorageError:
            logger.warning("case could not be listed as decided", extra={"instance_id": record.case.case_id})


def write_once(table: Table, row: dict[str, Any], entry: AuditEntry) -> None:
    """Write *row* and what the audit trail says about it, unless the row is there."""
    case = table.find(row["PartitionKey"], CASE)
    trail = audit_row(row["PartitionKey"], entry, version=case["version"] if case else 0)
    table.commit([Write(kind="insert", row=row), Write(kind="insert", row=trail)])


def _writes(record: CaseRecord, etag: str) -> list[Write]:
    """Return the writes that make a record stand where one with *etag* does, or none."""
    case = Write(kind="replace" if etag else "insert", row=case_row(record), etag=etag or None)
    return [case, Write(kind="insert", row=change_row(record))]


def _retry(number: int) -> str:
    return f"retry:{number}"


def _there(written: CaseRecord | None) -> CaseRecord:
    if written is None:
        message = "there is no such case"
        raise ConflictError(message)
    return written


def _contended(change: CaseChange) -> StorageError:
    return StorageError(f"case {change.case.case_id} is being changed by others")
