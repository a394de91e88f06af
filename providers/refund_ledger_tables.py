"""The refund ledger in an Azure table.

An intent row stands under the key of the refund alone, so a key can never be used for a second order or sum. The
booking, which is the payment, stands in the partition of its order, where sums can be kept in one transaction with it.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from domain.errors import ConflictError, StorageError
from domain.payloads import stamp

if TYPE_CHECKING:
    from providers.tables import Table

LEDGER_TABLE: Final = "CountersignRefunds"
_INTENT: Final = "intent"


class RefundIntents:
    """What is about to be paid, under the key of the refund alone."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table

    def intend(self, key: str, terms: dict[str, Any]) -> None:
        """Write down what is about to be paid; raise `ConflictError` if the key stands for something else."""
        intent = {"PartitionKey": key, "RowKey": _INTENT, **terms}
        if self._table.insert(intent):
            return
        standing = self._table.find(key, _INTENT)
        if standing is None or any(standing[name] != value for name, value in terms.items()):
            message = f"{key} stands for another refund"
            raise ConflictError(message)

    def claim(self, key: str, *, now: datetime, until: datetime) -> bool:
        """Say whether the payment may be asked for now; if so, nobody else may before *until*."""
        intent = self._table.find(key, _INTENT)
        if intent is None or now < datetime.fromisoformat(intent.get("claimedUntil") or stamp(now)):
            return False
        etag = intent.pop("etag")
        return self._table.replace(intent | {"claimedUntil": stamp(until)}, etag=etag)


class TableRefundLedger:
    """A ledger that survives the worker."""

    def __init__(self, table: Table) -> None:
        """Use *table*."""
        self._table = table
        self._intents = RefundIntents(table)

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        """Book a refund once, and return its receipt."""
        terms = {"orderId": order_id, "amount": amount, "currency": currency}
        self._intents.intend(key, terms)

        booked = self._table.find(order_id, key)
        if booked is None:
            booking = {"PartitionKey": order_id, "RowKey": key, **terms, "receipt": f"rcpt_{secrets.token_hex(12)}"}
            booked = booking if self._table.insert(booking) else self._table.find(order_id, key)
        if booked is None:
            message = f"the booking of {key} was there and is gone"
            raise StorageError(message)
        return str(booked["receipt"])
