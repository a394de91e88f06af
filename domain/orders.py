"""What was sold: of an order, as much as a refund needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from domain.payloads import text, whole
from domain.refund import AMOUNT_MOST, ID, currency_of

RESERVED_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order: whose it is, and what was paid for it, in minor units."""

    order_id: str
    customer_id: str
    total: int
    currency: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> Order:
        """Read an order from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            order_id=text(fields, "orderId", ID),
            customer_id=text(fields, "customerId", ID),
            total=whole(fields, "total", least=1, most=AMOUNT_MOST),
            currency=currency_of(fields),
        )
