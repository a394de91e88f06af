"""Suspension holds back events and undone decisions; it does not hold an end that needs neither."""

from __future__ import annotations

from devhost.engine.actions import WhenAny
from tests.support.stories import (
    Story,
    activity,
    asks,
    done,
    event,
    raised,
    resumed,
    suspended,
    terminated,
    timer,
    told,
)


def test_events_wait_for_the_resume() -> None:
    """They then take effect in the order in which they came."""
    story, wish = Story(), asks(event("A"), activity(), event("B"), activity("Slow"))
    story.begin(wish)

    held = story.turn(wish, suspended(), raised("A"))
    more = story.turn(wish, raised("B"))
    result = story.turn(wish, resumed())

    assert [told(held), told(more)] == [[], []]
    assert (held.is_suspended, more.is_suspended, result.is_suspended) == (True, True, False)
    assert told(result) == ["task_scheduled 0 Echo"]


def test_what_came_while_suspended_is_replayed_after_the_resume() -> None:
    """The history keeps the events where they came, and later turns handle them where the resume stands."""
    story, wish = Story(), asks(event("A"), activity(), activity("Slow"))
    story.begin(wish)
    story.turn(wish, suspended(), raised("A"))
    story.turn(wish, resumed())

    assert told(story.turn(wish, done(0))) == ["task_scheduled 1 Slow"]


def test_decisions_of_the_turn_before_the_suspension_wait_too() -> None:
    """They are written, under their ids, in the turn of the resume."""
    story, wish = Story(), asks(activity())

    first = story.begin(wish, suspended())
    again = story.turn(wish, suspended())
    result = story.turn(wish, resumed())

    assert [told(first), told(again)] == [[], []]
    assert told(result) == ["task_scheduled 0 Echo"]
    assert len(result.messages) == 1


def test_a_result_that_is_there_already_completes_a_suspended_instance() -> None:
    """The suspension came too late."""
    story = Story()

    result = story.begin(asks(event(), is_done=True), raised(), suspended())

    assert (told(result), result.is_suspended) == (["Completed 0 None"], True)


def test_a_race_ends_while_suspended() -> None:
    """The cancelled timer settles it, though the event that won is held back."""
    story, race = Story(), WhenAny(actions=(event(), timer(60)))
    story.begin(asks(race))
    story.turn(asks(race), suspended())

    won = WhenAny(actions=(event(), timer(60, is_canceled=True)))
    result = story.turn(asks(won, is_done=True, output='"event"'), raised())

    assert (told(result), result.is_suspended) == (['Completed 1 "event"'], True)


def test_a_race_followed_by_work_waits_for_the_resume() -> None:
    """The activity after the race is not scheduled before it."""
    won = WhenAny(actions=(event(), timer(60, is_canceled=True)))
    story = Story()
    story.begin(asks(WhenAny(actions=(event(), timer(60)))))
    story.turn(asks(WhenAny(actions=(event(), timer(60)))), suspended())

    held = story.turn(asks(won, activity()), raised())
    result = story.turn(asks(won, activity()), resumed())

    assert told(held) == []
    assert told(result) == ["task_scheduled 1 Echo"]


def test_terminate_passes_a_suspension() -> None:
    """What was held back is lost."""
    story, wish = Story(), asks(activity())
    story.begin(wish, suspended())

    result = story.turn(wish, terminated())

    assert told(result) == ["Terminated 1 enough"]
    assert result.messages == ()


def test_a_custom_status_is_kept_while_suspended() -> None:
    """The orchestrator is called for each batch all the same."""
    story = Story()
    story.begin(asks(event()))

    assert story.turn(asks(event(), custom_status='"s"'), suspended()).custom_status == '"s"'


def test_a_resume_without_a_suspension_changes_nothing() -> None:
    """And neither does a second one."""
    story, wish = Story(), asks(activity())
    story.begin(wish)

    result = story.turn(wish, resumed(), resumed())

    assert (told(result), result.is_suspended) == ([], False)
