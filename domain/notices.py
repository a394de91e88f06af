"""What a customer is told when a case has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.cases import CaseState
from domain.payloads import text


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotice:
    """One notice; there is at most one for each case and state."""

    case_id: str
    customer_id: str
    state: CaseState
    at: str  # an instant as text that ends in Z, written by the flow

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> CustomerNotice:
        """Read a notice from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            case_id=text(fields, "caseId"),
            customer_id=text(fields, "customerId"),
            state=CaseState(text(fields, "state", "|".join(CaseState))),
            at=text(fields, "at"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the notice as the JSON object that `from_payload` reads."""
        return {"caseId": self.case_id, "customerId": self.customer_id, "state": self.state.value, "at": self.at}
