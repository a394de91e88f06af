"""The gates over records in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.gates import Gates, Limits
from domain.rates import rates_in
from providers.codes import DerivedPseudonyms
from providers.records_memory import MemoryRecords
from tests.support.builders import KEY
from tests.support.fakes import FakeClock

NUMBER = "+12025550143"
NEIGHBOUR = "+12025550199"
STRANGER = "+13105550143"
LIMITS = Limits(
    starts_per_phone=rates_in("3/10m"),
    starts_per_address=rates_in("2/10m"),
    sends_per_prefix=rates_in("2/10m"),
    sends_in_all=rates_in("3/10m"),
    wrong_answers_per_phone=10,
)
OFF = Limits(
    starts_per_phone=(), starts_per_address=(), sends_per_prefix=(), sends_in_all=(), wrong_answers_per_phone=None
)
TEN_MINUTES = 600_000


@pytest.fixture
def gates() -> Gates:
    """Gates over records of their own."""
    return Gates(limits=LIMITS, records=MemoryRecords(), names=DerivedPseudonyms([KEY]), clock=FakeClock())


def test_a_prefix_is_a_number_without_its_last_four_digits(gates: Gates) -> None:
    """Neighbours share a limit on sends, strangers do not, and there is one for all. Threat 16."""
    waits = [gates.admit_send(number) for number in (NUMBER, NEIGHBOUR, NUMBER, STRANGER, STRANGER)]

    assert waits == [0, 0, TEN_MINUTES, 0, TEN_MINUTES]


def test_looking_counts_nothing(gates: Gates) -> None:
    """Whether a message would have to wait can be asked as often as one likes."""
    before = [gates.wait_to_send(NUMBER) for _ in range(5)]
    gates.admit_send(NUMBER)
    gates.admit_send(NUMBER)

    assert before == [0] * 5
    assert gates.wait_to_send(NUMBER) == TEN_MINUTES


@pytest.mark.parametrize(
    ("addresses", "waits"),
    [
        (["192.0.2.1"] * 3, [0, 0, TEN_MINUTES]),
        (["192.0.2.1", "192.0.2.2", "192.0.2.1"], [0, 0, 0]),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], [0, 0, TEN_MINUTES]),
        (["2001:db8::1", "2001:db8:0:1::1", "2001:db8::1"], [0, 0, 0]),
        (["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"], [0, 0, TEN_MINUTES]),
        (["", "nonsense", "unknown"], [0, 0, TEN_MINUTES]),
    ],
)
def test_an_address_starts_so_often(gates: Gates, addresses: list[str], waits: list[int]) -> None:
    """Counted is an IPv4 address or a /64 of IPv6; whoever has none shares one with all who have none. Threat 17."""
    assert [gates.admit_address(address) for address in addresses] == waits


def test_the_limits_follow_the_clock(gates: Gates) -> None:
    """A lock of a day is over after a day."""
    clock = FakeClock()
    gates = replace(gates, clock=clock)
    phone = gates.phone(NUMBER)
    for _ in range(10):
        gates.admit_guess(phone)

    locked = gates.locked_for(phone), gates.admit_guess(phone)
    clock.at += timedelta(days=1)

    assert locked == (86_400_000, 86_400_000)
    assert (gates.locked_for(phone), gates.admit_guess(phone)) == (0, 0)


def test_an_operator_lifts_a_lock(gates: Gates) -> None:
    """Lifting sets the count to zero."""
    phone = gates.phone(NUMBER)
    for _ in range(10):
        gates.admit_guess(phone)

    gates.lift(NUMBER)

    assert (gates.locked_for(phone), gates.look(NUMBER).wrong_answers) == (0, 0)


def test_an_answer_is_noted_for_its_prefix(gates: Gates) -> None:
    """Who answers keeps the prefix open."""
    gates.admit_send(NUMBER)

    gates.note_answered(NEIGHBOUR)

    records = gates.records
    assert isinstance(records, MemoryRecords)
    assert [fields["verified"] for name, fields in records.records.items() if name.startswith("prefix")] == [1]


def test_limits_that_are_off_ask_nobody(gates: Gates) -> None:
    """With all limits off, storage is asked only for the one live verification of a phone."""
    gates = replace(gates, limits=OFF)
    phone = gates.phone(NUMBER)

    waits = [gates.admit_send(NUMBER), gates.admit_address(""), gates.admit_guess(phone), gates.locked_for(phone)]
    gates.note_answered(NUMBER)

    assert waits == [0, 0, 0, 0]
    assert not gates.counts_sends
    assert isinstance(gates.records, MemoryRecords)
    assert gates.records.records == {}
    assert [gates.admit_start(NUMBER, f"ver_{number}") for number in range(2)] == [0, 300_000]


def test_no_number_stands_in_a_record(gates: Gates) -> None:
    """Records go by pseudonyms, which say nothing without the key. Threat 77."""
    gates.admit_send(NUMBER)
    gates.admit_start(NUMBER, "ver_1")
    gates.admit_address("192.0.2.1")

    assert isinstance(gates.records, MemoryRecords)
    stored = str(gates.records.records)
    assert "202555" not in stored
    assert "192.0.2.1" not in stored
