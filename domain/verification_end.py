"""How a verification ended: what the limits are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.challenge import Channel
from domain.payloads import fields_of, text, truth


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
