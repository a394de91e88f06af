"""Orders in a JSON file; whoever has a shop of his own writes another provider of this port."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.errors import PayloadError, SettingError
from domain.orders import Order
from domain.payloads import fields_of

if TYPE_CHECKING:
    from pathlib import Path


class OrdersFile:
    """Orders that are read once."""

    def __init__(self, path: Path) -> None:
        """Read *path*: a list of ``{"orderId","customerId","total","currency"}``."""
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))
            orders = [Order.from_payload(fields_of(one)) for one in listed]
        except (OSError, ValueError, TypeError, PayloadError) as error:
            message = f"Setting OrdersFile names {path}, which is no JSON list of orders: {type(error).__name__}."
            raise SettingError(message) from error
        self._orders = {order.order_id: order for order in orders}

    def find(self, order_id: str) -> Order | None:
        """Return an order, or None if there is none."""
        return self._orders.get(order_id)
