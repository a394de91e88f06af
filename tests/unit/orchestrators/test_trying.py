"""A step that is tried again."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from orchestrators.trying import LONGEST_WAIT, tried
from tests.support.playing import Play

DAY = timedelta(hours=24)


def _play(answers: list[Any], *, within: timedelta = DAY, **play: Any) -> tuple[Play, Any]:
    """Try a step that answers so, its last answer for ever; an exception is raised."""
    left = list(answers)

    def step(_: dict[str, Any]) -> Any:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    played = Play({}, {"Step": step}, **play)
    return played, played.run(lambda context: tried(context, "Step", {"n": 1}, within=within))


def test_what_works_at_once_is_tried_once() -> None:
    """No timer stands behind a step that is done."""
    play, answer = _play([{"outcome": "done", "receipt": "r"}])

    assert answer == {"outcome": "done", "receipt": "r"}
    assert [(call.name, call.payload) for call in play.calls] == [("Step", {"n": 1})]
    assert play.timers == []


def test_refused_is_an_answer() -> None:
    """Only what asks for it is tried again."""
    play, answer = _play([{"outcome": "refused"}])

    assert answer == {"outcome": "refused"}
    assert len(play.calls) == 1


@pytest.mark.parametrize("fault", [{"outcome": "retry"}, ValueError("broken"), None, "garbage"])
def test_a_fault_is_tried_again_with_the_same_input_after_growing_waits(fault: Any) -> None:
    """The waits are 1, 2 and 4 seconds, whether the activity asked for it, failed or answered no object."""
    play, answer = _play([fault, fault, fault, {"outcome": "done"}])

    assert answer == {"outcome": "done"}
    assert [call.after.total_seconds() for call in play.calls] == [0, 1, 3, 7]
    assert {str(call.payload) for call in play.calls} == {"{'n': 1}"}


@pytest.mark.parametrize("early", [timedelta(0), timedelta(milliseconds=900)])
def test_no_try_begins_after_the_time_is_over(early: timedelta) -> None:
    """A step that never works is given up within a day, and its waits never get long, also if timers fire early."""
    play, answer = _play([{"outcome": "retry"}], fires_early_by=early)

    tries = [call.after for call in play.calls]
    waits = [later - sooner for sooner, later in itertools.pairwise(tries)]
    assert answer is None
    assert DAY - LONGEST_WAIT - timedelta(seconds=1) <= tries[-1] <= DAY
    assert max(waits) <= LONGEST_WAIT
    assert len(tries) < 200


def test_the_time_that_the_tries_take_counts() -> None:
    """Slow failures use up the time as well."""
    play, answer = _play([{"outcome": "retry"}], within=timedelta(minutes=1), activity_takes=timedelta(seconds=20))

    assert answer is None
    assert [call.after.total_seconds() for call in play.calls] == [0, 21, 43]


def test_without_time_there_is_one_try() -> None:
    """A window of nothing still tries once."""
    play, answer = _play([{"outcome": "retry"}], within=timedelta(0))

    assert answer is None
    assert len(play.calls) == 1
