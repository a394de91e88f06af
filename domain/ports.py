"""What the app wants of the world, named for what it wants; providers fulfil it.

Each promise says above all what a second call does, for activities run at least once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from domain.cases import CaseChange, Standing
    from domain.notices import CustomerNotice
    from domain.phone_number import PhoneNumber
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

    def find(self, case_id: str) -> CaseChange | None:
        """Return the change that stands, or None for a case that nobody opened; may raise `StorageError`."""


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
