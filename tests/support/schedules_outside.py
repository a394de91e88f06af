"""The outside services that an app meets: they outlive every crash of the host, and fail as they are told to."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from domain.errors import StorageError
from domain.sms import SendOutcome
from providers.memory import MemoryCases, MemoryNotices, MemoryRefundLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.cases import CaseChange, Standing
    from domain.notices import CustomerNotice
    from domain.sms import Sms


Answer = TypeVar("Answer")


class SmsFault(StrEnum):
    """What becomes of one message."""

    NONE = "none"
    RETRY = "retry"
    RETRY_THOUGH_SENT = "retry though sent"  # as when the provider hangs until we give up
    REFUSED = "refused"
    RAISES = "raises"
    SLOW = "slow"
    TOO_SLOW = "too slow"


class StorageFault(StrEnum):
    """What becomes of one call to a store."""

    NONE = "none"
    AWAY = "away"
    ANSWER_LOST = "answer lost"
    RAISES = "raises"


_TAKES = {SmsFault.SLOW: timedelta(seconds=20), SmsFault.TOO_SLOW: timedelta(seconds=61)}
_ENDS = {
    SmsFault.RETRY: SendOutcome.RETRY,
    SmsFault.RETRY_THOUGH_SENT: SendOutcome.RETRY,
    SmsFault.REFUSED: SendOutcome.REFUSED,
}


@dataclass
class FaultySms:
    """A provider that keeps what it was given, and has one fault after the other until none is left."""

    faults: deque[SmsFault]
    pass_by: Callable[[timedelta], None]
    messages: list[Sms] = field(default_factory=list)

    async def send(self, sms: Sms) -> SendOutcome:
        fault = self.faults.popleft() if self.faults else SmsFault.NONE
        self.pass_by(_TAKES.get(fault, timedelta(0)))
        self.messages.append(sms)
        if fault is SmsFault.RAISES:
            message = "the provider broke in a way that nobody foresaw"
            raise RuntimeError(message)
        return _ENDS.get(fault, SendOutcome.SENT)

    def codes(self) -> set[str]:
        """The codes in all messages that anybody may have got."""
        return {code for sms in self.messages for code in re.findall(r"\b\d{4,}\b", sms.body)}


class Faults:
    """Faults of one store, one call each; afterwards it works."""

    def __init__(self, faults: Iterable[StorageFault]) -> None:
        self._coming = deque(faults)
        self.met = 0

    def call(self, work: Callable[[], Answer]) -> Answer:
        """Run *work* as well as the next fault lets it run."""
        fault = self._coming.popleft() if self._coming else StorageFault.NONE
        self.met += fault is not StorageFault.NONE
        if fault is StorageFault.RAISES:
            message = "the store broke in a way that nobody foresaw"
            raise RuntimeError(message)
        if fault is StorageFault.AWAY:
            message = "away"
            raise StorageError(message)
        answer = work()
        if fault is StorageFault.ANSWER_LOST:
            message = "no answer"
            raise StorageError(message)
        return answer


class FaultyCases(MemoryCases):
    """Cases in a store with faults."""

    def __init__(self, faults: Iterable[StorageFault]) -> None:
        super().__init__()
        self.faults = Faults(faults)

    def advance(self, change: CaseChange) -> Standing:
        return self.faults.call(lambda: MemoryCases.advance(self, change))


class FaultyLedger(MemoryRefundLedger):
    """A ledger in a store with faults."""

    def __init__(self, faults: Iterable[StorageFault]) -> None:
        super().__init__()
        self.faults = Faults(faults)

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        pay = MemoryRefundLedger.pay_back
        return self.faults.call(lambda: pay(self, key=key, order_id=order_id, amount=amount, currency=currency))


class FaultyNotices(MemoryNotices):
    """Notices in a store with faults."""

    def __init__(self, faults: Iterable[StorageFault]) -> None:
        super().__init__()
        self.faults = Faults(faults)

    def tell(self, notice: CustomerNotice) -> None:
        self.faults.call(lambda: MemoryNotices.tell(self, notice))
