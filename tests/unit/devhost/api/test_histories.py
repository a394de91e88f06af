"""Odd histories are shown as the real host shows them."""

from __future__ import annotations

import pytest

from devhost.api.answers import ArgumentError
from devhost.api.histories import Detail, history_events
from devhost.engine import history
from devhost.ticks import Ticks

NOW = Ticks(17_684_712_000_000_001)
ALL = Detail(inputs=True, outputs=True)


def test_a_child_is_shown_with_its_id() -> None:
    """The end of a sub-orchestration carries the child's id; an open one is shown as created."""
    created = history.sub_orchestration_created(NOW, 0, "Child", None, "parent:0")
    ended = history.sub_orchestration_failed(NOW, 0, "reason", "details")

    [open_one] = history_events([created], ALL)
    [end] = history_events([created, ended], ALL)

    assert list(open_one) == ["EventType", "Name", "InstanceId", "Input", "ClientSpanId", "Tags", "Timestamp"]
    assert list(end) == [
        "EventType",
        "Reason",
        "Details",
        "FailureDetails",
        "Timestamp",
        "ScheduledTime",
        "FunctionName",
        "InstanceId",
        "Input",
    ]
    assert end["EventType"] == "SubOrchestrationInstanceFailed"
    assert end["ScheduledTime"] == "2026-01-15T10:00:00.0000001+00:00"


def test_two_schedules_of_one_id_cannot_be_shown() -> None:
    """A replay that took another way can leave them behind; the real host stumbles over them, too."""
    twice = [history.task_scheduled(NOW, 1, "Slow"), history.task_scheduled(NOW, 1, "Kind")]

    with pytest.raises(ArgumentError, match=r"has already been added\. Key: TaskScheduled_1"):
        history_events(twice, ALL)


def test_a_timer_shows_neither_id() -> None:
    """A timer's firing shows when it was to fire."""
    [shown] = history_events([history.timer_fired(NOW, 3, "2026-01-15T10:00:05Z")], ALL)

    assert shown == {
        "EventType": "TimerFired",
        "FireAt": "2026-01-15T10:00:05Z",
        "Timestamp": "2026-01-15T10:00:00.0000001Z",
    }


def test_an_open_activity_keeps_its_empty_input() -> None:
    """What is still to end is shown as scheduled, whatever detail is asked for."""
    [shown] = history_events([history.task_scheduled(NOW, 0, "Slow")], Detail(inputs=False, outputs=False))

    assert list(shown) == ["EventType", "Name", "Input", "ParentTraceContext", "Tags", "Timestamp"]


def test_a_message_to_an_entity_is_shown() -> None:
    """Its target, its kind and, if inputs are asked for, the request."""
    sent = history.event_sent(NOW, 0, "@counter@k", "op", "{}")

    [full] = history_events([sent], ALL)
    [bare] = history_events([sent], Detail(inputs=False, outputs=True))

    assert (full["EventType"], full["InstanceId"], full["Name"], full["Input"]) == (
        "EventSent",
        "@counter@k",
        "op",
        "{}",
    )
    assert "Input" not in bare


def test_a_result_that_is_no_json_is_shown_as_text() -> None:
    """The text of a failed instance is shown as it is, before the empty details."""
    ended = history.execution_completed(NOW, 0, history.RuntimeStatus.FAILED, "it failed")

    [shown] = history_events([ended], ALL)

    assert list(shown) == ["EventType", "OrchestrationStatus", "Result", "FailureDetails", "Timestamp"]
    assert (shown["OrchestrationStatus"], shown["Result"]) == ("Failed", "it failed")
