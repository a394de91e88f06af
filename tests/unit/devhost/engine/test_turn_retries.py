"""Retries are the host's: attempts, pauses, and the pause after the last failure."""

from __future__ import annotations

import pytest

from devhost import ticks
from devhost.engine.actions import WhenAll
from tests.support.stories import Story, activity, asks, child, done, failed, fired, timer, told


def test_a_failed_attempt_is_followed_by_a_pause_and_another() -> None:
    """The pause counts from the beginning of the turn in which the failure came."""
    story, wish = Story(), asks(WhenAll(actions=(activity(attempts=3, seconds=5),)))
    first = story.begin(wish)

    pause = story.turn(wish, failed(0))
    second = story.turn(wish, fired(1))

    assert [told(first), told(pause), told(second)] == [
        ["task_scheduled 0 Echo"],
        ["timer 1 +25"],
        ["task_scheduled 2 Echo"],
    ]


def test_a_pause_is_exact_to_the_tick() -> None:
    """A quarter of a millisecond is kept, and so is the seventh digit of the turn's time."""
    story, wish = Story(), asks(activity(attempts=2, seconds=0.00025))
    story.begin(wish)
    story.now = ticks.Ticks(story.now + 1)

    assert told(story.turn(wish, failed(0))) == ["timer 1 +20.0002501"]


@pytest.mark.parametrize("attempts", [1, 2])
def test_the_last_failure_is_followed_by_a_pause_of_no_length(attempts: int) -> None:
    """Only when that timer has fired does the orchestrator's next step come."""
    story, wish = Story(), asks(activity(attempts=attempts), timer(600))
    story.begin(wish)
    for attempt in range(attempts - 1):
        story.turn(wish, failed(2 * attempt))
        story.turn(wish, fired(2 * attempt + 1))

    pause = story.turn(wish, failed(2 * attempts - 2))
    after = story.turn(wish, fired(2 * attempts - 1))

    assert told(pause) == [f"timer {2 * attempts - 1} +{20 * attempts}"]
    assert told(after) == [f"timer {2 * attempts} +600"]


def test_a_result_ends_the_attempts() -> None:
    """No timer follows a success."""
    story, wish = Story(), asks(activity(attempts=3), is_done=True)
    story.begin(wish)

    assert told(story.turn(wish, done(0))) == ["Completed 1 None"]


def test_every_attempt_of_a_child_is_a_new_instance() -> None:
    """Its id names the attempt, unless the orchestrator gave one."""
    story, wish = Story(), asks(WhenAll(actions=(child(attempts=2), child(child_id="kid", attempts=2))))
    first = story.begin(wish)
    story.turn(wish, failed(0), failed(1))

    second = story.turn(wish, fired(2), fired(3))

    assert told(first) == ["child 0 Kid exec:0", "child 1 Kid kid"]
    assert told(second) == ["child 4 Kid exec:4", "child 5 Kid kid"]


def test_no_attempts_at_all_are_settled_at_once() -> None:
    """The host then asks for nothing."""
    never = activity(attempts=1)
    assert never.retry is not None
    object.__setattr__(never.retry, "max_attempts", 0)

    assert told(Story().begin(asks(never, activity("Slow")))) == ["task_scheduled 0 Slow"]
