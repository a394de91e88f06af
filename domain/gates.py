"""The gates that keep messages and guesses within their limits, whoever asks on whichever host.

Each asks storage once for what it lets through, and lets nothing through where storage does not answer.
Waits are milliseconds; 0 means: go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from domain.phone_limits import PhoneRecord, as_bytes, instants_in
from domain.rates import longest_window, remembered, wait_for
from domain.send_limits import PREFIX_WITHOUT, SendRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.limit_ports import Fields, Pseudonyms, Records
    from domain.ports import Clock
    from domain.rates import Rates

ALL: Final = "all"
KEEP_UNTIL: Final = "keepUntil"  # the instant from which on a record may be forgotten
_SUBNET: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that the settings name; no rate, and None, is no limit."""

    starts_per_phone: Rates
    starts_per_address: Rates
    sends_per_prefix: Rates
    sends_in_all: Rates
    wrong_answers_per_phone: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What all gates stand on."""

    limits: Limits
    records: Records
    names: Pseudonyms
    clock: Clock

    def now(self) -> int:
        """Return the present instant in milliseconds."""
        return int(self.clock.now().timestamp() * 1000)

    def admit_address(self, address: str) -> int:
        """Count one more start from an address, and return how long it has to wait."""
        rates = self.limits.starts_per_address
        if not rates:
            return 0
        now = self.now()

        def step(fields: Fields | None) -> tuple[Fields | None, int]:
            past = instants_in(fields["starts"]) if fields else ()
            wait = wait_for(rates, past, now)
            if wait:
                return None, wait
            return {"starts": as_bytes(remembered(rates, past, now)), KEEP_UNTIL: now + longest_window(rates)}, 0

        return self.records.change(self._name("address", _origin_of(address)), step)

    def admit_start(self, number: str, verification_id: str) -> int:
        """Count one more start for a phone and note it as the live one; return how long it has to wait instead."""
        now, rates = self.now(), self.limits.starts_per_phone
        return self._change_phone(self.phone(number), lambda record: record.started(verification_id, rates, now))

    def admit_guess(self, phone: str) -> int:
        """Count one more guess as wrong until it is known to be right; return how long it has to wait instead."""
        most, now = self.limits.wrong_answers_per_phone, self.now()
        if most is None:
            return 0
        return self._change_phone(phone, lambda record: record.guessed(most, now))

    def locked_for(self, phone: str) -> int:
        """Return for how long a phone is locked, and count nothing."""
        if self.limits.wrong_answers_per_phone is None:
            return 0
        return max(0, PhoneRecord.from_fields(self.records.find(phone)).locked_until - self.now())

    def note_end(self, number: str, verification_id: str, *, is_verified: bool) -> None:
        """Let a phone start anew, since its verification has ended; a second call changes nothing."""
        self._change_phone(
            self.phone(number), lambda record: (record.ended(verification_id, is_verified=is_verified), 0)
        )

    @property
    def counts_sends(self) -> bool:
        """Whether any limit on sends is on."""
        return bool(self.limits.sends_per_prefix or self.limits.sends_in_all)

    def admit_send(self, number: str) -> int:
        """Count one more message to a number, and return how long it has to wait instead."""
        now = self.now()
        for name, rates in self._sends(number):
            wait = self._change_sends(name, rates, _one_more(rates, now, is_judged=name != ALL))
            if wait:
                return wait
        return 0

    def wait_to_send(self, number: str) -> int:
        """Return how long a message to a number would have to wait, and count nothing."""
        now = self.now()
        found = ((rates, self.records.find(name)) for name, rates in self._sends(number))
        return max((SendRecord.from_fields(fields).wait(rates, now) for rates, fields in found), default=0)

    def note_answered(self, number: str) -> None:
        """Note that somebody behind a number's prefix answered. A second call counts twice, which does no harm."""
        for name, rates in self._sends(number)[:1] if self.limits.sends_per_prefix else []:
            self._change_sends(name, rates, lambda record: (record.answered(), 0))

    def look(self, number: str) -> PhoneRecord:
        """Return what is remembered of a phone."""
        return PhoneRecord.from_fields(self.records.find(self.phone(number)))

    def lift(self, number: str) -> None:
        """Forget a phone's wrong answers and locks."""
        self._change_phone(self.phone(number), lambda record: (record.lifted(), 0))

    def phone(self, number: str) -> str:
        """Return the name under which a phone is remembered."""
        return self._name("phone", number)

    def _sends(self, number: str) -> list[tuple[str, Rates]]:
        limited = [
            (self._name("prefix", number[:-PREFIX_WITHOUT]), self.limits.sends_per_prefix),
            (ALL, self.limits.sends_in_all),
        ]
        return [(name, rates) for name, rates in limited if rates]

    def _change_phone(self, name: str, change: Callable[[PhoneRecord], tuple[PhoneRecord, int]]) -> int:
        def step(fields: Fields | None) -> tuple[Fields | None, int]:
            before = PhoneRecord.from_fields(fields)
            after, wait = change(before)
            is_same = after == before
            until = after.until(self.limits.starts_per_phone)
            return (None if is_same else after.to_fields() | {KEEP_UNTIL: until}), wait

        return self.records.change(name, step)

    def _change_sends(self, name: str, rates: Rates, change: Callable[[SendRecord], tuple[SendRecord, int]]) -> int:
        def step(fields: Fields | None) -> tuple[Fields | None, int]:
            before = SendRecord.from_fields(fields)
            after, wait = change(before)
            is_same = after == before
            return (None if is_same else after.to_fields() | {KEEP_UNTIL: after.until(rates)}), wait

        return self.records.change(name, step)

    def _name(self, kind: str, text: str) -> str:
        return f"{kind}-{self.names.of(kind, text)}"


def _one_more(rates: Rates, now: int, *, is_judged: bool) -> Callable[[SendRecord], tuple[SendRecord, int]]:
    return lambda record: record.sent(rates, now, is_judged=is_judged)


def _origin_of(address: str) -> str:
    """Return what one caller has of addresses: an IPv4 address, or a /64 of IPv6; "unknown" for what is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, _SUBNET), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
