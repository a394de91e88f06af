"""How many messages go out, and when a prefix is blocked."""

from domain.rates import rates_in
from domain.send_limits import BLOCK, JUDGED, SendRecord

RATES = rates_in("10/10m")
MINUTE = 60_000
NOW = 1_768_000_000_000


def sent(count: int, *, answered: int = 0, is_judged: bool = True) -> tuple[SendRecord, int]:
    """A record after *count* messages, one a minute, and the instant after the last."""
    record, now = SendRecord(), NOW
    for number in range(count):
        record, wait = record.sent(RATES, now, is_judged=is_judged)
        assert wait == 0
        now += MINUTE
        if number < answered:
            record = record.answered()
    return record, now


def test_the_eleventh_message_within_ten_minutes_waits() -> None:
    """A prefix gets ten messages in ten minutes. Threat 16."""
    record = SendRecord()
    for number in range(10):
        record, _ = record.sent(RATES, NOW + number, is_judged=True)

    assert record.sent(RATES, NOW + 10, is_judged=True) == (record, 10 * MINUTE - 10)
    assert record.wait(RATES, NOW + 10) == 10 * MINUTE - 10
    assert record.sent(RATES, NOW + 10 * MINUTE, is_judged=True)[1] == 0


def test_a_prefix_that_nobody_answers_is_blocked_for_half_a_day() -> None:
    """After twenty messages with fewer than two right answers the next one waits twelve hours. Threat 16."""
    record, now = sent(JUDGED, answered=1)

    foreseen = record.wait(RATES, now)
    blocked, wait = record.sent(RATES, now, is_judged=True)

    assert (foreseen, wait) == (BLOCK, BLOCK)
    assert blocked.sent(RATES, now + MINUTE, is_judged=True)[1] == BLOCK - MINUTE
    assert blocked.sent(RATES, now + BLOCK, is_judged=True)[1] == 0


def test_one_answer_in_ten_is_enough() -> None:
    """Two right answers among twenty keep a prefix open, and the next twenty are judged anew."""
    record, now = sent(JUDGED, answered=2)

    after, wait = record.sent(RATES, now, is_judged=True)

    assert wait == 0
    assert (after.judged, after.verified) == (1, 0)


def test_all_sends_together_are_counted_and_not_judged() -> None:
    """Only a prefix can be pumped."""
    record, now = sent(JUDGED + 5, is_judged=False)

    assert record.sent(RATES, now, is_judged=False)[1] == 0


def test_a_record_is_read_as_it_was_written() -> None:
    """Storage loses nothing."""
    record, _ = sent(3, answered=1)

    assert SendRecord.from_fields(record.to_fields()) == record
    assert SendRecord.from_fields(None) == SendRecord()


def test_a_record_says_from_when_on_it_may_be_forgotten() -> None:
    """What was sent counts for its window and for the judgement of half a day; a block for as long as it lasts."""
    assert SendRecord().until(RATES) == 0
    assert SendRecord(sends=(NOW,)).until(RATES) == NOW + BLOCK
    assert SendRecord(sends=(NOW,), blocked_until=NOW + 2 * BLOCK).until(RATES) == NOW + 2 * BLOCK
