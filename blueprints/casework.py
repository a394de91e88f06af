"""What the API for cases does, from filing one to trying its payment anew."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any

import azure.durable_functions as df

from blueprints.case_models import CaseAnswer, FileRequest, ResolutionAnswer, RetryAnswer
from blueprints.case_requests import no_case
from blueprints.idempotency import Request
from blueprints.principal import Principal
from blueprints.refund_approval import case_limits
from domain.case_refusals import (
    AlreadyDecidedError,
    AmountError,
    CurrencyMismatchError,
    NotRetryableError,
    OrderNotFoundError,
    SelfApprovalError,
)
from domain.cases import CaseRecord, CaseState, Resolution, Standing
from domain.decision import fitting
from domain.events import CASE_DECIDED, retry_refund
from domain.payloads import stamp
from domain.refund import CaseAction, RefundCase
from providers.wiring import Providers

FLOW = "RefundApproval"
LOOKS = 30
LOOK_SECONDS = 0.1

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Casework:
    """The work on cases for one request."""

    client: df.DurableOrchestrationClient
    wired: Providers

    async def file(self, who: Principal, wish: FileRequest, request: Request) -> CaseAnswer:
        """File a case for its customer, and return it once the flow has opened it."""
        noted = await asyncio.to_thread(request.begin)
        if noted.answer is not None:
            return CaseAnswer.model_validate(noted.answer)
        case = RefundCase.from_payload(
            wish.model_dump(by_alias=True) | {"caseId": noted.verification_id, "customerId": who.subject}
        )
        await asyncio.to_thread(self._admitted, case)
        await self._started(case)
        answer = await self._opened(case)
        await asyncio.to_thread(request.finish, answer.model_dump(by_alias=True))
        return answer

    async def seen(self, who: Principal, case_id: str) -> CaseRecord:
        """Return a case that *who* may see."""
        record = await asyncio.to_thread(self.wired.cases.find, case_id)
        if record is None or not (who.sees_all or record.case.customer_id == who.subject):
            raise no_case()
        return record

    async def decide(
        self, who: Principal, record: CaseRecord, said: Standing, *, version: int, key: str | None
    ) -> CaseAnswer:
        """Put a decision on record, let the flow look at it, and return the case as it was decided.

        Raise `AlreadyDecidedError` unless the decision that stands is this one, or was made with the same key.
        """
        if who.subject == record.case.customer_id:
            message = "who filed a case does not decide it"
            raise SelfApprovalError(message)
        at, token = stamp(self.wired.clock.now()), key or secrets.token_hex(16)
        standing = replace(said, decided_by=who.subject, decided_at=at, decided_on=record.change.route)
        change = replace(record.change, standing=standing, at=at)
        ruling = await asyncio.to_thread(self.wired.cases.decide, change, version=version, key=token)
        stands = ruling.record.standing
        if (ruling.key, stands.decided_by, stands.state) != (token, who.subject, said.state):
            raise AlreadyDecidedError(_told(stands))
        await _rung(self.client.raise_event(record.case.case_id, CASE_DECIDED, None), record.case.case_id)
        return CaseAnswer.of(ruling.record)

    async def retry(self, who: Principal, record: CaseRecord) -> RetryAnswer:
        """Have a failed payment tried anew; to ask again for the same retry changes nothing."""
        case_id, number = record.case.case_id, record.standing.retries + 1
        status = await self.client.get_status(case_id)
        is_waiting = status.runtime_status is df.OrchestrationRuntimeStatus.Running
        if record.standing.state is not CaseState.REFUND_FAILED or not is_waiting:
            message = "there is no failed payment to be tried anew"
            raise NotRetryableError(message)
        at = stamp(self.wired.clock.now())
        await asyncio.to_thread(self.wired.retries.ask_anew, case_id, number=number, who=who.subject, at=at)
        await _rung(self.client.raise_event(case_id, retry_refund(number), None), case_id)
        return RetryAnswer(id=case_id, status="refund_failed", retry=number)

    def _admitted(self, case: RefundCase) -> None:
        """Check a case against its order, and reserve its sum there."""
        order = self.wired.orders.find(case.order_id)
        if order is None or order.customer_id != case.customer_id:
            message = "there is no such order"
            raise OrderNotFoundError(message)
        if order.currency != case.currency:
            message = "the order was paid in another currency"
            raise CurrencyMismatchError(message)
        fits = case.amount <= order.total
        if fits and case.action is CaseAction.REFUND:
            fits = self.wired.reservations.reserve(case, total=order.total, now=self.wired.clock.now())
        if not fits:
            message = "that is more than what is left of the order"
            raise AmountError(message)

    async def _started(self, case: RefundCase) -> None:
        """Start the flow unless an earlier try of the same request did."""
        status = await self.client.get_status(case.case_id)
        if status.runtime_status is not None:
            return
        limits = case_limits(self.wired.settings, is_reserved=case.action is CaseAction.REFUND)
        given = case.to_payload() | limits.to_payload()
        await self.client.start_new(FLOW, instance_id=case.case_id, client_input=given)

    async def _opened(self, case: RefundCase) -> CaseAnswer:
        """Return the case as the flow opened it; if that takes too long, as it is going to."""
        for _ in range(LOOKS):
            record = await asyncio.to_thread(self.wired.cases.find, case.case_id)
            if record is not None:
                await asyncio.to_thread(self.wired.cases.advance, record.change)  # changes nothing, but lists the case
                return CaseAnswer.of(record)
            await asyncio.sleep(LOOK_SECONDS)
        return CaseAnswer.about(
            case,
            status=CaseState.PENDING_APPROVAL.value,
            route=self.wired.settings.case_routes[0].name,
            createdAt=stamp(self.wired.clock.now()),
            dueAt=None,
            routeDueAt=None,
            version=1,
            resolution=None,
        )


def verdict(state: CaseState, comment: str) -> Standing:
    """Return what a supervisor says."""
    return Standing(state=state, resolution=Resolution.SUPERVISOR, comment=fitting(comment))


async def _rung(ringing: Awaitable[object], case_id: str) -> None:
    """Ring the flow's bell; if that fails the flow looks by itself, so it is no failure of what was asked for."""
    (answer,) = await asyncio.gather(ringing, return_exceptions=True)
    if isinstance(answer, Exception):
        logger.warning("bell could not be rung", extra={"instance_id": case_id})


def _told(standing: Standing) -> dict[str, Any]:
    resolution = ResolutionAnswer.of(standing)
    return resolution.model_dump(by_alias=True) if resolution else {}
