"""What is remembered of one phone so that it can be neither flooded nor guessed: starts, the live one, wrong answers.

All of it is one record that changes as a whole. A guess counts as wrong from the moment it is claimed, before anybody
compares it; the right one sets the count back. So no crash and no race gives a guess away for nothing.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from domain.rates import longest_window, remembered, wait_for

if TYPE_CHECKING:
    from domain.limit_ports import Fields
    from domain.rates import Rates

_MS: Final = timedelta(milliseconds=1)
LIVE: Final = timedelta(minutes=5) // _MS
LOCKS: Final = (timedelta(hours=24) // _MS, timedelta(days=7) // _MS)
FOREVER: Final = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRecord:
    """One phone; instants are milliseconds."""

    starts: tuple[int, ...] = ()
    live_id: str = ""
    live_until: int = 0
    wrong_answers: int = 0
    locks: int = 0
    locked_until: int = 0

    @classmethod
    def from_fields(cls, fields: Fields | None) -> PhoneRecord:
        """Read what `to_fields` wrote; a phone that nobody knows has a clean record."""
        if fields is None:
            return cls()
        return cls(
            starts=instants_in(fields["starts"]),
            live_id=str(fields["liveId"]),
            live_until=int(fields["liveUntil"]),
            wrong_answers=int(fields["wrongAnswers"]),
            locks=int(fields["locks"]),
            locked_until=int(fields["lockedUntil"]),
        )

    def to_fields(self) -> Fields:
        """Return the record as it is stored, with the instant from which on nothing in it matters."""
        return {
            "starts": as_bytes(self.starts),
            "liveId": self.live_id,
            "liveUntil": self.live_until,
            "wrongAnswers": self.wrong_answers,
            "locks": self.locks,
            "lockedUntil": self.locked_until,
        }

    def wait(self, rates: Rates, now: int) -> int:
        """Return in how many milliseconds a verification may start; 0 for now."""
        return max(self.locked_until - now, self.live_until - now, wait_for(rates, self.starts, now), 0)

    def started(self, verification_id: str, rates: Rates, now: int) -> tuple[PhoneRecord, int]:
        """Return the record once a verification has started, and 0; or the record as it is, and how long to wait.

        The one that is live already may start again, and is counted once.
        """
        if self.live_id == verification_id and self.live_until > now:
            return self, 0
        wait = self.wait(rates, now)
        if wait:
            return self, wait
        starts = remembered(rates, self.starts, now) if rates else ()
        return replace(self, starts=starts, live_id=verification_id, live_until=now + LIVE), 0

    def guessed(self, most: int, now: int) -> tuple[PhoneRecord, int]:
        """Return the record with one more guess, and 0; or the record as it is, and how long to wait.

        *most* guesses since the last right one lock the phone: for a day, then for a week, then for good.
        """
        if self.locked_until > now:
            return self, self.locked_until - now
        wrong = (0 if self.locked_until else self.wrong_answers) + 1
        if wrong < most:
            return replace(self, wrong_answers=wrong, locked_until=0), 0
        until = now + LOCKS[self.locks] if self.locks < len(LOCKS) else FOREVER
        return replace(self, wrong_answers=wrong, locks=self.locks + 1, locked_until=until), 0

    def ended(self, verification_id: str, *, is_verified: bool) -> PhoneRecord:
        """Return the record once the live verification has ended; another one's end changes nothing."""
        if self.live_id != verification_id:
            return self
        after = replace(self, live_id="", live_until=0)
        return after.lifted() if is_verified else after

    def lifted(self) -> PhoneRecord:
        """Return the record without wrong answers and locks."""
        return replace(self, wrong_answers=0, locks=0, locked_until=0)

    def until(self, rates: Rates) -> int:
        """Return the instant from which on the record says nothing any more."""
        if self.wrong_answers or self.locks:
            return FOREVER
        return max(self.live_until, *(at + longest_window(rates) for at in self.starts[-1:]), 0)


def as_bytes(instants: tuple[int, ...]) -> bytes:
    """Return instants in a form that keeps thousands of them in one field."""
    return array("q", instants).tobytes()


def instants_in(value: object) -> tuple[int, ...]:
    """Return the instants that `as_bytes` was given."""
    instants = array("q")
    instants.frombytes(value if isinstance(value, bytes) else b"")
    return tuple(instants)
