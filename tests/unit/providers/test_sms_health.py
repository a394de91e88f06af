"""When nobody is asked to wait for a message, since the SMS service does not let us in."""

from datetime import timedelta

import pytest

from providers.sms_health import CLOSED_FOR, DENIALS, SmsHealth
from tests.support.fakes import FakeClock

MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until it is moved."""
    return FakeClock()


@pytest.fixture
def health(clock: FakeClock) -> SmsHealth:
    """A service that denied us once less than it takes."""
    one = SmsHealth(clock.now)
    for _ in range(DENIALS - 1):
        one.note(is_denied=True)
    return one


def test_a_few_denials_close_the_door_for_a_while(
    health: SmsHealth, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Three in a row, and for thirty seconds nothing is started; whoever operates the app is told. Threat 63."""
    before = health.wait_ms()
    health.note(is_denied=True)
    waits = [health.wait_ms()]
    for span in (MILLISECOND, CLOSED_FOR - MILLISECOND):
        clock.at += span
        waits.append(health.wait_ms())

    assert before == 0
    assert waits == [30_000, 29_999, 0]
    assert [(line.levelname, line.message) for line in caplog.records] == [
        ("ERROR", "sms service denies us; look at its settings")
    ]


def test_one_more_denial_closes_it_again(health: SmsHealth, clock: FakeClock) -> None:
    """After the while one message tries; if that is denied too, there is another while."""
    health.note(is_denied=True)
    clock.at += CLOSED_FOR

    health.note(is_denied=True)

    assert health.wait_ms() == 30_000


def test_any_other_word_of_the_service_opens_it(health: SmsHealth) -> None:
    """Whoever judges a message knows us."""
    health.note(is_denied=True)
    health.note(is_denied=False)
    opened = health.wait_ms()

    health.note(is_denied=True)

    assert (opened, health.wait_ms()) == (0, 0)
