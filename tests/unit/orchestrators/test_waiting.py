"""What holds in every race, clause by clause."""

from datetime import timedelta
from typing import Any

import pytest

from orchestrators.waiting import LONGEST_LEG, attempt, first_event, pause, pause_until, race
from tests.support.fakes import NOON, FakeContext, Flow

TWO_MINUTES = timedelta(minutes=2)
WEEK = timedelta(days=7)


def a_race(span: timedelta = TWO_MINUTES, *names: str, leg: timedelta = LONGEST_LEG) -> Flow:
    """A race of events against a deadline."""
    return Flow(lambda context: race(context, names or ("Answer",), NOON + span, leg=leg), FakeContext())


def test_an_event_in_time_is_returned_with_its_name_and_value() -> None:
    """The first event that comes in time wins the race."""
    flow = a_race(TWO_MINUTES, "Answer.1", "Answer.2")

    flow.happens("Answer.2", {"code": "2168"})

    assert (flow.output.name, flow.output.value, flow.output.is_late) == ("Answer.2", {"code": "2168"}, False)


@pytest.mark.parametrize(("sent", "read"), [('{"a": 1}', {"a": 1}), ("5", 5), ('"x"', "x"), ("x", "x"), (True, True)])
def test_values_are_read_alike_as_text_and_as_values(sent: Any, read: Any) -> None:
    """Python clients send JSON text where curl sends values."""
    flow = a_race()

    flow.happens("Answer", sent)

    assert flow.output.value == read


def test_the_losing_timer_is_cancelled() -> None:
    """A timer that lost is cancelled, or the instance would stay Running until it is due."""
    flow = a_race()

    flow.happens("Answer", 1)

    assert [timer.is_canceled for timer in flow.context.of("timer")] == [True]


def test_a_timer_that_fired_as_well_is_not_cancelled() -> None:
    """Cancelling a timer that has fired is refused by the SDK, so it is not tried."""
    flow = a_race()
    flow.context.of("timer")[0].is_completed = True

    flow.happens("Answer", 1)

    assert flow.output.value == 1


def test_silence_ends_the_race_at_the_deadline() -> None:
    """Nothing is returned when the timer of the deadline wins."""
    flow = a_race()

    flow.fires()

    assert flow.has_ended
    assert flow.output is None


def test_the_timer_of_the_deadline_wins_though_it_fires_early() -> None:
    """The host fires timers up to a second early; then the race is over all the same."""
    flow = a_race()

    flow.fires(early=timedelta(milliseconds=900))

    assert flow.has_ended
    assert flow.output is None


def test_an_event_after_the_deadline_is_late() -> None:
    """An event that is handled after the deadline is late, whenever it was sent."""
    flow = a_race()

    flow.passes(TWO_MINUTES + timedelta(microseconds=1))
    flow.happens("Answer", 1)

    assert flow.output.is_late


def test_an_event_at_the_deadline_is_in_time() -> None:
    """The deadline itself still belongs to the race."""
    flow = a_race()

    flow.passes(TWO_MINUTES)
    flow.happens("Answer", 1)

    assert not flow.output.is_late


def test_a_late_event_is_no_first_event() -> None:
    """Whoever does not ask about lateness never sees a late event."""
    flow = Flow(lambda context: first_event(context, ["Answer"], NOON + TWO_MINUTES), FakeContext())

    flow.passes(timedelta(minutes=3))
    flow.happens("Answer", 1)

    assert flow.has_ended
    assert flow.output is None


def test_an_event_in_time_is_the_first_event() -> None:
    """An event in time is returned whole."""
    flow = Flow(lambda context: first_event(context, ["Answer"], NOON + TWO_MINUTES), FakeContext())

    flow.happens("Answer", 1)

    assert flow.output.value == 1


def test_no_leg_is_longer_than_six_hours() -> None:
    """A wait of a week is 28 legs of six hours, each with a timer and events of its own."""
    flow = a_race(WEEK)

    while not flow.has_ended:
        flow.fires()

    ends = [timer.input for timer in flow.context.of("timer")]
    assert ends == [NOON + LONGEST_LEG * leg for leg in range(1, 29)]
    assert len(flow.context.of("event")) == 28


def test_a_leg_that_ends_early_is_followed_by_another() -> None:
    """Only the timer of the deadline ends the race; an early end of a leg begins the next one."""
    flow = a_race(timedelta(hours=7))

    flow.fires(early=timedelta(seconds=1))

    assert flow.waits_for.kind == "any"
    assert flow.context.of("timer")[-1].input == NOON + timedelta(hours=7)


def test_a_caller_may_want_shorter_legs() -> None:
    """Legs are as short as the caller wants them, and never longer than six hours."""
    short = a_race(WEEK, leg=timedelta(seconds=10))
    long = a_race(WEEK, leg=WEEK)

    assert short.context.of("timer")[0].input == NOON + timedelta(seconds=10)
    assert long.context.of("timer")[0].input == NOON + LONGEST_LEG


def test_a_deadline_that_has_passed_still_has_one_round() -> None:
    """A race that begins too late ends by a timer that is due at once, and not without asking the host."""
    flow = a_race(timedelta(seconds=-1))

    flow.fires()

    assert flow.has_ended
    assert flow.output is None


def test_a_pause_lasts_as_long_as_it_was_asked_for() -> None:
    """A short pause is one timer."""
    flow = Flow(lambda context: pause(context, timedelta(seconds=4)), FakeContext())

    flow.fires(early=timedelta(milliseconds=900))

    assert flow.has_ended
    assert [timer.input for timer in flow.context.of("timer")] == [NOON + timedelta(seconds=4)]


def test_a_long_pause_has_legs() -> None:
    """A pause of a day is four timers."""
    flow = Flow(lambda context: pause_until(context, NOON + timedelta(days=1)), FakeContext())

    while not flow.has_ended:
        flow.fires()

    assert len(flow.context.of("timer")) == 4


def test_an_attempt_returns_what_the_activity_answers() -> None:
    """The object that an activity answers is passed on."""
    flow = Flow(lambda context: attempt(context, "Pay", {"amount": 1}), FakeContext())

    flow.answers({"receipt": "r"})

    assert (flow.context.tasks[0].name, flow.context.tasks[0].input) == ("Pay", {"amount": 1})
    assert flow.output == {"receipt": "r"}


@pytest.mark.parametrize("answer", [None, "text", 5, [1]])
def test_an_answer_that_is_no_object_is_none(answer: Any) -> None:
    """Our activities answer objects; anything else is no answer."""
    flow = Flow(lambda context: attempt(context, "Pay", {}), FakeContext())

    flow.answers(answer)

    assert flow.has_ended
    assert flow.output is None


def test_a_failed_activity_becomes_a_value() -> None:
    """No exception of an activity leaves an attempt: its text would carry the inputs of the instance."""
    flow = Flow(lambda context: attempt(context, "Pay", {}), FakeContext())

    flow.fails("Activity function 'Pay' failed: secret input")

    assert flow.has_ended
    assert flow.output is None
