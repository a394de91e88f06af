"""Providers that keep everything in this process: for tests, and to see what a real one has to promise."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from domain.cases import standing_against
from domain.errors import ConflictError

if TYPE_CHECKING:
    from domain.cases import CaseChange, Standing
    from domain.notices import CustomerNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One payment."""

    key: str
    order_id: str
    amount: int
    currency: str
    receipt: str


class MemoryCases:
    """Cases that end with the process."""

    def __init__(self) -> None:
        self.standing: dict[str, CaseChange] = {}
        self._lock = Lock()

    def advance(self, change: CaseChange) -> Standing:
        """Write a change down if the case may come to it, and return where the case stands."""
        with self._lock:
            written = self.standing.get(change.case.case_id)
            standing = standing_against(change, written) if written else None
            if standing:
                return standing
            self.standing[change.case.case_id] = change
            return change.standing

    def find(self, case_id: str) -> CaseChange | None:
        """Return the change that stands, or None for a case that nobody opened."""
        return self.standing.get(case_id)


class MemoryRefundLedger:
    """A ledger that ends with the process; `bookings` has every payment ever made."""

    def __init__(self) -> None:
        self.bookings: list[Booking] = []
        self._lock = Lock()

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        """Book a refund once, and return its receipt."""
        with self._lock:
            for booked in self.bookings:
                if booked.key == key:
                    return _receipt_of(booked, (order_id, amount, currency))
            receipt = f"rcpt_{secrets.token_hex(12)}"
            self.bookings.append(Booking(key=key, order_id=order_id, amount=amount, currency=currency, receipt=receipt))
            return receipt


class MemoryNotices:
    """Notices that end with the process, in the order in which they were told."""

    def __init__(self) -> None:
        self.told: list[CustomerNotice] = []
        self._lock = Lock()

    def tell(self, notice: CustomerNotice) -> None:
        """Keep a notice once."""
        with self._lock:
            if all((told.case_id, told.state) != (notice.case_id, notice.state) for told in self.told):
                self.told.append(notice)


def _receipt_of(booked: Booking, terms: tuple[str, int, str]) -> str:
    if (booked.order_id, booked.amount, booked.currency) != terms:
        message = f"{booked.key} stands for another refund"
        raise ConflictError(message)
    return booked.receipt
