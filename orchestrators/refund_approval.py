"""Give money back, or escalate, once a human agrees; and not at all if none answers in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.cases import CaseState, Standing
from domain.completions import Completion
from domain.events import retry_refund
from domain.notices import CustomerNotice
from domain.payloads import stamp
from domain.refund import CaseAction
from orchestrators.case_care import MALFORMED, PENDING, case_care, show, written
from orchestrators.deciding import decided
from orchestrators.doorbell import Doorbell, found_by
from orchestrators.trying import tried

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.case_care import CaseCare
    from orchestrators.context import Context


def refund_approval(context: Context) -> Generator[Any, Any, str]:
    """Return how the case ended: completed, rejected or refund_failed."""
    care = case_care(context)
    if care is None:
        show(context, MALFORMED, due_at=None)
        return MALFORMED.state.value

    standing = yield from written(care, PENDING, care.desks[0])
    if standing.state is CaseState.PENDING_APPROVAL:
        decision = yield from decided(care)
        standing = yield from written(care, decision)
    if standing.state is CaseState.APPROVED:
        standing = yield from _carried_out(care, standing)
    if standing != MALFORMED:
        yield from _told(care, standing)

    give_up_at = context.current_utc_datetime + care.limits.repay_within
    while standing.state is CaseState.REFUND_FAILED and (
        yield from _asked_anew(care, standing.retries + 1, give_up_at)
    ):
        standing = yield from _carried_out(care, replace(standing, retries=standing.retries + 1))
        if standing.state is CaseState.COMPLETED:
            yield from _told(care, standing)
    return standing.state.value


def _carried_out(care: CaseCare, standing: Standing) -> Generator[Any, Any, Standing]:
    """Do what was approved, and return where the case stands then."""
    is_done = care.case.action is CaseAction.ESCALATION or (yield from _paid(care))
    standing = replace(standing, state=CaseState.COMPLETED if is_done else CaseState.REFUND_FAILED)
    yield from written(care, standing)
    return standing


def _paid(care: CaseCare) -> Generator[Any, Any, bool]:
    """Pay the customer back, and say whether that is known to have worked."""
    case = care.case.to_payload()
    answer = yield from tried(care.context, "IssueRefund", case, within=care.limits.retry_within)
    return answer is not None and answer["outcome"] == "done"


def _told(care: CaseCare, standing: Standing) -> Generator[Any, Any, None]:
    """Tell the customer and the company how the case ended; if that cannot be done, it ends all the same."""
    context, case, within = care.context, care.case, care.limits.retry_within
    at = stamp(context.current_utc_datetime)
    notice = CustomerNotice(case_id=case.case_id, customer_id=case.customer_id, state=standing.state, at=at)
    yield from tried(context, "NotifyCustomer", notice.to_payload(), within=within)
    completion = Completion(
        id=f"{case.case_id}.{standing.state}",
        type=f"countersign.case.{standing.state}",
        subject=case.case_id,
        at=at,
        data={
            "caseId": case.case_id,
            "status": standing.state.value,
            "action": case.action.value,
            "orderId": case.order_id,
            "customerId": case.customer_id,
            "amount": case.amount,
            "currency": case.currency,
            "resolution": standing.resolution.value if standing.resolution else None,
        },
    )
    yield from tried(context, "PublishCompletion", completion.to_payload(), within=within)


def _asked_anew(care: CaseCare, number: int, give_up_at: datetime) -> Generator[Any, Any, bool]:
    """Wait until an operator wants retry *number* of the payment, and say whether one did."""
    if not care.limits.repay_within:
        return False
    payload: dict[str, object] = {"caseId": care.case.case_id, "number": number}
    found = yield from found_by(care.context, Doorbell(retry_refund(number)), give_up_at, "ReadRetry", payload)
    return found is not None
