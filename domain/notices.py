"""What customers and approvers are told about a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.cases import CaseState
from domain.payloads import fields_of, text, whole
from domain.refund import RefundCase


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotice:
    """How a case ended; there is at most one notice for each case and state."""

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

    @property
    def id(self) -> str:
        """The id by which whoever gets the notice twice knows it again."""
        return f"{self.case_id}.told.{self.state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverNotice:
    """A case that waits on a route: the first notice of a route is a request, those after it are reminders."""

    case: RefundCase
    route: str
    number: int  # of the notice on its route, from 1
    at: str
    due_at: str
    route_due_at: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> ApproverNotice:
        """Read a notice from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            case=RefundCase.from_payload(fields_of(fields.get("case"))),
            route=text(fields, "route"),
            number=whole(fields, "number", least=1, most=1_000_000),
            at=text(fields, "at"),
            due_at=text(fields, "dueAt"),
            route_due_at=text(fields, "routeDueAt"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the notice as the JSON object that `from_payload` reads."""
        return {
            "case": self.case.to_payload(),
            "route": self.route,
            "number": self.number,
            "at": self.at,
            "dueAt": self.due_at,
            "routeDueAt": self.route_due_at,
        }

    @property
    def id(self) -> str:
        """The id by which whoever gets the notice twice knows it again."""
        return f"{self.case.case_id}.{self.route}.{self.number}"
