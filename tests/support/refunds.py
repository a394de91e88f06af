"""Refund cases to test with, each with defaults that a test need not mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.completions import Completion
from domain.notices import ApproverNotice, CustomerNotice
from domain.refund import CaseLimits, RefundCase

CASE_ID = "case_0123456789abcdef0123456789abcdef"
BODY: dict[str, Any] = {
    "action": "refund",
    "orderId": "order-1001",
    "customerId": "customer-7",
    "amount": 1999,
    "currency": "EUR",
    "description": "The lamp came broken.",
}


def a_case(case_id: str = CASE_ID, **fields: Any) -> RefundCase:
    """A case; *fields* are those of the JSON object."""
    return RefundCase.from_payload(BODY | {"caseId": case_id} | fields)


def an_input(*, accepts: bool = True, **fields: Any) -> dict[str, Any]:
    """What the starter hands to the flow."""
    limits = CaseLimits(accept_operator_decisions=accepts)
    return a_case().to_payload() | limits.to_payload() | fields


def a_change(
    state: CaseState = CaseState.PENDING_APPROVAL,
    resolution: Resolution | None = None,
    *,
    comment: str | None = None,
    case: RefundCase | None = None,
    at: str = "2026-01-15T10:00:00.000Z",
    **fields: Any,
) -> CaseChange:
    """A change of a case."""
    change = CaseChange(
        case=case or a_case(),
        standing=Standing(state=state, resolution=resolution, comment=comment),
        at=at,
        due_at="2026-01-22T10:00:00.000Z",
        route="team",
        route_due_at="2026-01-18T10:00:00.000Z",
    )
    return replace(change, **fields)


def a_decision(
    state: CaseState = CaseState.APPROVED,
    by: str = "supervisor-1",
    *,
    resolution: Resolution = Resolution.SUPERVISOR,
    at: str = "2026-01-16T10:00:00.000Z",
) -> CaseChange:
    """A decision about a case."""
    standing = Standing(state=state, resolution=resolution, decided_by=by, decided_at=at, decided_on="team")
    return a_change(at=at, standing=standing)


def an_approver_notice(**fields: Any) -> ApproverNotice:
    """What approvers of the first route are told first."""
    notice = ApproverNotice(
        case=a_case(),
        route="team",
        number=1,
        at="2026-01-15T10:00:00.000Z",
        due_at="2026-01-22T10:00:00.000Z",
        route_due_at="2026-01-18T10:00:00.000Z",
    )
    return replace(notice, **fields)


def a_completion(**fields: Any) -> Completion:
    """What is published of a case that was paid."""
    completion = Completion(
        id=f"{CASE_ID}.completed",
        type="countersign.case.completed",
        subject=CASE_ID,
        at="2026-01-16T10:00:00.000Z",
        data={"caseId": CASE_ID, "status": "completed"},
    )
    return replace(completion, **fields)


def a_notice(state: CaseState = CaseState.COMPLETED, case_id: str = CASE_ID) -> CustomerNotice:
    """A notice."""
    return CustomerNotice(case_id=case_id, customer_id="customer-7", state=state, at="2026-01-16T10:00:00.000Z")
