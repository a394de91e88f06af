"""The door of the refund flow, with what an operator starts it by."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from activities.close_if_due import close_if_due
from activities.issue_refund import issue_refund
from activities.notify_approvers import notify_approvers
from activities.notify_customer import notify_customer
from activities.publish_completion import publish_completion
from activities.read_decision import read_decision
from activities.read_retry import read_retry
from activities.record_decision import record_decision
from activities.update_case import update_case
from blueprints.payloads import Payload
from blueprints.starting import Start, new_id
from domain.cases import RETRIES_MOST, CaseChange
from domain.completions import Completion
from domain.notices import ApproverNotice, CustomerNotice
from domain.payloads import fields_of, text, truth, whole
from domain.refund import ID, REPAY_WITHIN, CaseLimits, RefundCase
from domain.routes import total
from orchestrators.refund_approval import refund_approval
from providers.wiring import providers
from settings import Settings

bp = df.Blueprint()

_BODY = ("action", "orderId", "customerId", "amount", "currency", "description")


@bp.orchestration_trigger(context_name="context")
def RefundApproval(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Give money back, or escalate, once a human agrees."""
    return refund_approval(context)


@bp.activity_trigger(input_name="payload")
def UpdateCase(payload: Payload) -> dict[str, Any]:
    """Write down where a case stands."""
    wired = providers()
    return update_case(
        CaseChange.from_payload(payload),
        cases=wired.cases,
        clock=wired.clock,
        reservations=wired.reservations if truth(payload, "isReserved") else None,
    )


@bp.activity_trigger(input_name="payload")
def NotifyApprovers(payload: Payload) -> dict[str, str]:
    """Tell approvers that a case waits for them."""
    return notify_approvers(ApproverNotice.from_payload(payload), approvers=providers().approvers)


@bp.activity_trigger(input_name="payload")
def ReadDecision(payload: Payload) -> dict[str, Any]:
    """Look whether a case is decided."""
    return read_decision(text(payload, "caseId", ID), cases=providers().cases)


@bp.activity_trigger(input_name="payload")
def RecordDecision(payload: Payload) -> dict[str, Any]:
    """Put an operator's decision on record."""
    return record_decision(CaseChange.from_payload(payload), cases=providers().cases)


@bp.activity_trigger(input_name="payload")
def CloseIfDue(payload: Payload) -> dict[str, Any]:
    """Put on record that nobody decided in time, unless somebody did."""
    return close_if_due(CaseChange.from_payload(payload), cases=providers().cases)


@bp.activity_trigger(input_name="payload")
def ReadRetry(payload: Payload) -> dict[str, Any]:
    """Look whether a payment that failed is to be tried anew."""
    number = whole(payload, "number", least=1, most=RETRIES_MOST)
    return read_retry(text(payload, "caseId", ID), number, retries=providers().retries)


@bp.activity_trigger(input_name="payload")
def IssueRefund(payload: Payload) -> dict[str, str]:
    """Pay a customer back."""
    return issue_refund(RefundCase.from_payload(payload), ledger=providers().ledger)


@bp.activity_trigger(input_name="payload")
def NotifyCustomer(payload: Payload) -> dict[str, str]:
    """Tell a customer how a case ended."""
    return notify_customer(CustomerNotice.from_payload(payload), notices=providers().notices)


@bp.activity_trigger(input_name="payload")
def PublishCompletion(payload: Payload) -> dict[str, str]:
    """Publish that something has ended."""
    return publish_completion(Completion.from_payload(payload), completions=providers().completions)


def refund_start(body: object) -> Start:
    """Return how the case in *body* is opened by an operator; nothing is started that has nowhere to be written."""
    wired = providers()
    case_id = new_id("case")
    case = RefundCase.from_payload(fields_of(body, *_BODY) | {"caseId": case_id})
    _ = wired.cases, wired.ledger, wired.notices, wired.approvers, wired.completions
    limits = case_limits(wired.settings)
    return Start(instance_id=case_id, input=case.to_payload() | limits.to_payload())


def case_limits(settings: Settings, *, is_reserved: bool = False) -> CaseLimits:
    """Return the limits that a case gets now and keeps."""
    return CaseLimits(
        accept_operator_decisions=settings.accept_operator_decisions,
        decide_within=total(settings.case_routes),
        routes=settings.case_routes,
        repay_within=REPAY_WITHIN,
        is_reserved=is_reserved,
    )
