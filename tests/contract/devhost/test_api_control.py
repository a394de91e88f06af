"""Events, controls and purges over the management API answer as the recorded real host does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.served import Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host with a waiting instance and an ended one."""
    async with served() as one:
        await one.start("Waits", "waiting")
        await one.start("Ends", "ended")
        yield one


@pytest.mark.parametrize(
    ("body", "output"),
    [
        ('{"x": 1}', {"x": 1}),
        ('"{\\"x\\": 1}"', '{"x": 1}'),
        ("5", 5),
        ("null", None),
        ("1 2", 1),
        ("{'x': 1,}", {"x": 1}),
        ('"gr\\u00fc\\u00df"', "grüß"),
        ('"\\ud800"', "\ufffd"),
    ],
)
async def test_an_event_brings_its_first_value(host: Served, body: str, output: object) -> None:
    """An event is answered by 202 without a body; what comes after its first value does not count."""
    reply = await host.ask("POST", "/instances/waiting/raiseEvent/Go", body, headers=JSON)
    await host.engine.at_rest()

    assert (reply.status, reply.body) == (202, b"")
    assert (await host.status("waiting"))["output"] == output


async def test_an_event_is_stored_compactly(host: Served) -> None:
    """The history holds the value without blanks and without needless escapes."""
    await host.ask("POST", "/instances/waiting/RAISEEVENT/Two%20Words", '{ "a":\n "gr\\u00fc" }', headers=JSON)
    await host.engine.at_rest()

    event = (await host.status("waiting", "showHistory=true"))["historyEvents"][-1]
    assert (event["Name"], event["Input"]) == ("Two Words", '{"a":"grü"}')


@pytest.mark.parametrize("kind", ["text/plain", "application/problem+json", ""])
async def test_an_event_must_be_json_by_its_type(host: Served, kind: str) -> None:
    """Any other content type, and none, is answered by 400."""
    headers = {"Content-Type": kind} if kind else {}
    reply = await host.ask("POST", "/instances/waiting/raiseEvent/Go", "{}", headers=headers)

    assert (reply.status, reply.json) == (400, {"Message": "Only application/json request content is supported"})


@pytest.mark.parametrize("kind", ["APPLICATION/JSON", "application/json; charset=utf-8"])
async def test_case_and_parameters_of_the_type_do_not_matter(host: Served, kind: str) -> None:
    """The content type is compared without case and without its parameters."""
    reply = await host.ask("POST", "/instances/waiting/raiseEvent/Go", "1", headers={"Content-Type": kind})

    assert reply.status == 202


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("  ", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("{broken", "Unexpected end while parsing unquoted property name. Path '', line 1, position 7."),
        ("// 1\n2", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
    ],
)
async def test_an_event_must_hold_json(host: Served, body: str, text: str) -> None:
    """A body that holds no value, or begins with a comment, is answered by 400 with the parser's words."""
    reply = await host.ask("POST", "/instances/waiting/raiseEvent/Go", body, headers=JSON)

    assert (reply.status, reply.json["Message"], reply.json["ExceptionMessage"]) == (400, "Invalid JSON content", text)


@pytest.mark.parametrize(("instance_id", "status"), [("nobody", 404), ("ended", 410)])
async def test_who_is_not_there_comes_before_what_is_sent(host: Served, instance_id: str, status: int) -> None:
    """An unknown id is answered by 404 and an ended instance by 410, whatever the request holds."""
    event = await host.ask("POST", f"/instances/{instance_id}/raiseEvent/Go", "{broken")
    others = [await host.ask("POST", f"/instances/{instance_id}/{one}") for one in ("terminate", "suspend", "resume")]

    assert [(one.status, one.body) for one in (event, *others)] == [(status, b"")] * 4


@pytest.mark.parametrize("path", ["raiseEvent/", "raiseEvent/Go/more", "raiseEvent/a%2Fb", "unknown", "terminate/x"])
async def test_unknown_operations_are_not_found(host: Served, path: str) -> None:
    """An operation that does not exist is answered by 404 without a body."""
    reply = await host.ask("POST", f"/instances/waiting/{path}", "1", headers=JSON)
    by_get = await host.ask("GET", "/instances/waiting/raiseEvent/Go")

    assert (reply.status, reply.body, by_get.status) == (404, b"", 404)


async def test_an_instance_can_be_suspended_and_resumed_once(host: Served) -> None:
    """Suspending what is suspended, and resuming what is not, is an error of the host."""
    resumed = await host.ask("POST", "/instances/waiting/resume")
    accepted = await host.ask("POST", "/instances/waiting/suspend")
    await host.engine.at_rest()
    again = await host.ask("POST", "/instances/waiting/suspend")

    text = "Cannot {} the orchestration instance waiting because instance is in the {} state."
    assert (accepted.status, accepted.body) == (202, b"")
    assert (resumed.status, resumed.json["ExceptionMessage"]) == (500, text.format("resume", "Running"))
    assert (again.status, again.json["ExceptionMessage"]) == (500, text.format("suspend", "Suspended"))
    assert again.json["ExceptionType"] == "System.InvalidOperationException"


@pytest.mark.parametrize(("query", "output"), [("?reason=enough", "enough"), ("", None), ("?reason=", "")])
async def test_a_termination_leaves_its_reason(host: Served, query: str, output: str | None) -> None:
    """A terminated instance shows the reason, an empty one too, and null without one."""
    reply = await host.ask("POST", f"/instances/waiting/terminate{query}")
    await host.engine.at_rest()

    body = await host.status("waiting")
    assert (reply.status, body["runtimeStatus"], body["output"]) == (202, "Terminated", output)


async def test_only_a_failed_instance_can_be_rewound(host: Served) -> None:
    """Others are answered by 412 and unknown ones by 404, each with a bare text; a failed one runs again."""
    await host.start("Fails", "failed")

    ended = await host.ask("POST", "/instances/ended/rewind")
    unknown = await host.ask("POST", "/instances/nobody/rewind")
    failed = await host.ask("POST", "/instances/failed/rewind?reason=why")
    await host.engine.at_rest()

    text = 'This orchestration has status Completed, but only orchestrations in the "Failed" state can be rewound.'
    assert (ended.status, ended.json) == (412, text)
    assert (unknown.status, unknown.json) == (404, 'No orchestration with instance ID "$nobody" found.')
    assert (failed.status, failed.body) == (202, b"")
    shown = await host.status("failed", "showHistory=true")
    blanks = [event for event in shown["historyEvents"] if event["EventType"] == "GenericEvent"]
    assert [list(event) for event in blanks] == [["Data", "EventType", "Timestamp"]] * 2
    assert [event["Data"] for event in blanks] == [None, "why"]


async def test_an_ended_instance_can_be_purged(host: Served) -> None:
    """A purge forgets an ended instance; a living one is kept and an unknown one not found."""
    living = await host.ask("DELETE", "/instances/waiting")
    purged = await host.ask("DELETE", "/instances/ended")
    again = await host.ask("DELETE", "/instances/ended")

    text = "Only orchestrations in a terminal state can be purged, but the orchestration with instance ID waiting has"
    assert (living.status, living.json) == (412, f"{text} status Running")
    assert (purged.status, purged.json) == (200, {"instancesDeleted": 1})
    assert (again.status, again.body) == (404, b"")
    assert await host.engine.instance("waiting") is not None


async def test_ids_that_begin_with_an_at_sign_are_purged_in_any_state(host: Served) -> None:
    """Such ids skip both checks."""
    await host.start("Waits", "@x@y")

    living = await host.ask("DELETE", "/instances/@x@y")
    unknown = await host.ask("DELETE", "/instances/@x@z")

    assert (living.json, unknown.json) == ({"instancesDeleted": 1}, {"instancesDeleted": 0})


async def test_many_are_purged_by_window_and_state(host: Served) -> None:
    """A bulk purge needs the begin of its window, and takes the ended states only."""
    await host.engine.advance(timedelta(hours=1))
    missing = await host.ask("DELETE", "/instances?runtimeStatus=Completed")
    nothing = await host.ask("DELETE", "/instances/?createdTimeFrom=2026-01-15T10:30:00Z")
    purged = await host.ask("DELETE", "/instances?createdTimeFrom=2026-01-01&runtimeStatus=Completed,Running")

    assert (missing.status, missing.json) == (400, "Please provide value for 'createdTimeFrom' parameter.")
    assert (nothing.status, nothing.body) == (404, b"")
    assert (purged.status, purged.json) == (200, {"instancesDeleted": 1})
    assert await host.engine.instance("waiting") is not None


@pytest.mark.parametrize("state", ["completed", "Running", ""])
async def test_a_bulk_purge_without_an_ended_state_takes_everything(host: Served, state: str) -> None:
    """With no state left to look for, living instances go too."""
    purged = await host.ask("DELETE", f"/instances?createdTimeFrom=2026-01-01T00:00:00Z&runtimeStatus={state}")

    assert purged.json == {"instancesDeleted": 2}


async def test_the_primary_host_need_not_be_chosen(host: Served) -> None:
    """The route of the app lease is answered and does nothing."""
    reply = await host.ask("POST", "/makeprimary")

    assert (reply.status, reply.body) == (200, b"")
