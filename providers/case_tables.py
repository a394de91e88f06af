"""Cases in an Azure table: one partition a case, so that what belongs to it can be written in one transaction.

The row `case` says where the case stands; rows `notice:…` say what its customer was told. Whoever adds decisions,
retries or an audit trail finds their place beside these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.cases import CaseChange, Standing, standing_against
from domain.errors import StorageError
from domain.refund import RefundCase

if TYPE_CHECKING:
    from domain.notices import CustomerNotice
    from providers.tables import Table

CASE_TABLE: Final = "CountersignCases"
_ROW: Final = "case"
_TRIES: Final = 5


class TableCases:
    """Cases that survive the worker."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table

    def advance(self, change: CaseChange) -> Standing:
        """Write a change down if the case may come to it, and return where the case stands."""
        for _ in range(_TRIES):
            row = self._table.find(change.case.case_id, _ROW)
            if row is None:
                is_written = self._table.insert(_row(change, created_at=change.at))
            elif standing := standing_against(change, _change(row)):
                return standing
            else:
                is_written = self._table.replace(_row(change, created_at=row["createdAt"]), etag=row["etag"])
            if is_written:
                return change.standing
        message = f"case {change.case.case_id} is being changed by others"
        raise StorageError(message)

    def find(self, case_id: str) -> CaseChange | None:
        """Return the change that stands, or None for a case that nobody opened."""
        row = self._table.find(case_id, _ROW)
        return _change(row) if row else None


class TableNotices:
    """What customers are told, as rows that wait to be sent out."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table

    def tell(self, notice: CustomerNotice) -> None:
        """Write a notice down once."""
        self._table.insert({"PartitionKey": notice.case_id, "RowKey": f"notice:{notice.state}"} | notice.to_payload())


def _row(change: CaseChange, *, created_at: str) -> dict[str, Any]:
    """Spread a change over the columns of a row."""
    keys = {"PartitionKey": change.case.case_id, "RowKey": _ROW}
    times = {"createdAt": created_at, "changedAt": change.at, "dueAt": change.due_at}
    return keys | change.case.to_payload() | change.standing.to_payload() | times


def _change(row: dict[str, Any]) -> CaseChange:
    return CaseChange(
        case=RefundCase.from_payload(row),
        standing=Standing.from_payload(row),
        at=row["changedAt"],
        due_at=row["dueAt"],
    )
