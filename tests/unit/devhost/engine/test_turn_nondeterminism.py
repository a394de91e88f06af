"""What the host says when the orchestrator's code was changed under a running instance."""

from __future__ import annotations

import pytest

from devhost.engine.actions import Action, Answer, EntityMessage
from devhost.engine.history import RuntimeStatus
from tests.support.stories import Story, activity, asks, child, done, event, raised, timer, told

SIGNAL = EntityMessage(instance_id="@counter@k", operation="add", input="1", is_signal=True)
CHANGES: list[tuple[Action, Action | None, str]] = [
    (
        activity("Slow"),
        None,
        "an activity task with sequence ID 0 and name 'Slow' (version ''), but the current replay execution hasn't "
        "(yet?) scheduled this task.",
    ),
    (
        activity("Slow"),
        timer(),
        "an activity task with sequence number 0 named 'Slow', but the current orchestration replay instead produced a "
        "CreateTimerOrchestratorAction action with this sequence number.",
    ),
    (
        activity("Slow"),
        activity("Kind"),
        "an activity task with sequence number 0 named 'Slow', but the current orchestration replay instead scheduled "
        "an activity task named 'Kind' with this sequence number. ",
    ),
    (
        timer(),
        None,
        "a timer task with sequence number 0 but the current replay execution hasn't (yet?) scheduled this task.",
    ),
    (
        timer(),
        activity(),
        "a timer task with sequence number 0 named but the current orchestration replay instead produced a "
        "ScheduleTaskOrchestratorAction action with this sequence number.",
    ),
    (
        child(),
        None,
        "a sub-orchestration task with sequence ID 0 and name 'Kid' (version '', instance ID 'exec:0'), but the "
        "current replay execution hasn't (yet?) scheduled this task.",
    ),
    (
        child(),
        SIGNAL,
        "a sub-orchestration task with sequence ID 0 and name 'Kid' (version '', instance ID 'exec:0'), but the "
        "current orchestration replay instead produced a SendEventOrchestratorAction action at this sequence number.",
    ),
    (
        child(),
        child("Other"),
        "a sub-orchestration task with sequence ID 0 and name 'Kid' (version '', instance ID 'exec:0'), but the "
        "current orchestration replay instead scheduled a sub-orchestration task with name Other at this sequence "
        "number.",
    ),
    (
        SIGNAL,
        None,
        "a send event task with sequence ID 0, type 'EventSent' name 'op', instance ID '@counter@k', but the current "
        "replay execution hasn't (yet?) scheduled this task.",
    ),
    (
        SIGNAL,
        child(),
        "a send event task with sequence ID 0, type 'EventSent', name 'op', instance ID '@counter@k', but the current "
        "orchestration replay instead scheduled a CreateSubOrchestrationAction task at this sequence number.",
    ),
]


@pytest.mark.parametrize(("before", "after", "finding"), CHANGES)
def test_a_decision_that_the_replay_does_not_make_fails_the_instance(
    before: Action, after: Action | None, finding: str
) -> None:
    """The output says what was scheduled and what the replay has in its place, without the function's name."""
    story = Story()
    story.begin(asks(before))

    result = story.turn(Answer() if after is None else asks(after), raised())

    assert result.ending is not None
    assert result.ending.status is RuntimeStatus.FAILED
    assert result.ending.output == (
        "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled "
        f"{finding} Was a change made to the orchestrator code after this instance had already started running?"
    )


def test_new_decisions_of_that_turn_are_carried_out_all_the_same() -> None:
    """The other activity runs, though the instance has failed; the failure takes the next id."""
    story = Story()
    story.begin(asks(activity("Slow")))

    result = story.turn(asks(activity("Kind")), done(0))

    assert told(result)[0] == "task_scheduled 0 Kind"
    assert told(result)[1].startswith("Failed 1 Non-Deterministic")
    assert len(result.messages) == 1


@pytest.mark.parametrize(("before", "after"), [(activity("Slow"), activity("SLOW")), (child("Kid"), child("kid"))])
def test_another_case_is_no_other_name(before: Action, after: Action) -> None:
    """The host compares names without case."""
    story = Story()
    story.begin(asks(before))

    assert story.turn(asks(after), raised()).ending is None


def test_another_input_event_name_or_timer_length_is_not_noticed() -> None:
    """Only id, kind and name count."""
    story = Story()
    story.begin(asks(timer(60), event("A")))

    assert told(story.turn(asks(timer(61), event("B")), raised())) == []


def test_the_first_difference_is_told() -> None:
    """Later ones are not looked at."""
    story = Story()
    story.begin(asks(timer(60, is_canceled=True), activity("Slow")))

    ending = story.turn(Answer(), done(1)).ending

    assert ending is not None
    assert "a timer task with sequence number 0" in (ending.output or "")
