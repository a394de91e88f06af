"""What one phone may be asked for, and how it is locked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.phone_limits import FOREVER, LIVE, PhoneRecord, as_bytes, instants_in
from domain.rates import rates_in

RATES = rates_in("3/10m")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_768_000_000_000


def test_one_verification_is_live_at_a_time() -> None:
    """A second start waits until the first has ended, five minutes at the most. Threat 3."""
    record, wait = PhoneRecord().started("ver_1", RATES, NOW)
    again = record.started("ver_2", RATES, NOW + 1)
    ended = record.ended("ver_1", is_verified=False)

    assert wait == 0
    assert again == (record, LIVE - 1)
    assert record.started("ver_2", RATES, NOW + LIVE)[1] == 0
    assert ended.started("ver_2", RATES, NOW + 2)[1] == 0


def test_the_same_verification_may_start_again_and_counts_once() -> None:
    """A start that is repeated by its key takes no second place."""
    record, _ = PhoneRecord().started("ver_1", RATES, NOW)

    assert record.started("ver_1", RATES, NOW + 1) == (record, 0)


def test_starts_are_counted_whether_they_end_well_or_not() -> None:
    """The fourth start within ten minutes waits until the first is ten minutes old. Threat 18."""
    record = PhoneRecord()
    for number in range(3):
        record, wait = record.started(f"ver_{number}", RATES, NOW + number)
        record = record.ended(f"ver_{number}", is_verified=True)
        assert wait == 0

    assert record.started("ver_4", RATES, NOW + 5)[1] == 10 * MINUTE - 5
    assert record.started("ver_4", RATES, NOW + 10 * MINUTE)[1] == 0


def test_the_end_of_another_verification_changes_nothing() -> None:
    """An end that comes late, or twice, lets nobody in and lifts no lock."""
    record, _ = PhoneRecord(wrong_answers=4).started("ver_2", RATES, NOW)

    assert record.ended("ver_1", is_verified=True) == record


def test_ten_wrong_answers_lock_for_a_day_then_a_week_then_for_good() -> None:
    """Ten guesses without a right one lock a phone, over all verifications. Threat 2."""
    record, now, locks = PhoneRecord(), NOW, []
    for _ in range(3):
        for number in range(10):
            record, wait = record.guessed(10, now + number)
            assert wait == 0
        locks.append(record.locked_until - (now + 9))
        assert record.guessed(10, now + 10)[1] == record.locked_until - (now + 10)
        now = record.locked_until

    assert locks[:2] == [DAY, 7 * DAY]
    assert record.locked_until == FOREVER


def test_a_lock_holds_for_starts_too() -> None:
    """A locked phone gets no message."""
    record = PhoneRecord(wrong_answers=10, locks=1, locked_until=NOW + DAY)

    assert record.started("ver_1", RATES, NOW) == (record, DAY)
    assert record.started("ver_1", (), NOW) == (record, DAY)


def test_a_right_answer_sets_the_count_back() -> None:
    """Wrong answers count since the last right one; the tenth guess may be it."""
    record, _ = PhoneRecord().started("ver_1", RATES, NOW)
    for _ in range(10):
        record, _ = record.guessed(10, NOW)

    after = record.ended("ver_1", is_verified=True)

    assert (after.wrong_answers, after.locks, after.locked_until, after.live_id) == (0, 0, 0, "")


def test_an_end_without_the_right_answer_keeps_the_count() -> None:
    """Silence, cancellation and wrong answers all leave what was guessed."""
    record, _ = PhoneRecord(wrong_answers=7).started("ver_1", RATES, NOW)

    assert record.ended("ver_1", is_verified=False).wrong_answers == 7


@given(st.lists(st.integers(0, 2**50), max_size=50).map(lambda at: tuple(sorted(at))), st.integers(0, 10))
def test_a_record_is_read_as_it_was_written(starts: tuple[int, ...], wrong: int) -> None:
    """Storage loses nothing."""
    record = PhoneRecord(starts=starts, live_id="ver_1", live_until=NOW, wrong_answers=wrong)

    assert PhoneRecord.from_fields(record.to_fields()) == record
    assert instants_in(as_bytes(starts)) == starts


def test_five_thousand_instants_fit_into_one_field() -> None:
    """A table's field takes 64 KiB."""
    assert len(as_bytes(tuple(range(NOW, NOW + 5000)))) < 64 * 1024


@pytest.mark.parametrize(
    ("record", "until"),
    [
        (PhoneRecord(), 0),
        (PhoneRecord(live_until=NOW), NOW),
        (PhoneRecord(starts=(NOW,)), NOW + 10 * MINUTE),
        (PhoneRecord(wrong_answers=1), FOREVER),
        (PhoneRecord(locks=1), FOREVER),
    ],
)
def test_a_record_says_from_when_on_it_may_be_forgotten(record: PhoneRecord, until: int) -> None:
    """Wrong answers are kept until a right one; the rest goes with its window. Threat 77."""
    assert record.until(RATES) == until
