"""How far a verification is: the custom status that everybody may read.

It never holds a code, a digest or a whole number, and fits the platform's 16 KB many times over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from domain.payloads import stamp

if TYPE_CHECKING:
    from datetime import datetime


class State(StrEnum):
    """Where a verification stands."""

    SENDING = "sending"
    AWAITING = "awaiting"
    VERIFIED = "verified"
    FAILED = "failed"
    CANCELED = "canceled"


class Reason(StrEnum):
    """Why a verification failed; while it is awaited, what was wrong with the last answer or the last resend."""

    CODE_MISMATCH = "code_mismatch"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    DELIVERY_FAILED = "delivery_failed"
    RATE_LIMITED = "rate_limited"
    STORAGE_UNAVAILABLE = "storage_unavailable"


class Verdict(StrEnum):
    """What became of one attempt."""

    VERIFIED = "verified"
    CODE_MISMATCH = "code_mismatch"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One state of a verification; each step returns the next."""

    to: str | None = None
    max_attempts: int = 0
    state: State = State.SENDING
    reason: Reason | None = None
    results: tuple[Verdict | None, ...] = ()
    expires_at: datetime | None = None
    passed_over: int = 0

    @property
    def attempt(self) -> int:
        """How many answers were used up."""
        return sum(verdict is not None for verdict in self.results)

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen any more."""
        return self.state in (State.VERIFIED, State.FAILED, State.CANCELED)

    @property
    def open_attempts(self) -> list[int]:
        """The numbers, from 1, of the attempts that no answer was used for."""
        used = {number for number, verdict in enumerate(self.results, 1) if verdict is not None}
        return [number for number in range(1, self.max_attempts + 1) if number not in used]

    def awaiting(self, deadline: datetime) -> Progress:
        """Return the progress once the SMS is handed over."""
        return replace(self, state=State.AWAITING, expires_at=deadline)

    def sent_again(self) -> Progress:
        """Return the progress once the same code was sent once more: the reason is that of the last answer again."""
        is_wrong = Verdict.CODE_MISMATCH in self.results
        return replace(self, reason=Reason.CODE_MISMATCH if is_wrong else None)

    def not_sent_again(self, reason: Reason) -> Progress:
        """Return the progress after the code could not be sent once more, which ends nothing."""
        return replace(self, reason=reason)

    def failed(self, reason: Reason) -> Progress:
        """Return the end of a verification that did not succeed."""
        return replace(self, state=State.FAILED, reason=reason)

    def canceled(self) -> Progress:
        """Return the end of a verification that its user gave up."""
        return replace(self, state=State.CANCELED, reason=None)

    def passing_over(self, most: int) -> Progress:
        """Return the progress after an answer that was none, of which there may be *most*."""
        if self.passed_over >= most:
            return self.failed(Reason.MALFORMED)
        return replace(self, passed_over=self.passed_over + 1)

    def judged(self, number: int, verdict: Verdict) -> Progress:
        """Return the progress after attempt *number* got its *verdict*."""
        results = [*self.results, *[None] * (number - len(self.results))]
        results[number - 1] = verdict
        after = replace(self, results=tuple(results))
        match verdict:
            case Verdict.VERIFIED:
                return replace(after, state=State.VERIFIED, reason=None)
            case Verdict.EXPIRED:
                return after.failed(Reason.EXPIRED)
            case Verdict.CODE_MISMATCH if after.open_attempts:
                return replace(after, reason=Reason.CODE_MISMATCH)
            case _:
                return after.failed(Reason.CODE_MISMATCH if self.max_attempts == 1 else Reason.ATTEMPTS_EXHAUSTED)

    def to_payload(self) -> dict[str, Any]:
        """Return the custom status."""
        return {
            "state": self.state.value,
            "reason": self.reason and self.reason.value,
            "attempt": self.attempt,
            "attemptsRemaining": self.max_attempts - self.attempt,
            "results": [verdict and verdict.value for verdict in self.results],
            "expiresAt": stamp(self.expires_at) if self.expires_at else None,
            "to": self.to,
        }
