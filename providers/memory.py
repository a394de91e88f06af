"""Providers that keep everything in this process: for tests, and to see what a real one has to promise."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from threading import Lock, RLock
from typing import TYPE_CHECKING

from domain.case_list import AuditEntry, CasePage, place_of
from domain.case_refusals import StaleVersionError
from domain.cases import Ruling, record_after
from domain.errors import ConflictError
from domain.orders import RESERVED_FOR
from providers.case_rows import change_entry

if TYPE_CHECKING:
    from datetime import datetime

    from domain.case_list import CaseQuery
    from domain.cases import CaseChange, CaseRecord, Standing
    from domain.completions import Completion
    from domain.notices import ApproverNotice, CustomerNotice
    from domain.refund import RefundCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One payment."""

    key: str
    order_id: str
    amount: int
    currency: str
    receipt: str


class MemoryCases:
    """Cases that end with the process, with all that belongs to them."""

    def __init__(self) -> None:
        self.records: dict[str, CaseRecord] = {}
        self.rulings: dict[str, Ruling] = {}
        self.retries: dict[tuple[str, int], str] = {}
        self.trail: dict[str, list[AuditEntry]] = {}
        self._lock = RLock()

    def advance(self, change: CaseChange) -> Standing:
        """Write a change down if the case may come to it, and return where the case stands."""
        with self._lock:
            written = self.records.get(change.case.case_id)
            record = record_after(change, written)
            if record is not None:
                self._write(record)
            return self.records[change.case.case_id].standing

    def find(self, case_id: str) -> CaseRecord | None:
        """Return what is written about a case, or None if nobody opened it."""
        return self.records.get(case_id)

    def decide(self, change: CaseChange, *, version: int | None = None, key: str | None = None) -> Ruling:
        """Write a decision down unless one stands, and return the one that stands."""
        case_id = change.case.case_id
        with self._lock:
            written = self.records.get(case_id)
            record = record_after(change, written)
            if record is None:
                return self.rulings.get(case_id) or Ruling(record=self.records[case_id])
            if written and version is not None and written.version != version:
                message = f"case {case_id} is not of that version any more"
                raise StaleVersionError(message)
            self._write(record)
            self.rulings[case_id] = Ruling(record=record, key=key)
            return self.rulings[case_id]

    def ask_anew(self, case_id: str, *, number: int, who: str, at: str) -> None:
        """Write down once that a payment is to be tried anew."""
        with self._lock:
            if (case_id, number) not in self.retries:
                self.retries[case_id, number] = who
                self.trail[case_id].append(AuditEntry(at=at, who=who, what="retry_asked", detail=str(number)))

    def is_asked_anew(self, case_id: str, *, number: int) -> bool:
        """Say whether a payment is to be tried anew."""
        return (case_id, number) in self.retries

    def page(self, query: CaseQuery) -> CasePage:
        """Return the next cases that fit, newest first."""
        fitting = sorted((record for record in self.records.values() if query.fits(record)), key=place_of)
        later = [record for record in fitting if place_of(record) > (query.after or "")]
        records = tuple(later[: query.limit])
        return CasePage(records=records, next=place_of(records[-1]) if len(later) > query.limit else None)

    def audit(self, case_id: str) -> list[AuditEntry]:
        """Return all that happened to a case, oldest first."""
        return list(self.trail.get(case_id, ()))

    def _write(self, record: CaseRecord) -> None:
        self.records[record.case.case_id] = record
        self.trail.setdefault(record.case.case_id, []).append(change_entry(record))


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


class MemoryApproverNotices:
    """What approvers were told, in order."""

    def __init__(self) -> None:
        self.told: list[ApproverNotice] = []

    def ask(self, notice: ApproverNotice) -> None:
        """Keep a notice."""
        self.told.append(notice)


class MemoryCompletions:
    """What was published, in order."""

    def __init__(self) -> None:
        self.published: list[Completion] = []

    def publish(self, completion: Completion) -> None:
        """Keep a completion."""
        self.published.append(completion)


class MemoryReservations:
    """Reservations that end with the process."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}
        self.held: dict[str, dict[str, tuple[int, datetime | None]]] = {}
        self._lock = Lock()

    def reserve(self, case: RefundCase, *, total: int, now: datetime) -> bool:
        """Keep the sum of a case free for a while, and say whether it fits."""
        self.totals[case.order_id] = total
        return self._hold(case, now, until=now + RESERVED_FOR)

    def make_firm(self, case: RefundCase, *, now: datetime) -> bool:
        """Reserve the sum of a case for good, and say whether it still fits."""
        return self._hold(case, now, until=None)

    def free(self, case: RefundCase) -> None:
        """Give the sum of a case back."""
        with self._lock:
            self.held.get(case.order_id, {}).pop(case.case_id, None)

    def _hold(self, case: RefundCase, now: datetime, *, until: datetime | None) -> bool:
        with self._lock:
            held = self.held.setdefault(case.order_id, {})
            if case.case_id in held and (until is not None or held[case.case_id][1] is None):
                return True
            others = [one for case_id, one in held.items() if case_id != case.case_id]
            taken = sum(amount for amount, lapses in others if lapses is None or now < lapses)
            if taken + case.amount > self.totals.get(case.order_id, 0):
                return False
            held[case.case_id] = (case.amount, until)
            return True


def _receipt_of(booked: Booking, terms: tuple[str, int, str]) -> str:
    if (booked.order_id, booked.amount, booked.currency) != terms:
        message = f"{booked.key} stands for another refund"
        raise ConflictError(message)
    return booked.receipt
