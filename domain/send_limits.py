"""What is remembered of sends: how many went out, and whether anybody behind a prefix ever answers.

Who pumps messages into a range of numbers gets paid for each and answers none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from domain.phone_limits import as_bytes, instants_in
from domain.rates import longest_window, remembered, wait_for

if TYPE_CHECKING:
    from domain.limit_ports import Fields
    from domain.rates import Rates

JUDGED: Final = 20
LEAST_SHARE: Final = 10  # one in so many has to be verified
BLOCK: Final = timedelta(hours=12) // timedelta(milliseconds=1)
PREFIX_WITHOUT: Final = 4  # digits at the end of a number that tell one phone from its neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRecord:
    """The sends to one prefix, or all sends; instants are milliseconds."""

    sends: tuple[int, ...] = ()
    judged: int = 0
    verified: int = 0
    blocked_until: int = 0

    @classmethod
    def from_fields(cls, fields: Fields | None) -> SendRecord:
        """Read what `to_fields` wrote; before the first send the record is empty."""
        if fields is None:
            return cls()
        return cls(
            sends=instants_in(fields["sends"]),
            judged=int(fields["judged"]),
            verified=int(fields["verified"]),
            blocked_until=int(fields["blockedUntil"]),
        )

    def to_fields(self) -> Fields:
        """Return the record as it is stored."""
        return {
            "sends": as_bytes(self.sends),
            "judged": self.judged,
            "verified": self.verified,
            "blockedUntil": self.blocked_until,
        }

    def wait(self, rates: Rates, now: int) -> int:
        """Return in how many milliseconds a message may be sent; 0 for now."""
        blocked = BLOCK if self._is_pumped else self.blocked_until - now
        return max(blocked, wait_for(rates, self.sends, now), 0)

    def sent(self, rates: Rates, now: int, *, is_judged: bool) -> tuple[SendRecord, int]:
        """Return the record with one more send, and 0; or the record without it, and how long to wait.

        Where it *is_judged* how many are answered, that is done over twenty sends when the next one is due, since those
        before it had time to be answered by then.
        """
        if self._is_pumped and self.blocked_until <= now:
            return replace(self, judged=0, verified=0, blocked_until=now + BLOCK), BLOCK
        wait = self.wait(rates, now)
        if wait:
            return self, wait
        after = replace(self, sends=remembered(rates, self.sends, now))
        if not is_judged:
            return after, 0
        if self.judged >= JUDGED:
            return replace(after, judged=1, verified=0), 0
        return replace(after, judged=self.judged + 1), 0

    def answered(self) -> SendRecord:
        """Return the record once one of its messages was answered with the right code."""
        return replace(self, verified=self.verified + 1)

    def until(self, rates: Rates) -> int:
        """Return the instant from which on the record says nothing any more."""
        return max(self.blocked_until, *(at + max(longest_window(rates), BLOCK) for at in self.sends[-1:]), 0)

    @property
    def _is_pumped(self) -> bool:
        return self.judged >= JUDGED and self.verified * LEAST_SHARE < self.judged
