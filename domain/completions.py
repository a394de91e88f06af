"""What the rest of a company hears when a case or a verification has ended: CloudEvents 1.0, without any secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.payloads import fields_of, text

_TYPE = r"countersign(\.[a-z_]+)+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One event; *id* is the same however often it is published, so that consumers can tell a repeat."""

    id: str
    type: str  # such as countersign.case.completed
    subject: str  # the id of the case or verification
    at: str  # an instant as text that ends in Z, written by the flow
    data: dict[str, Any]

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> Completion:
        """Read an event from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            id=text(fields, "id", most=200),
            type=text(fields, "type", _TYPE, most=100),
            subject=text(fields, "subject", most=100),
            at=text(fields, "time", most=40),
            data=fields_of(fields.get("data")),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the event as the JSON of CloudEvents, which `from_payload` reads."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": "/countersign",
            "type": self.type,
            "subject": self.subject,
            "time": self.at,
            "datacontenttype": "application/json",
            "data": self.data,
        }
