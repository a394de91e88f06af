"""Give money back, or escalate, once a human agrees; and not at all if none answers in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.decision import MALFORMED_MOST, operator_decision
from domain.errors import PayloadError
from domain.events import APPROVAL
from domain.notices import CustomerNotice
from domain.payloads import fields_of, stamp
from domain.refund import CaseAction, CaseLimits, RefundCase
from orchestrators.context import input_of
from orchestrators.trying import tried
from orchestrators.waiting import first_event, pause_until

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.context import Context

_PENDING: Final = Standing(state=CaseState.PENDING_APPROVAL)
_MALFORMED: Final = Standing(state=CaseState.REJECTED, resolution=Resolution.MALFORMED)
_UNANSWERED: Final = Standing(state=CaseState.REJECTED, resolution=Resolution.TIMEOUT)


def refund_approval(context: Context) -> Generator[Any, Any, str]:
    """Return how the case ended: completed, rejected or refund_failed."""
    opened = _opened(context)
    if opened is None:
        _show(context, _MALFORMED, due_at=None)
        return _MALFORMED.state.value

    standing = yield from _written(opened, _PENDING)
    if standing == _PENDING:
        decided = yield from _decided(opened)
        standing = yield from _written(opened, decided)
    if standing.state is CaseState.APPROVED:
        is_done = opened.case.action is CaseAction.ESCALATION or (yield from _paid(opened))
        standing = replace(standing, state=CaseState.COMPLETED if is_done else CaseState.REFUND_FAILED)
        yield from _written(opened, standing)

    if standing != _MALFORMED:
        yield from _told(opened, standing)
    return standing.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A case that is being looked after."""

    context: Context
    case: RefundCase
    limits: CaseLimits
    due_at: datetime


def _opened(context: Context) -> _Opened | None:
    """Read the input; None if it is no case, or one that has another instance."""
    try:
        fields = fields_of(input_of(context))
        case, limits = RefundCase.from_payload(fields), CaseLimits.from_payload(fields)
    except PayloadError:
        return None
    if case.case_id != context.instance_id:
        return None
    due_at = context.current_utc_datetime + limits.decide_within
    return _Opened(context=context, case=case, limits=limits, due_at=due_at)


def _written(opened: _Opened, wanted: Standing) -> Generator[Any, Any, Standing]:
    """Write down where the case is to stand, and return where it does: whoever was first to decide it, decided it.

    If nothing can be written for too long, the case goes on as wanted: a decision is never undone by storage.
    """
    context = opened.context
    _show(context, wanted, due_at=opened.due_at)
    change = CaseChange(
        case=opened.case, standing=wanted, at=stamp(context.current_utc_datetime), due_at=stamp(opened.due_at)
    )
    answer = yield from tried(context, "UpdateCase", change.to_payload(), within=opened.limits.retry_within)
    if answer is None:
        return wanted
    standing = Standing.from_payload(answer) if answer["outcome"] == "done" else _MALFORMED
    _show(context, standing, due_at=opened.due_at)
    return standing


def _decided(opened: _Opened) -> Generator[Any, Any, Standing]:
    """Return the first decision that can be understood and comes in time; silence rejects."""
    context, due_at, leg = opened.context, opened.due_at, opened.limits.leg
    for _ in range(MALFORMED_MOST if opened.limits.accept_operator_decisions else 0):
        arrival = yield from first_event(context, [APPROVAL], due_at, leg=leg)
        if arrival is None:
            return _UNANSWERED
        decided = operator_decision(arrival.value)
        if decided is not None:
            return decided

    yield from pause_until(context, due_at, leg=leg)
    return _UNANSWERED


def _paid(opened: _Opened) -> Generator[Any, Any, bool]:
    """Pay the customer back, and say whether that is known to have worked."""
    case = opened.case.to_payload()
    answer = yield from tried(opened.context, "IssueRefund", case, within=opened.limits.retry_within)
    return answer is not None and answer["outcome"] == "done"


def _told(opened: _Opened, standing: Standing) -> Generator[Any, Any, None]:
    """Tell the customer how the case ended; if that cannot be done, the case ends all the same."""
    context, case = opened.context, opened.case
    notice = CustomerNotice(
        case_id=case.case_id,
        customer_id=case.customer_id,
        state=standing.state,
        at=stamp(context.current_utc_datetime),
    )
    yield from tried(context, "NotifyCustomer", notice.to_payload(), within=opened.limits.retry_within)


def _show(context: Context, standing: Standing, *, due_at: datetime | None) -> None:
    resolution = standing.resolution.value if standing.resolution else None
    due = stamp(due_at) if due_at else None
    context.set_custom_status({"state": standing.state.value, "resolution": resolution, "dueAt": due})
