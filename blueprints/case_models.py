"""The bodies of the API for cases, as pydantic models: they check requests and shape answers."""

from typing import Annotated, Literal

from pydantic import Field

from blueprints.models import AnswerBody, RequestBody
from domain.case_list import AuditEntry, CasePage
from domain.cases import CaseRecord, Standing
from domain.decision import COMMENT_LENGTH
from domain.refund import AMOUNT_MOST, DESCRIPTION_LENGTH, ID, RefundCase

Action = Literal["refund", "escalation"]
Status = Literal["pending_approval", "approved", "completed", "rejected", "refund_failed"]


class FileRequest(RequestBody):
    """What a customer wants of an order of theirs."""

    action: Action
    order_id: Annotated[str, Field(pattern=f"^{ID}$", examples=["order-1001"])]
    amount: Annotated[
        int, Field(ge=1, le=AMOUNT_MOST, description="In minor units: 1999 is 19.99 EUR.", examples=[1999])
    ]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
    description: Annotated[str, Field(min_length=1, max_length=DESCRIPTION_LENGTH, examples=["The lamp came broken."])]


class DecisionRequest(RequestBody):
    """What a supervisor says to a decision."""

    comment: Annotated[str, Field(max_length=COMMENT_LENGTH)] = ""


class ResolutionAnswer(AnswerBody):
    """The decision that stands: by whose act, what, when, on which route, and why."""

    decision: Literal["approved", "rejected"]
    kind: Literal["supervisor", "operator", "timeout", "lapsed", "malformed"]
    by: str | None
    at: str | None
    route: str | None
    comment: str | None

    @classmethod
    def of(cls, standing: Standing) -> "ResolutionAnswer | None":
        """Return the decision of which *standing* is the consequence; None if there is none yet."""
        if standing.resolution is None:
            return None
        return cls.model_validate(
            {
                "decision": standing.decision.state.value,
                "kind": standing.resolution.value,
                "by": standing.decided_by,
                "at": standing.decided_at,
                "route": standing.decided_on,
                "comment": standing.comment,
            }
        )


class CaseAnswer(AnswerBody):
    """A case."""

    id: str
    status: Status
    order_id: str
    customer_id: str
    action: Action
    amount: int
    currency: str
    description: str
    route: str
    created_at: str
    due_at: str | None
    route_due_at: str | None
    version: int
    resolution: ResolutionAnswer | None

    @classmethod
    def of(cls, record: CaseRecord) -> "CaseAnswer":
        """Return a case as it is told."""
        change = record.change
        return cls.about(
            record.case,
            status=record.standing.state.value,
            route=change.route,
            createdAt=record.created_at,
            dueAt=change.due_at,
            routeDueAt=change.route_due_at,
            version=record.version,
            resolution=ResolutionAnswer.of(record.standing),
        )

    @classmethod
    def about(cls, case: RefundCase, **members: object) -> "CaseAnswer":
        """Return what is told about *case* beside what its customer wants."""
        facts = case.to_payload()
        return cls.model_validate({"id": facts.pop("caseId"), **facts, **members})


class CasesAnswer(AnswerBody):
    """A page of the list, newest first."""

    items: list[CaseAnswer]
    next_cursor: str | None

    @classmethod
    def of(cls, page: CasePage) -> "CasesAnswer":
        """Return a page as it is told."""
        return cls(items=[CaseAnswer.of(record) for record in page.records], next_cursor=page.next)


class AuditItem(AnswerBody):
    """One thing that happened to a case."""

    at: str
    who: str
    what: str
    route: str | None
    detail: str | None


class AuditAnswer(AnswerBody):
    """All that happened to a case, oldest first."""

    items: list[AuditItem]

    @classmethod
    def of(cls, entries: list[AuditEntry]) -> "AuditAnswer":
        """Return a trail as it is told."""
        return cls(
            items=[
                AuditItem(at=entry.at, who=entry.who, what=entry.what, route=entry.route, detail=entry.detail)
                for entry in entries
            ]
        )


class RetryAnswer(AnswerBody):
    """A payment that is tried anew."""

    id: str
    status: Status
    retry: int
