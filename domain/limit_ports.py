"""What limits and idempotency want of storage: small records that many hosts change, and claims that one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = str | int | bytes
Fields = dict[str, Value]
T = TypeVar("T")


class Records(Protocol):
    """Keeps small records by name. Each method raises `StorageError` if it cannot be known what is written."""

    def find(self, name: str) -> Fields | None:
        """Return the record, or None if there is none."""

    def change(self, name: str, step: Callable[[Fields | None], tuple[Fields | None, T]]) -> T:
        """Replace the record by the first of what *step* makes of it, and return the second; None leaves it as it is.

        Of many calls at once, on all hosts, each sees what the one before it wrote; *step* may be called again with
        what somebody else wrote, and so decides only. A crash leaves the record before or after.
        """

    def forget(self, name: str) -> None:
        """Remove the record and all claims under its name; a second call changes nothing."""


class Claims(Protocol):
    """Knows who was first."""

    def claim(self, name: str, what: str) -> bool:
        """Say whether this is the first claim to *what* under *name*, on all hosts and for good.

        A second call says no, also where the answer to the first was lost. Raises `StorageError` if it cannot be known.
        """


class Pseudonyms(Protocol):
    """Names things without saying them."""

    def of(self, kind: str, text: str) -> str:
        """Return the name of *text* among things of its *kind*: always the same, and useless without our key."""


class Tokens(Protocol):
    """Knows who started a verification, though nothing is stored."""

    def token(self, verification_id: str, key_id: str) -> str:
        """Return the token of a verification, always the same."""

    def is_token(self, verification_id: str, token: str) -> bool:
        """Say whether *token* is that of the verification, in a time that tells nothing."""
