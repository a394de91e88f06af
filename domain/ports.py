"""What the app wants of the world, named for what it wants; providers fulfil it.

Each promise says above all what a second call does, for activities run at least once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from domain.case_list import AuditEntry, CasePage, CaseQuery
    from domain.cases import CaseChange, CaseRecord, Ruling, Standing
    from domain.completions import Completion
    from domain.notices import ApproverNotice, CustomerNotice
    from domain.orders import Order
    from domain.phone_number import PhoneNumber
    from domain.refund import RefundCase
    from domain.sms import SendOutcome, Sms


class Clock(Protocol):
    """Tells the time. Orchestrators never ask it; they have the time of their turn."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""


class SmsSender(Protocol):
    """Hands messages to somebody who delivers them."""

    async def send(self, sms: Sms) -> SendOutcome:
        """Hand *sms* over and say how that ended; never raises for what the provider does.

        A second call sends a second message, so the text of both must be the same.
        """


class CodeSource(Protocol):
    """Derives codes and their digests; nothing is stored, so the same question always gets the same answer."""

    def newest_key_id(self) -> str:
        """Return the id of the key that new verifications use."""

    def code(self, *, instance_id: str, nonce: str, key_id: str, length: int) -> str:
        """Return the code of a verification: *length* digits, the first of them no zero."""

    def digest(self, *, instance_id: str, nonce: str, key_id: str, code: str) -> str:
        """Return what stands for *code* where a code must not be kept; useless without the key."""


class NumberVault(Protocol):
    """Keeps whole phone numbers out of what is stored."""

    def seal(self, number: str) -> str:
        """Return *number* encrypted; two calls give two texts."""

    def unseal(self, sealed: str) -> str:
        """Return the number that `seal` was given, also with an older key; `PayloadError` if it is none of ours."""


class NumberReader(Protocol):
    """Knows which texts are numbers of phones that may get an SMS."""

    def read(self, text: str) -> PhoneNumber:
        """Return the number that *text* writes; raises `PhoneNumberError` or `DestinationError`."""


class Cases(Protocol):
    """Keeps where each case stands, for as long as the case is of interest."""

    def advance(self, change: CaseChange) -> Standing:
        """Write *change* down if the case may come to it, opening the case if need be, and return where it stands.

        The first decision stands: a case never goes back and never leaves an end. A second call changes nothing.
        Raises `ConflictError` if the id belongs to a case with other facts, `StorageError` if it cannot be known.
        """

    def find(self, case_id: str) -> CaseRecord | None:
        """Return what is written about a case, or None if nobody opened it; may raise `StorageError`."""

    def decide(self, change: CaseChange, *, version: int | None = None, key: str | None = None) -> Ruling:
        """Write down the decision that *change* holds unless one stands, and return the one that stands.

        *key* is kept with it. A case that nobody opened is opened as decided. Of many calls at once, one is first.
        Raises `StaleVersionError` if the case is undecided but not of *version*, and what `advance` raises.
        """


class CaseRetries(Protocol):
    """Keeps which payments that failed are to be tried anew."""

    def ask_anew(self, case_id: str, *, number: int, who: str, at: str) -> None:
        """Write down that *who* wants retry *number*; a second call changes nothing. May raise `StorageError`."""

    def is_asked_anew(self, case_id: str, *, number: int) -> bool:
        """Say whether somebody wants retry *number*; may raise `StorageError`."""


class CaseList(Protocol):
    """Finds cases, and tells what happened to them."""

    def page(self, query: CaseQuery) -> CasePage:
        """Return the next cases that fit, newest first; may raise `StorageError`."""

    def audit(self, case_id: str) -> list[AuditEntry]:
        """Return all that happened to a case, oldest first; nothing of it is ever changed. May raise `StorageError`."""


class Orders(Protocol):
    """Knows what was sold."""

    def find(self, order_id: str) -> Order | None:
        """Return an order, or None if there is none."""


class Reservations(Protocol):
    """Sees to it that the refunds of an order never exceed it."""

    def reserve(self, case: RefundCase, *, total: int, now: datetime) -> bool:
        """Keep the sum of *case* free for a while, and say whether it fits; a second call changes nothing.

        What was reserved and is not made firm in time lapses. May raise `StorageError`, as the others may.
        """

    def make_firm(self, case: RefundCase, *, now: datetime) -> bool:
        """Reserve the sum of *case* for good, and say whether it still fits; a second call changes nothing."""

    def free(self, case: RefundCase) -> None:
        """Give the sum of *case* back; a second call changes nothing."""


class RefundLedger(Protocol):
    """Pays customers back, once a key."""

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        """Pay *amount* minor units back and return the receipt; a second call with *key* returns the first receipt.

        Raises `ConflictError` if *key* stands for another order or sum, `StorageError` if nothing is known to be paid;
        the call may then be made again.
        """


class CustomerNotices(Protocol):
    """Tells customers what became of their cases."""

    def tell(self, notice: CustomerNotice) -> None:
        """Have *notice* sent; a second call for the same case and state leaves one. May raise `StorageError`."""


class ApproverNotices(Protocol):
    """Tells approvers what waits for them."""

    def ask(self, notice: ApproverNotice) -> None:
        """Have *notice* sent, by its id; a second call may send it again. May raise `StorageError`."""


class Completions(Protocol):
    """Tells the rest of the company what has ended."""

    def publish(self, completion: Completion) -> None:
        """Publish *completion*, by its id; a second call may publish it again. May raise `StorageError`."""
