"""How often something may happen."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import PayloadError
from domain.rates import MOST, Rate, longest_window, rates_in, remembered, wait_for

SECOND = 1000


def test_limits_are_written_as_numbers_and_spans() -> None:
    """Several limits hold together, and `off` is none."""
    assert rates_in("3/10m, 5/1h,10/1d") == (
        Rate(most=3, window=timedelta(minutes=10)),
        Rate(most=5, window=timedelta(hours=1)),
        Rate(most=10, window=timedelta(days=1)),
    )
    assert rates_in("60/1s") == (Rate(most=60, window=timedelta(seconds=1)),)
    assert rates_in("off") == ()


@pytest.mark.parametrize(
    "text",
    ["", "3", "3/10", "3/10w", "0/1m", "-1/1m", "3/0m", "3/1m;4/1h", "3/1m,", f"{MOST + 1}/1d", "1/367d", "\uff13/1m"],
)
def test_other_words_are_no_limit(text: str) -> None:
    """What cannot be kept is refused, above all a limit of none."""
    with pytest.raises(PayloadError):
        rates_in(text)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 50)), min_size=1, max_size=3),
    st.lists(st.integers(0, 30), max_size=60),
)
def test_no_window_ever_holds_more_than_its_limit(limits: list[tuple[int, int]], pauses: list[int]) -> None:
    """Whenever somebody asks, every window of the length ends with at most as many as it may hold."""
    rates = tuple(Rate(most=most, window=timedelta(milliseconds=length)) for most, length in limits)
    past: tuple[int, ...] = ()
    happened, now = [], 1000
    for pause in pauses:
        now += pause
        if not wait_for(rates, past, now):
            past = remembered(rates, past, now)
            happened.append(now)

    for most, length in limits:
        assert all(sum(end - length < at <= end for at in happened) <= most for end in happened)


@given(st.lists(st.integers(0, 20_000), min_size=3, max_size=3), st.integers(20_000, 30_000))
def test_who_waits_as_long_as_told_is_let_through_and_nobody_sooner(at: list[int], now: int) -> None:
    """The wait is exact."""
    rates = rates_in("2/10s,3/20s")
    past = tuple(sorted(at))

    wait = wait_for(rates, past, now)

    assert wait_for(rates, past, now + wait) == 0
    assert not wait or wait_for(rates, past, now + wait - 1) > 0


def test_what_no_limit_counts_is_forgotten() -> None:
    """The past is kept for the longest window and no longer."""
    rates = rates_in("2/10s,3/20s")

    assert longest_window(rates) == 20 * SECOND
    assert remembered(rates, (0, 1, 20 * SECOND), 20 * SECOND + 1) == (20 * SECOND, 20 * SECOND + 1)[-2:]
    assert wait_for((), (1, 2, 3), 3) == 0
