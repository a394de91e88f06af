"""Statuses, histories and lists over the management API look as the recorded real host's do."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.ticks import to_whole_seconds
from tests.support.served import HUB, Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEYS = ["name", "instanceId", "runtimeStatus", "input", "customStatus", "output", "createdTime", "lastUpdatedTime"]
FULL = "showHistory=true&showHistoryOutput=true"


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host without an app."""
    async with served() as one:
        yield one


async def test_a_running_instance_is_shown_with_202_and_where_to_ask_again(host: Served) -> None:
    """A status that is not final carries Location, the request's own URL, and Retry-After."""
    await host.start("Waits", "a@b", {"a": 1})

    reply = await host.ask("GET", "/instances/a%40b?showInput=TRUE&x=%20y")

    started = to_whole_seconds(host.engine.clock.now())
    assert (reply.status, reply.headers["retry-after"]) == (202, "5")
    assert reply.headers["location"] == f"http://localhost:{host.port}{HUB}/instances/a@b?showInput=TRUE&x=%20y"
    assert list(reply.json) == KEYS
    assert reply.json == {
        "name": "Waits",
        "instanceId": "a@b",
        "runtimeStatus": "Running",
        "input": {"a": 1},
        "customStatus": {"stage": "waiting"},
        "output": None,
        "createdTime": started,
        "lastUpdatedTime": started,
    }


async def test_an_ended_instance_is_shown_with_200(host: Served) -> None:
    """A final status has no Location; a failure is an error only for who asks for that."""
    await host.start("Fails", "bad")

    plain = await host.ask("GET", "/instances/bad")
    loud = await host.ask("GET", "/instances/bad?returnInternalServerErrorOnFailure=true")

    assert (plain.status, loud.status, plain.headers.get("location")) == (200, 500, None)
    assert plain.json["output"] == "Orchestrator function 'Fails' failed: no luck"
    assert plain.json == loud.json


@pytest.mark.parametrize("path", ["nobody", "Nobody?showHistory=true", "%20"])
async def test_an_unknown_id_is_not_found(host: Served, path: str) -> None:
    """An id that no instance has, compared with case, is answered by 404 without a body."""
    await host.start("Waits", "NOBODY")

    reply = await host.ask("GET", f"/instances/{path}")

    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize(
    ("query", "shown"), [("showInput=false", None), ("showInput=no", {"a": 1}), ("showinput=False", None)]
)
async def test_the_input_is_shown_unless_refused(host: Served, query: str, shown: object) -> None:
    """A boolean that is none counts as absent."""
    await host.start("Waits", "abc", {"a": 1})

    assert (await host.status("abc", query))["input"] == shown


async def test_reasons_stand_in_the_output_until_the_end(host: Served) -> None:
    """A suspended instance shows the suspend reason as its output, parsed if it is JSON."""
    await host.start("Waits", "abc")
    await host.ask("POST", "/instances/abc/suspend?reason=123")
    await host.engine.at_rest()
    suspended = await host.status("abc")
    await host.ask("POST", "/instances/abc/resume?reason=on+we%20go")
    await host.engine.at_rest()
    resumed = await host.status("abc")

    assert (suspended["runtimeStatus"], suspended["output"]) == ("Suspended", 123)
    assert (resumed["runtimeStatus"], resumed["output"]) == ("Running", "on we go")


async def test_a_blank_input_is_shown_as_an_empty_text(host: Served) -> None:
    """A blank text is no JSON, and shown as an empty text."""
    await host.ask("POST", "/orchestrators/Waits/abc", "   ")
    await host.engine.at_rest()

    assert (await host.status("abc"))["input"] == ""


async def test_the_history_folds_what_was_scheduled_into_what_ended(host: Served) -> None:
    """An activity's schedule shows in its end, turn marks and ids do not show, and times keep their precision."""
    await host.start("Calls", "abc", 7)

    events = (await host.status("abc", FULL))["historyEvents"]

    at = events[0]["Timestamp"]
    assert events == [
        {
            "EventType": "ExecutionStarted",
            "Input": "7",
            "Correlation": None,
            "ParentTraceContext": None,
            "ScheduledStartTime": None,
            "Generation": 0,
            "GenerateNewTrace": False,
            "Timestamp": at,
            "FunctionName": "Calls",
        },
        {
            "EventType": "TaskCompleted",
            "Result": 42,
            "Timestamp": at,
            "ScheduledTime": at.replace("Z", "+00:00"),
            "FunctionName": "Double",
            "Input": None,
        },
        {
            "EventType": "ExecutionCompleted",
            "OrchestrationStatus": "Completed",
            "Result": 42,
            "FailureDetails": None,
            "Timestamp": at,
        },
    ]
    assert [next(iter(event)) for event in events] == ["EventType"] * 3


async def test_a_history_shows_inputs_and_outputs_only_when_asked(host: Served) -> None:
    """Without the flags neither inputs nor results are in it; without showHistory there is none."""
    await host.start("Calls", "abc", 7)

    bare = (await host.status("abc", "showHistory=true&showInput=false"))["historyEvents"]

    assert all({"Input", "Result"}.isdisjoint(event) for event in bare)
    assert "historyEvents" not in await host.status("abc", "showHistoryOutput=true")


async def test_open_work_and_controls_show_in_the_history(host: Served) -> None:
    """Timers, events, suspension, resumption and termination are shown with their own keys."""
    await host.start("Sleeps", "timer")
    await host.start("Waits", "abc")
    for path in ("suspend?reason=r", "resume", "raiseEvent/Other", "terminate?reason=7"):
        await host.ask("POST", f"/instances/abc/{path}", send={"x": 1})
        await host.engine.at_rest()

    timer = (await host.status("timer", FULL))["historyEvents"][1]
    events = (await host.status("abc", FULL))["historyEvents"]

    assert list(timer) == ["EventType", "FireAt", "Timestamp"]
    assert [(event["EventType"], event.get("Reason"), event.get("Input")) for event in events[1:]] == [
        ("ExecutionSuspended", "r", None),
        ("ExecutionResumed", None, None),
        ("EventRaised", None, '{"x":1}'),
        ("ExecutionTerminated", None, "7"),
        ("ExecutionCompleted", None, None),
    ]


async def test_a_new_execution_shows_the_old_custom_status_through_its_first_turn(host: Served) -> None:
    """After continue-as-new input and creation are those of the new execution; the status stays for one turn."""
    await host.start("Repeats", "abc", "once")
    first = await host.status("abc")
    await host.ask("POST", "/instances/abc/raiseEvent/Other", send=1)
    await host.engine.at_rest()
    second = await host.status("abc")

    assert (first["runtimeStatus"], first["input"], first["customStatus"]) == ("Running", "again", {"round": 0})
    assert second["customStatus"] is None


async def test_times_are_whole_seconds_and_follow_the_clock(host: Served) -> None:
    """The last update is the time of the last turn, its fraction cut off."""
    await host.start("Sleeps", "abc")
    await host.engine.advance(timedelta(seconds=90, milliseconds=999))

    body = await host.status("abc")

    assert body["runtimeStatus"] == "Completed"
    assert (body["createdTime"], body["lastUpdatedTime"]) == ("2026-01-15T10:00:00Z", "2026-01-15T10:01:00Z")


async def ids(host: Served, query: str, **kwargs: Any) -> list[str]:
    """Return the ids that a list shows."""
    reply = await host.ask("GET", f"/instances{query}", **kwargs)
    assert reply.status == 200
    return [one["instanceId"] for one in reply.json]


@pytest.fixture
async def many(host: Served) -> Served:
    """Five instances, a minute apart."""
    for name, instance_id in (("Waits", "w1"), ("Ends", "e1"), ("Fails", "f1"), ("Waits", "W2"), ("Ends", "e2")):
        await host.start(name, instance_id, {"n": 1})
        await host.engine.advance(timedelta(minutes=1))
    return host


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["W2", "e1", "e2", "f1", "w1"]),
        ("/", ["W2", "e1", "e2", "f1", "w1"]),
        ("?runtimeStatus=Running", ["W2", "w1"]),
        ("?runtimeStatus=Failed, Running", ["W2", "f1", "w1"]),
        ("?runtimeStatus=Failed&runtimeStatus=Completed", ["e1", "e2", "f1"]),
        ("?runtimeStatus=3", ["f1"]),
        ("?runtimeStatus=failed", ["W2", "e1", "e2", "f1", "w1"]),
        ("?instanceIdPrefix=e", ["e1", "e2"]),
        ("?instanceIdPrefix=E", []),
        ("?createdTimeFrom=2026-01-15T10:03:00Z", ["W2", "e2"]),
        ("?createdTimeTo=2026-01-15T10:01:00Z", ["e1", "w1"]),
        ("?createdTimeTo=2026-01-15", []),
        ("?createdTimeTo=2026-01-15T12:01:00%2B02:00", ["e1", "w1"]),
        ("?createdTimeTo=soon&createdTimeFrom=2026-01-15T10:00:00+02:00", ["W2", "e1", "e2", "f1", "w1"]),
        ("?createdTimeFrom=2026-01-15T10:01:00Z&runtimeStatus=Completed&instanceIdPrefix=e", ["e1", "e2"]),
    ],
)
async def test_a_list_holds_what_all_filters_let_through(many: Served, query: str, expected: list[str]) -> None:
    """Lists are in the order of the ids; unknown states and what is no date are passed over."""
    assert await ids(many, query.replace(" ", "%20")) == expected


async def test_lists_come_in_pages(many: Served) -> None:
    """The token of one page brings the next; the last page has an empty one, and only the header counts."""
    first = await many.ask("GET", "/instances?top=2")
    token = first.headers["x-ms-continuation-token"]
    second = await many.ask("GET", "/instances?top=3", headers={"x-ms-continuation-token": token})

    assert [one["instanceId"] for one in first.json] == ["W2", "e1"]
    assert [one["instanceId"] for one in second.json] == ["e2", "f1", "w1"]
    assert second.headers["x-ms-continuation-token"] == ""
    assert len(await ids(many, f"?top=many&x-ms-continuation-token={token}")) == 5


@pytest.mark.parametrize("token", ["nonsense", "null", base64.urlsafe_b64encode(b"x").decode(), "ü"])
async def test_a_token_that_was_made_up_is_an_error_of_the_host(many: Served, token: str) -> None:
    """Only a token from the host itself leads to a page."""
    reply = await many.ask("GET", "/instances", headers={"x-ms-continuation-token": token})

    assert (reply.status, reply.json["ExceptionMessage"]) == (
        500,
        "An error occurred while communicating with Azure Storage",
    )


@pytest.mark.parametrize(
    ("top", "text", "kind"),
    [
        ("0", "Take count must be positive and greater than 0.", "System.ArgumentException"),
        ("-1", "Non-negative number required. (Parameter 'capacity')", "System.ArgumentOutOfRangeException"),
    ],
)
async def test_a_page_of_nothing_is_a_bad_argument(many: Served, top: str, text: str, kind: str) -> None:
    """A page size below one is answered by 400."""
    reply = await many.ask("GET", f"/instances?top={top}")

    assert (reply.status, reply.json["ExceptionMessage"], reply.json["ExceptionType"]) == (400, text, kind)
    assert reply.json["Message"] == "One or more of the arguments submitted is incorrect"


async def test_a_list_can_leave_inputs_out(many: Served) -> None:
    """Lists show inputs unless told not to, and never a history."""
    with_input = (await many.ask("GET", "/instances?showHistory=true")).json
    without = (await many.ask("GET", "/instances?showInput=false")).json

    assert {tuple(one) for one in with_input} == {tuple(KEYS)}
    assert [one["input"] for one in with_input] == [{"n": 1}] * 5
    assert [one["input"] for one in without] == [None] * 5
