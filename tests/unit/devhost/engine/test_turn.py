"""What a turn decides: ids, order, waiting, endings."""

from __future__ import annotations

import pytest

from devhost import ticks
from devhost.engine.actions import Action, Answer, CallHttp, ContinueAsNew, EntityMessage, WhenAll, WhenAny
from devhost.engine.history import RuntimeStatus
from devhost.engine.turn import ArmTimer, Ending, NextExecution, RunActivity, StartChild
from devhost.ticks import Ticks
from tests.support.stories import (
    START,
    Story,
    activity,
    asks,
    child,
    done,
    event,
    failed,
    fired,
    raised,
    terminated,
    timer,
    told,
)


def test_ids_are_given_left_to_right_and_depth_first() -> None:
    """Every activity, timer and child gets the next number; waits and groups get none."""
    group = WhenAll(actions=(activity(), WhenAny(actions=(event(), timer(60))), child(), activity("Slow")))

    result = Story().begin(asks(group))

    assert told(result) == [
        "task_scheduled 0 Echo",
        "timer 1 +60",
        "child 2 Kid exec:2",
        "task_scheduled 3 Slow",
    ]


def test_the_walk_stands_still_at_what_is_not_settled() -> None:
    """The second activity is scheduled only when the first has ended."""
    story = Story()
    story.begin(asks(activity(), activity("Slow")))

    result = story.turn(asks(activity(), activity("Slow")), done(0))

    assert told(result) == ["task_scheduled 1 Slow"]
    assert result.messages == (RunActivity(task_id=1, name="Slow", input='"x"'),)


def test_a_failure_settles_as_a_result_does() -> None:
    """What the failure means is the orchestrator's concern."""
    story = Story()
    story.begin(asks(activity()))

    result = story.turn(asks(activity(), is_done=True, output='"caught"'), failed(0))

    assert result.ending == Ending(status=RuntimeStatus.COMPLETED, output='"caught"')
    assert told(result) == ['Completed 1 "caught"']


def test_an_instance_does_not_complete_while_work_is_open() -> None:
    """A result that is there already waits for the timer that nobody cancelled, and so does a failure."""
    story = Story()
    group = WhenAny(actions=(event(), timer(60)))
    story.begin(asks(group))

    running = story.turn(asks(group, is_done=True, output="1"), raised())
    ended = story.turn(asks(group, is_done=True, output="1"), fired(0))

    assert (running.ending, told(running)) == (None, [])
    assert told(ended) == ["Completed 1 1"]


def test_waits_for_events_do_not_keep_an_instance_running() -> None:
    """Only what the host works on does."""
    group = WhenAny(actions=(event("never"), timer(60)))
    story = Story()
    story.begin(asks(group))

    assert told(story.turn(asks(group, is_done=True), fired(0))) == ["Completed 1 None"]


def test_a_cancelled_timer_is_created_and_settled_at_once() -> None:
    """Its message goes out too, but nothing waits for it."""
    result = Story().begin(asks(timer(60, is_canceled=True), is_done=True))

    assert told(result) == ["timer 0 +60", "Completed 1 None"]
    (message,) = result.messages
    assert isinstance(message, ArmTimer)
    assert message.fire_at == Ticks(START + 60 * ticks.PER_SECOND)
    assert message.created == Ticks(START + 11 * ticks.PER_SECOND)


def test_two_waits_for_one_name_are_served_newest_first() -> None:
    """One event settles the newer wait; both are needed for the older."""
    group = WhenAny(actions=(event(),))
    both = WhenAll(actions=(event(), event()))
    story = Story()
    story.begin(asks(both, group, is_done=True))

    assert story.turn(asks(both, is_done=True), raised()).ending is None
    assert story.turn(asks(both, is_done=True), raised()).ending is not None


def test_early_events_wait_in_line_for_their_name() -> None:
    """Each wait takes one; names compare with case."""
    story = Story()

    result = story.begin(asks(event(), event(), activity()), raised(), raised("e"), raised())

    assert told(result) == ["task_scheduled 0 Echo"]


@pytest.mark.parametrize("group", [WhenAny(), WhenAll()])
def test_an_empty_group_is_settled(group: WhenAny | WhenAll) -> None:
    """Neither kind waits for nothing."""
    assert told(Story().begin(asks(group, activity()))) == ["task_scheduled 0 Echo"]


def test_unknown_ids_and_duplicates_change_nothing() -> None:
    """An end is applied once, and only to what is open."""
    story = Story()
    story.begin(asks(activity(), activity()))

    result = story.turn(asks(activity(), activity()), done(7), done(0), done(0), fired(0))

    assert told(result) == ["task_scheduled 1 Echo"]


@pytest.mark.parametrize("action", [activity("Nobody"), activity("Nobody", attempts=3), child("Nobody")])
def test_an_unknown_function_is_settled_without_an_id(action: Action) -> None:
    """The host swallows the error, so an orchestrator that waits for the function hangs."""
    story = Story()

    assert told(story.begin(asks(action))) == []
    assert told(story.turn(asks(action, timer(60)))) == ["timer 0 +60"]


@pytest.mark.parametrize("child_id", ["one", "@counter@k"])
def test_a_child_may_not_take_its_parents_place_or_an_entitys(child_id: str) -> None:
    """The host refuses such an id, and swallows the error."""
    assert told(Story().begin(asks(child(child_id=child_id), activity()))) == ["task_scheduled 0 Echo"]


def test_a_childs_input_is_the_json_string_of_its_json_text() -> None:
    """So the child's status shows it as a text."""
    (message,) = Story().begin(asks(child(child_id="kid-1"))).messages

    assert message == StartChild(task_id=0, instance_id="kid-1", name="Kid", input='"{\\"n\\": 1}"', version=None)


def test_durable_http_runs_the_hosts_own_activity() -> None:
    """Its input is the request."""
    result = Story().begin(asks(CallHttp(request='{"method":"GET"}')))

    assert result.messages == (RunActivity(task_id=0, name="BuiltIn::HttpActivity", input='{"method":"GET"}'),)


def test_continue_as_new_waits_for_open_work_and_then_begins_anew() -> None:
    """The new input is the JSON string of the action's text."""
    actions = (WhenAny(actions=(event(), timer(60))), ContinueAsNew(input="[1]"))
    story = Story()
    story.begin(asks(*actions))

    waiting = story.turn(asks(*actions, is_done=True), raised())
    result = story.turn(asks(*actions, is_done=True), fired(0))

    assert waiting.next_execution is None
    assert result.next_execution == NextExecution(input='"[1]"')
    assert told(result) == ['ContinuedAsNew 1 "[1]"']


def test_events_after_the_wish_to_continue_are_carried_over() -> None:
    """Those before it, awaited or not, are not."""
    actions = (event(), ContinueAsNew(input=None))
    story = Story()

    result = story.begin(asks(*actions, is_done=True), raised("other"), raised("E"), raised("late"))

    assert result.next_execution is not None
    assert result.next_execution.input == '"null"'
    assert [carried.fields["Name"] for carried in result.next_execution.carried] == ["late"]


def test_an_error_wins_over_the_wish_to_continue() -> None:
    """An orchestrator that raises after continue_as_new has failed."""
    result = Story().begin(asks(ContinueAsNew(input="1"), error="bad"))

    assert told(result) == ["Failed 0 Orchestrator function 'Flow' failed: bad"]


def test_a_failure_tells_the_parent_its_text_and_a_stack() -> None:
    """The text without the function's name stands in the details."""
    ending = Story().begin(asks(error="bad thing")).ending

    assert ending is not None
    assert ending.output == "Orchestrator function 'Flow' failed: bad thing"
    assert (ending.details or "").startswith("Message: bad thing, StackTrace:    at System.")


def test_a_crash_fails_the_first_turn_at_once() -> None:
    """Nothing is replayed, so nothing is open."""
    result = Story().begin(Answer(actions=(activity(),), crash="no generator"))

    assert told(result) == ["Failed 0 Orchestrator function 'Flow' failed: no generator"]
    assert result.messages == ()


def test_a_crash_on_a_later_turn_is_told_as_non_determinism() -> None:
    """History holds an activity that the empty replay did not schedule; the crash's own text is lost."""
    story = Story()
    story.begin(asks(activity()))

    ending = story.turn(Answer(crash="yielded 5"), done(0)).ending

    assert ending is not None
    assert "Non-Deterministic workflow detected" in (ending.output or "")
    assert "yielded 5" not in (ending.output or "")


@pytest.mark.parametrize(("length", "fits"), [(8701, True), (8702, False)])
def test_a_custom_status_has_sixteen_kilobytes_to_the_character(length: int, fits: bool) -> None:
    """Counted in whole KB of UTF-16, quotes included."""
    status = '"' + "x" * length + '"'

    result = Story().begin(asks(activity(), custom_status=status))

    if fits:
        assert (result.custom_status, told(result)) == (status, ["task_scheduled 0 Echo"])
    else:
        assert result.custom_status is None
        assert told(result) == [
            "Failed 0 Orchestrator function 'Flow' failed: The UTF-16 size of the JSON-serialized payload must not "
            "exceed 16 KB. The current payload size is 17 KB."
        ]


def test_a_custom_status_counts_two_units_for_what_utf16_writes_with_two() -> None:
    """4,351 emoji and two quotes are as long as 8,704 letters."""
    fits, is_too_long = ['"' + "\N{GRINNING FACE}" * count + '"' for count in (4350, 4351)]

    assert Story().begin(asks(custom_status=fits)).ending is None
    assert Story().begin(asks(custom_status=is_too_long)).ending is not None


def test_a_custom_status_that_is_too_long_later_is_told_as_non_determinism() -> None:
    """Nothing is replayed, so the activity in the history has no match."""
    story = Story()
    story.begin(asks(activity()))

    result = story.turn(asks(activity(), custom_status='"' + "x" * 9000 + '"'), done(0))

    assert told(result)[0].startswith("Failed 0 Non-Deterministic workflow detected")
    assert result.custom_status is None


def test_terminate_ends_an_instance_whatever_is_open() -> None:
    """The reason is the output; there are no details for a parent."""
    story = Story()
    story.begin(asks(activity()))

    result = story.turn(asks(activity()), terminated("enough"), terminated("again"))

    assert result.ending == Ending(status=RuntimeStatus.TERMINATED, output="enough")
    assert told(result) == ["Terminated 1 enough"]


def test_what_is_decided_after_the_termination_is_still_written() -> None:
    """It comes behind the completion, whose id was taken first."""
    story = Story()
    story.begin(asks(activity(), activity("Slow")))

    result = story.turn(asks(activity(), activity("Slow")), terminated(), done(0))

    assert told(result) == ["Terminated 1 enough", "task_scheduled 2 Slow"]


def test_terminate_wins_over_a_result_of_the_same_turn() -> None:
    """The orchestrator is still called, and what it says is ignored."""
    story = Story()
    story.begin(asks(activity()))

    assert told(story.turn(asks(activity(), is_done=True, output="1"), done(0), terminated())) == [
        "Terminated 1 enough"
    ]


def test_an_orchestrator_has_a_hundred_thousand_actions() -> None:
    """The errors of a timer and an activity more are swallowed; a signal more fails the orchestration."""
    many = [timer(1, is_canceled=True)] * 100_000
    signal = EntityMessage(instance_id="@counter@k", operation="add", input=None, is_signal=True)

    result = Story().begin(asks(*many, timer(), activity(), signal))

    assert len(result.messages) == 100_000
    assert told(result)[-1] == (
        "Failed 100000 Orchestrator function 'Flow' failed: Maximum amount of orchestration actions (100000) has been "
        "reached. This value can be configured in host.json file as MaxOrchestrationActions."
    )
