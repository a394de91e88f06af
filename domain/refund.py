"""A refund case: what a customer wants, and within which limits it is decided and carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from domain.currencies import CURRENCIES
from domain.errors import PayloadError
from domain.payloads import seconds, text, truth, whole
from domain.routes import Route, routes_of, total

AMOUNT_MOST: Final = 999_999_999_999  # minor units; far below what JSON readers hold exactly
DESCRIPTION_LENGTH: Final = 500

DECIDE_WITHIN: Final = timedelta(days=7)
LEG: Final = timedelta(hours=6)  # longer timers cannot be told from those that no longer can be cancelled
RETRY_WITHIN: Final = timedelta(hours=24)
REMIND_EVERY: Final = timedelta(days=1)
REPAY_WITHIN: Final = timedelta(days=30)
WINDOW_MOST: Final = timedelta(days=30)

ID: Final = "[A-Za-z0-9_-]{1,64}"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class CaseAction(StrEnum):
    """What is done once a case is approved."""

    REFUND = "refund"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCase:
    """What a customer wants; the case id is the id of the instance that looks after it."""

    case_id: str
    action: CaseAction
    order_id: str
    customer_id: str
    amount: int  # minor units
    currency: str
    description: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> RefundCase:
        """Read a case from its JSON object, whatever else is in it; raise `PayloadError` for a wrong field."""
        return cls(
            case_id=text(fields, "caseId", ID),
            action=CaseAction(text(fields, "action", "|".join(CaseAction))),
            order_id=text(fields, "orderId", ID),
            customer_id=text(fields, "customerId", ID),
            amount=whole(fields, "amount", least=1, most=AMOUNT_MOST),
            currency=currency_of(fields),
            description=_description(fields),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the case as the JSON object that `from_payload` reads."""
        return {
            "caseId": self.case_id,
            "action": self.action.value,
            "orderId": self.order_id,
            "customerId": self.customer_id,
            "amount": self.amount,
            "currency": self.currency,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLimits:
    """How long a case may take, on whose desk it lies when, and whether an operator's raw event may decide it."""

    accept_operator_decisions: bool
    decide_within: timedelta = DECIDE_WITHIN
    leg: timedelta = LEG
    retry_within: timedelta = RETRY_WITHIN
    record_within: timedelta = WINDOW_MOST  # how long a record that decides is asked for, where storage is away
    routes: tuple[Route, ...] = ()  # one after the other, in all as long as `decide_within`; none: one for all of it
    remind_every: timedelta = REMIND_EVERY
    repay_within: timedelta = timedelta()  # how long a payment that failed may be asked for anew
    is_reserved: bool = False  # whether the sum was reserved on its order before the flow began

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> CaseLimits:
        """Read the limits from a flow's input; raise `PayloadError` for a wrong or missing one."""
        longest = int(WINDOW_MOST.total_seconds())
        limits = cls(
            accept_operator_decisions=truth(fields, "acceptOperatorDecisions"),
            decide_within=seconds(fields, "decideWithinSeconds", least=1, most=longest),
            leg=seconds(fields, "legSeconds", least=1, most=int(LEG.total_seconds())),
            retry_within=seconds(fields, "retryWithinSeconds", least=0, most=longest),
            record_within=seconds(fields, "recordWithinSeconds", least=0, most=longest),
            routes=routes_of(fields.get("routes")),
            remind_every=seconds(fields, "remindEverySeconds", least=1, most=longest),
            repay_within=seconds(fields, "repayWithinSeconds", least=0, most=longest),
            is_reserved=truth(fields, "isReserved"),
        )
        if limits.routes and total(limits.routes) != limits.decide_within:
            message = "routes do not take as long as decideWithinSeconds says"
            raise PayloadError(message)
        return limits

    def to_payload(self) -> dict[str, Any]:
        """Return the limits as the JSON object that `from_payload` reads."""
        return {
            "acceptOperatorDecisions": self.accept_operator_decisions,
            "decideWithinSeconds": int(self.decide_within.total_seconds()),
            "legSeconds": int(self.leg.total_seconds()),
            "retryWithinSeconds": int(self.retry_within.total_seconds()),
            "recordWithinSeconds": int(self.record_within.total_seconds()),
            "routes": [route.to_payload() for route in self.routes],
            "remindEverySeconds": int(self.remind_every.total_seconds()),
            "repayWithinSeconds": int(self.repay_within.total_seconds()),
            "isReserved": self.is_reserved,
        }


def printable(given: str) -> str:
    """Return *given* without what no store can keep or no page can show: control characters, halves of pairs."""
    return _UNPRINTABLE.sub("", given)


def currency_of(fields: dict[str, Any]) -> str:
    """Return the currency in *fields*; raise `PayloadError` if it is none that money is paid back in."""
    currency = text(fields, "currency")
    if currency not in CURRENCIES:
        message = "currency is no code of ISO 4217 in capital letters, such as EUR"
        raise PayloadError(message)
    return currency


def _description(fields: dict[str, Any]) -> str:
    description = text(fields, "description", ".+", most=DESCRIPTION_LENGTH)
    if description != printable(description):
        message = "description holds control characters"
        raise PayloadError(message)
    return description
