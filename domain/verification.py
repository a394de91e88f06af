"""A verification as a user of our own API sees it: what is kept of it beside its instance, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from domain.progress import Reason, State, Verdict

if TYPE_CHECKING:
    from domain.limit_ports import Fields

RESENDS: Final = 2
RESEND_AFTER: Final = timedelta(seconds=30)


class Standing(StrEnum):
    """Where a verification stands, in the words of the API."""

    PENDING = "pending"
    VERIFIED = "verified"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRecord:
    """What the API remembers of a verification: no number, no code, no token."""

    phone: str  # a pseudonym
    to: str
    nonce: str
    key_id: str
    code_length: int
    max_attempts: int
    sent_at: int  # milliseconds; of the start or the last resend
    resends: int = 0

    @classmethod
    def from_fields(cls, fields: Fields) -> VerificationRecord:
        """Read what `to_fields` wrote."""
        return cls(
            phone=str(fields["phone"]),
            to=str(fields["to"]),
            nonce=str(fields["nonce"]),
            key_id=str(fields["keyId"]),
            code_length=int(fields["codeLength"]),
            max_attempts=int(fields["maxAttempts"]),
            sent_at=int(fields["sentAt"]),
            resends=int(fields["resends"]),
        )

    def to_fields(self) -> Fields:
        """Return the record as it is stored."""
        return {
            "phone": self.phone,
            "to": self.to,
            "nonce": self.nonce,
            "keyId": self.key_id,
            "codeLength": self.code_length,
            "maxAttempts": self.max_attempts,
            "sentAt": self.sent_at,
            "resends": self.resends,
        }

    @property
    def resends_left(self) -> int:
        """How often the message may be sent again."""
        return RESENDS - self.resends

    def wait_to_resend(self, now: int) -> int:
        """Return in how many milliseconds the message may be sent again; 0 for now."""
        return max(0, self.sent_at + RESEND_AFTER // timedelta(milliseconds=1) - now)

    def resent(self, now: int) -> VerificationRecord:
        """Return the record once the message is to be sent again."""
        return replace(self, resends=self.resends + 1, sent_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What can be seen of the instance of a verification."""

    state: State | None  # None: not even begun
    reason: Reason | None = None
    results: tuple[Verdict | None, ...] = ()
    attempts_remaining: int | None = None
    expires_at: str | None = None
    has_broken: bool = False  # ended past its flow: terminated by an operator

    @classmethod
    def from_status(cls, status: object, *, has_ended: bool) -> Sight:
        """Read a custom status; *has_ended* says whether the instance is over, whatever its status says."""
        if not isinstance(status, dict):
            return cls(state=None, has_broken=has_ended)
        state = State(status["state"])
        return cls(
            state=state,
            reason=Reason(status["reason"]) if status["reason"] else None,
            results=tuple(verdict and Verdict(verdict) for verdict in status["results"]),
            attempts_remaining=status["attemptsRemaining"],
            expires_at=status["expiresAt"],
            has_broken=has_ended and state in (State.SENDING, State.AWAITING),
        )

    @property
    def standing(self) -> Standing:
        """Where the verification stands."""
        if self.has_broken:
            return Standing.FAILED
        if self.state is State.FAILED:
            return Standing.EXPIRED if self.reason is Reason.EXPIRED else Standing.FAILED
        return _STANDINGS[self.state]

    @property
    def is_open(self) -> bool:
        """Whether the verification may still come to be verified."""
        return self.standing is Standing.PENDING

    @property
    def is_awaiting(self) -> bool:
        """Whether its message is out and an answer is waited for."""
        return self.state is State.AWAITING and not self.has_broken

    def result(self, attempt: int) -> Verdict | None:
        """Return the verdict on attempt number *attempt*, if there is one yet."""
        return self.results[attempt - 1] if attempt <= len(self.results) else None

    def told_reason(self) -> dict[str, Any]:
        """Return the reason as a member of an answer, where there is one to tell.

        An expired verification says so by its status.
        """
        if self.reason is None or self.standing is Standing.EXPIRED:
            return {}
        return {"reason": self.reason.value}


_STANDINGS: Final = {
    None: Standing.PENDING,
    State.SENDING: Standing.PENDING,
    State.AWAITING: Standing.PENDING,
    State.VERIFIED: Standing.VERIFIED,
    State.CANCELED: Standing.CANCELED,
}
