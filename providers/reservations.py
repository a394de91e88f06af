"""Sums that are reserved on orders, in an Azure table: one partition an order.

The row `sum` is changed with every reservation under its ETag, so that no two of them can count on the same rest.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from domain.errors import StorageError
from domain.orders import RESERVED_FOR
from domain.payloads import stamp
from providers.tables import Write

if TYPE_CHECKING:
    from domain.refund import RefundCase
    from providers.tables import Table

RESERVATION_TABLE: Final = "CountersignReservations"
_SUM: Final = "sum"
_HELD: Final = "held"
_TRIES: Final = 20
_HELD_MOST: Final = 1000


class TableReservations:
    """Reservations that survive the worker."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table

    def reserve(self, case: RefundCase, *, total: int, now: datetime) -> bool:
        """Keep the sum of a case free for a while, and say whether it fits."""
        return self._hold(case, now, total=total, until=stamp(now + RESERVED_FOR))

    def make_firm(self, case: RefundCase, *, now: datetime) -> bool:
        """Reserve the sum of a case for good, and say whether it still fits."""
        return self._hold(case, now, total=None, until=None)

    def free(self, case: RefundCase) -> None:
        """Give the sum of a case back."""
        for _ in range(_TRIES):
            head, held = self._held(case.order_id)
            mine = held.get(case.case_id)
            if head is None or mine is None:
                return
            if self._table.commit([_sum(head, head["total"]), Write(kind="delete", row=mine)]):
                return
        raise _contended(case)

    def _hold(self, case: RefundCase, now: datetime, *, total: int | None, until: str | None) -> bool:
        for _ in range(_TRIES):
            head, held = self._held(case.order_id)
            mine = held.get(case.case_id)
            if mine is not None and (until is not None or mine.get("until") is None):
                return True
            whole = total if total is not None else head["total"] if head else 0
            taken = sum(row["amount"] for row in held.values() if row is not mine and _counts(row, now))
            if taken + case.amount > whole:
                return False
            row = {"PartitionKey": case.order_id, "RowKey": f"{_HELD}:{case.case_id}", "amount": case.amount}
            hold = Write(kind="put", row=row | {"caseId": case.case_id, "until": until})
            if self._table.commit([_sum(head or {"PartitionKey": case.order_id, "RowKey": _SUM}, whole), hold]):
                return True
        raise _contended(case)

    def _held(self, order_id: str) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
        """Return the row `sum`, read first, and what is held of the order, by case."""
        head = self._table.find(order_id, _SUM)
        wanted = "PartitionKey eq @order and RowKey ge @first and RowKey lt @last"
        values = {"order": order_id, "first": f"{_HELD}:", "last": f"{_HELD};"}
        rows = self._table.select(wanted, values, most=_HELD_MOST)
        return head, {row["caseId"]: row for row in rows}


def _counts(row: dict[str, Any], now: datetime) -> bool:
    until = row.get("until")
    return until is None or now < datetime.fromisoformat(until)


def _sum(head: dict[str, Any], total: int) -> Write:
    """Return the write that fails if anybody else changed what is held of the order."""
    row = {"PartitionKey": head["PartitionKey"], "RowKey": _SUM, "total": total}
    return Write(kind="replace" if "etag" in head else "insert", row=row, etag=head.get("etag"))


def _contended(case: RefundCase) -> StorageError:
    return StorageError(f"order of case {case.case_id} is being changed by others")
