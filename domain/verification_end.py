"""How a verification ended: what the limits are told, and what the rest of the company hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.challenge import Channel
from domain.completions import Completion
from domain.payloads import fields_of, text, truth
from domain.verification import Sight

if TYPE_CHECKING:
    from domain.progress import Progress

VERIFICATION_COMPLETED: Final = "countersign.verification.completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationEnd:
    """The end of a verification, with its number sealed."""

    verification_id: str
    channel: Channel
    sealed_number: str
    is_verified: bool

    @classmethod
    def from_payload(cls, payload: object) -> VerificationEnd:
        """Read the JSON object that `to_payload` writes."""
        fields = fields_of(payload)
        return cls(
            verification_id=text(fields, "verificationId", ".+"),
            channel=Channel(text(fields, "channel", "|".join(Channel))),
            sealed_number=text(fields, "sealedNumber", ".+", most=400),
            is_verified=truth(fields, "isVerified"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the JSON object that `from_payload` reads."""
        return {
            "verificationId": self.verification_id,
            "channel": self.channel.value,
            "sealedNumber": self.sealed_number,
            "isVerified": self.is_verified,
        }


def verification_completed(verification_id: str, progress: Progress, *, at: str) -> Completion:
    """Return the event that says how a verification ended; it holds no code and no whole number."""
    sight = Sight.from_status(progress.to_payload(), has_ended=True)
    data = {"id": verification_id, "status": sight.standing.value, "to": progress.to} | sight.told_reason()
    return Completion(
        id=f"{verification_id}.completed",
        type=VERIFICATION_COMPLETED,
        subject=verification_id,
        at=at,
        data=data,
    )
