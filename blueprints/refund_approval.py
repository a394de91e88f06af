"""The door of the refund flow, with what an operator starts it by."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from activities.issue_refund import issue_refund
from activities.notify_customer import notify_customer
from activities.update_case import update_case
from blueprints.payloads import Payload
from blueprints.starting import Start, new_id
from domain.cases import CaseChange
from domain.notices import CustomerNotice
from domain.payloads import fields_of
from domain.refund import CaseLimits, RefundCase
from orchestrators.refund_approval import refund_approval
from providers.wiring import providers

bp = df.Blueprint()

_BODY = ("action", "orderId", "customerId", "amount", "currency", "description")


@bp.orchestration_trigger(context_name="context")
def RefundApproval(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Give money back, or escalate, once a human agrees."""
    return refund_approval(context)


@bp.activity_trigger(input_name="payload")
def UpdateCase(payload: Payload) -> dict[str, Any]:
    """Write down where a case stands."""
    return update_case(CaseChange.from_payload(payload), cases=providers().cases)


@bp.activity_trigger(input_name="payload")
def IssueRefund(payload: Payload) -> dict[str, str]:
    """Pay a customer back."""
    return issue_refund(RefundCase.from_payload(payload), ledger=providers().ledger)


@bp.activity_trigger(input_name="payload")
def NotifyCustomer(payload: Payload) -> dict[str, str]:
    """Tell a customer how a case ended."""
    return notify_customer(CustomerNotice.from_payload(payload), notices=providers().notices)


def refund_start(body: object) -> Start:
    """Return how the case in *body* is opened by an operator; nothing is started that has nowhere to be written."""
    wired = providers()
    case_id = new_id("case")
    case = RefundCase.from_payload(fields_of(body, *_BODY) | {"caseId": case_id})
    limits = CaseLimits(accept_operator_decisions=wired.settings.accept_operator_decisions)
    _ = wired.cases, wired.ledger, wired.notices
    return Start(instance_id=case_id, input=case.to_payload() | limits.to_payload())
