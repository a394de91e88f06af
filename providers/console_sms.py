"""Prints SMS instead of sending them, and keeps the last hundred for the developer who waits for one."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, TypedDict

from domain.payloads import stamp
from domain.sms import SendOutcome

if TYPE_CHECKING:
    from domain.ports import Clock
    from domain.sms import Sms

KEPT = 100


class Delivery(TypedDict):
    """One message as the outbox shows it."""

    instanceId: str
    to: str
    body: str
    at: str


class Outbox:
    """The last messages, in the memory of this worker only."""

    def __init__(self) -> None:
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)

    def put(self, delivery: Delivery) -> None:
        """Keep one more, and forget the oldest if there are too many."""
        self._deliveries.append(delivery)

    def of(self, instance_id: str | None) -> list[Delivery]:
        """Return what was sent for an instance, oldest first; None: for all."""
        return [kept for kept in self._deliveries if instance_id in (None, kept["instanceId"])]


class ConsoleSms:
    """An SMS sender that prints. A second call prints again."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def send(self, sms: Sms) -> SendOutcome:
        """Print *sms* and keep it."""
        at = stamp(self._clock.now())
        sys.stdout.write(f"SMS to {sms.masked}: {sms.body}\n")
        sys.stdout.flush()
        self._outbox.put({"instanceId": sms.instance_id, "to": sms.masked, "body": sms.body, "at": at})
        return SendOutcome.SENT
