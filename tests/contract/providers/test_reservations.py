"""What everybody who reserves sums on orders promises: refunds never exceed their order."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from providers.memory import MemoryReservations
from providers.reservations import TableReservations
from providers.tables import Table
from tests.support.fakes import NOON
from tests.support.refunds import a_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ports import Reservations
    from domain.refund import RefundCase

TOTAL = 5000
LATER = NOON + timedelta(minutes=15)


def of(amount: int, number: int = 1) -> RefundCase:
    """A case about the one order."""
    return a_case(f"case_{number}", amount=amount)


@pytest.fixture(params=["memory", "tables"])
def reservations(request: pytest.FixtureRequest) -> Iterator[Reservations]:
    """An order on which nothing is reserved."""
    if request.param == "memory":
        yield MemoryReservations()
        return
    with closing(Table(request.getfixturevalue("azurite"), f"Orders{secrets.token_hex(8)}")) as table:
        yield TableReservations(table)


def test_a_sum_up_to_the_total_is_reserved_and_no_more(reservations: Reservations) -> None:
    """Partial refunds may fill an order to the last unit (Threat 49)."""
    assert reservations.reserve(of(4999), total=TOTAL, now=NOON)
    assert not reservations.reserve(of(2, 2), total=TOTAL, now=NOON)
    assert reservations.reserve(of(1, 3), total=TOTAL, now=NOON)


def test_a_second_call_reserves_nothing_more(reservations: Reservations) -> None:
    """A case holds its sum once."""
    reservations.reserve(of(3000), total=TOTAL, now=NOON)

    assert reservations.reserve(of(3000), total=TOTAL, now=NOON)
    assert reservations.reserve(of(2000, 2), total=TOTAL, now=NOON)


def test_a_reservation_lapses_after_fifteen_minutes(reservations: Reservations) -> None:
    """A case that was never started keeps nothing from others."""
    reservations.reserve(of(TOTAL), total=TOTAL, now=NOON)

    assert not reservations.reserve(of(TOTAL, 2), total=TOTAL, now=LATER - timedelta(seconds=1))
    assert reservations.reserve(of(TOTAL, 2), total=TOTAL, now=LATER)


def test_what_is_firm_never_lapses(reservations: Reservations) -> None:
    """Days may pass until a case is decided."""
    reservations.reserve(of(TOTAL), total=TOTAL, now=NOON)

    assert reservations.make_firm(of(TOTAL), now=NOON)
    assert not reservations.reserve(of(1, 2), total=TOTAL, now=NOON + timedelta(days=7))


def test_a_lapsed_reservation_is_made_firm_if_the_rest_suffices(reservations: Reservations) -> None:
    """A start that took long is no rejection by itself."""
    reservations.reserve(of(TOTAL), total=TOTAL, now=NOON)

    assert reservations.make_firm(of(TOTAL), now=LATER)


def test_a_lapsed_reservation_that_others_took_is_not_made_firm(reservations: Reservations) -> None:
    """The sum of an order is never given twice (Threat 49)."""
    reservations.reserve(of(3000), total=TOTAL, now=NOON)
    reservations.reserve(of(3000, 2), total=TOTAL, now=LATER)

    assert not reservations.make_firm(of(3000), now=LATER)
    assert reservations.make_firm(of(3000, 2), now=LATER)


def test_a_sum_that_is_given_back_can_be_reserved_again(reservations: Reservations) -> None:
    """A rejection frees the sum; a second one frees nothing of others."""
    reservations.reserve(of(TOTAL), total=TOTAL, now=NOON)
    reservations.free(of(TOTAL))
    reservations.reserve(of(TOTAL, 2), total=TOTAL, now=NOON)

    reservations.free(of(TOTAL))

    assert not reservations.reserve(of(1, 3), total=TOTAL, now=NOON)


def test_what_was_never_reserved_is_not_made_firm(reservations: Reservations) -> None:
    """A case that says it is reserved and is not ends rejected."""
    assert not reservations.make_firm(of(1), now=NOON)


def test_of_many_at_once_only_as_many_fit_as_may(reservations: Reservations) -> None:
    """Eight cases of a quarter of the order at the same time: four hold their sum (Threat 49)."""
    cases = [of(TOTAL // 4, number) for number in range(8)]

    with ThreadPoolExecutor(len(cases)) as pool:
        held = list(pool.map(lambda case: reservations.reserve(case, total=TOTAL, now=NOON), cases, timeout=50))

    assert held.count(True) == 4
