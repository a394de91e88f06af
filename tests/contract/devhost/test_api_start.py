"""Starts over the management API answer as the recorded real host does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devhost.engine.engine import EngineOptions
from devhost.engine.versions import VersionRules
from tests.support.raw_http import ask, exchange
from tests.support.served import HUB, KEY, Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEYS = [
    "id",
    "statusQueryGetUri",
    "sendEventPostUri",
    "terminatePostUri",
    "purgeHistoryDeleteUri",
    "restartPostUri",
    "suspendPostUri",
    "resumePostUri",
]


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host without an app."""
    async with served() as one:
        yield one


async def test_a_start_answers_with_eight_links_in_order(host: Served) -> None:
    """A start is answered by 202, with Location, Retry-After and the eight keys in their order."""
    reply = await host.ask("POST", "/orchestrators/Waits/abc", send={"a": 1})

    common = "taskHub=TestHub&connection=Storage&code=key"
    base = f"http://localhost:{host.port}{HUB}/instances/abc"
    assert (reply.status, list(reply.json)) == (202, KEYS)
    assert reply.headers["location"] == reply.json["statusQueryGetUri"] == f"{base}?{common}"
    assert reply.headers["retry-after"] == "10"
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.json["sendEventPostUri"] == f"{base}/raiseEvent/{{eventName}}?{common}"
    assert reply.json["terminatePostUri"] == f"{base}/terminate?reason={{text}}&{common}"


async def test_links_carry_the_host_header_of_the_request(host: Served) -> None:
    """The origin of the links is that under which the caller reached the host; forwarded headers change nothing."""
    headers = {"Host": "outside.example:8080", "X-Forwarded-Host": "other.example"}
    reply = await host.ask("POST", "/orchestrators/Ends/abc", headers=headers)

    assert reply.json["statusQueryGetUri"].startswith(f"http://outside.example:8080{HUB}/instances/abc?")


async def test_links_repeat_hub_and_connection_as_given(host: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another spelling of the hub reaches the same hub, and the links show it as the caller wrote it."""
    monkeypatch.setenv("AzureWebJobsOther", "UseDevelopmentStorage=true")
    reply = await host.ask("POST", "/orchestrators/Ends/abc?taskhub=TESTHUB&connection=Other&code=wrong")

    assert reply.json["statusQueryGetUri"].endswith("?taskHub=TESTHUB&connection=Other&code=key")


@pytest.mark.parametrize(
    ("target", "instance_id", "encoded"),
    [
        ("a+b", "a b", "a+b"),
        ("a%2Bb", "a b", "a+b"),
        ("a%20b", "a b", "a+b"),
        ("a%252Bb", "a+b", "a%2Bb"),
        ("%2541", "A", "A"),
        ("gr%C3%BC%C3%9F", "grüß", "gr%C3%BC%C3%9F"),
        ("x%25", "x%", "x%25"),
        ("@x:1", "@x:1", "%40x%3A1"),
        ("a%5Cb", "a\\b", "a%5Cb"),
        ("a%23b%3Fc", "a#b?c", "a%23b%3Fc"),
        ("t%09t%0At%7F", "t\tt\nt\x7f", "t%09t%0At%7F"),
        ("x" * 300, "x" * 300, "x" * 300),
    ],
)
async def test_ids_are_decoded_twice_and_not_checked(host: Served, target: str, instance_id: str, encoded: str) -> None:
    """An id in a path is percent-decoded, then decoded as a form, and taken as it is."""
    reply = await host.ask("POST", f"/orchestrators/Ends/{target}")
    await host.engine.at_rest()

    assert reply.json["id"] == instance_id
    assert f"/instances/{encoded}?" in reply.json["statusQueryGetUri"]
    assert await host.engine.instance(instance_id) is not None


@pytest.mark.parametrize("target", ["a/b", "a%2Fb", "a%252Fb", "", "Ends//x"])
async def test_a_slash_in_an_id_is_a_segment_more(host: Served, target: str) -> None:
    """An id with a slash, encoded or not, cannot be reached, and no name cannot either: 404 without a body."""
    path = f"/orchestrators/Ends/{target}" if target and not target.startswith("Ends") else f"/orchestrators/{target}"
    reply = await host.ask("POST", path, send={})

    assert (reply.status, reply.body, reply.headers.get("content-type")) == (404, b"", None)


@pytest.mark.parametrize("target", ["a%00b", "a%2500b"])
async def test_an_id_with_a_zero_is_refused(host: Served, target: str) -> None:
    """The character zero in a path is answered by 400, as the real web server does."""
    reply = await host.ask("POST", f"/orchestrators/Ends/{target}")

    assert (reply.status, reply.body) == (400, b"")


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"])
async def test_other_methods_are_not_found(host: Served, method: str) -> None:
    """A method that a path does not have is answered by 404 without a body."""
    reply = await host.ask(method, "/orchestrators/Ends/x")

    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize(
    ("body", "stored", "shown"),
    [
        ('{"a": 1}', '{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', '"{\\"a\\": 1}"', '{"a": 1}'),
        ("1.50", "1.50", 1.5),
        ("null", "null", None),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}', {"a": 2}),
        ("{'a': 1}", "{'a': 1}", {"a": 1}),
        ('{"a": 1} // end', '{"a": 1} // end', {"a": 1}),
        ("0x1F", "0x1F", 31),
        ("NaN", "NaN", "NaN"),
        ('\ufeff{"a": 1}', '{"a": 1}', {"a": 1}),
        ("", None, None),
    ],
)
async def test_the_body_is_stored_as_sent_and_shown_parsed(
    host: Served, body: str, stored: str | None, shown: object
) -> None:
    """The input is kept as it was sent, but for a byte order mark; the status shows what it says."""
    await host.ask("POST", "/orchestrators/Waits/abc", body)
    await host.engine.at_rest()

    one = await host.engine.instance("abc")
    assert one is not None
    assert one.input == stored
    assert (await host.status("abc"))["input"] == shown


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "{not json",
            "Invalid character after parsing property name. Expected ':' but got: j. Path '', line 1, position 5.",
        ),
        ("hello", "Unexpected character encountered while parsing value: h. Path '', line 0, position 0."),
        (
            '{"a": 1} {"b": 2}',
            "Additional text encountered after finished reading JSON content: {. Path '', line 1, position 9.",
        ),
        ("{broken", "Unexpected end while parsing unquoted property name. Path '', line 1, position 7."),
        ("// x", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("undefined", "Unexpected character encountered while parsing value: u. Path '', line 0, position 0."),
    ],
)
async def test_a_body_that_is_not_json_starts_nothing(host: Served, body: str, text: str) -> None:
    """A body that is not JSON, or that would poison the store, is answered by 400 with the parser's words."""
    reply = await host.ask("POST", "/orchestrators/Ends/abc", body)

    assert reply.status == 400
    assert list(reply.json) == ["Message", "ExceptionMessage", "ExceptionType", "StackTrace"]
    assert reply.json["Message"] == "Invalid JSON content"
    assert reply.json["ExceptionMessage"] == text
    assert reply.json["ExceptionType"] == "Newtonsoft.Json.JsonReaderException"
    assert await host.engine.instance("abc") is None


async def test_deep_json_is_refused(host: Served) -> None:
    """More than 64 levels are answered by 400."""
    taken = await host.ask("POST", "/orchestrators/Ends/a", "[" * 64 + "]" * 64)
    refused = await host.ask("POST", "/orchestrators/Ends/b", "[" * 100 + "]" * 100)

    assert (taken.status, refused.status) == (202, 400)
    assert refused.json["ExceptionMessage"].startswith("The reader's MaxDepth of 64 has been exceeded.")


async def test_a_start_without_length_or_body_has_a_blank_input(host: Served) -> None:
    """Without Content-Length the empty body is a text of its own, not the absence of an input."""
    await exchange(
        host.port, f"POST {HUB}/orchestrators/Waits/abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )

    one = await host.engine.instance("abc")
    assert one is not None
    assert one.input == ""


async def test_a_living_instance_keeps_its_id(host: Served) -> None:
    """A second start of a running id is answered by 409, whatever function it names; an ended one is replaced."""
    await host.start("Waits", "abc")

    refused = await host.ask("POST", "/orchestrators/Ends/abc", send={})
    await host.ask("POST", "/instances/abc/terminate")
    await host.engine.at_rest()
    replaced = await host.ask("POST", "/orchestrators/Ends/abc", send={})

    text = "An Orchestration instance with the status Running already exists."
    assert (refused.status, refused.json) == (409, {"Message": text})
    assert replaced.status == 202


async def test_a_living_instance_is_replaced_where_host_json_allows_it() -> None:
    """With overridableExistingInstanceStates AnyState a start takes the place of whatever has the id."""
    async with served(options=EngineOptions(replaces_living=True)) as host:
        await host.start("Waits", "abc", 1)
        replaced = await host.ask("POST", "/orchestrators/Ends/abc", send=2)
        await host.engine.at_rest()

        one = await host.status("abc")

    assert replaced.status == 202
    assert (one["name"], one["input"], one["runtimeStatus"]) == ("Ends", 2, "Completed")


async def test_an_id_is_made_if_none_is_given(host: Served) -> None:
    """Without an id the host makes one of 32 hex digits, and path names compare without case."""
    reply = await ask(host.port, "POST", HUB.upper() + "/ORCHESTRATORS/Ends/", send={})

    assert reply.status == 202
    assert len(reply.json["id"]) == 32
    assert int(reply.json["id"], 16)


async def test_a_start_that_waits_answers_with_the_output(host: Served) -> None:
    """With a time-out and an interval the answer to a start is the output, once there is one."""
    done = await host.ask("POST", "/orchestrators/Ends/a?TIMEOUT=20&pollingInterval=0.5")
    failed = await host.ask("POST", "/orchestrators/Fails/b?timeout=20&pollingInterval=0.5")
    late = await host.ask("POST", "/orchestrators/Waits/c?timeout=0.05&pollingInterval=0.01")

    assert (done.status, done.json) == (200, "done")
    assert (failed.status, failed.json["runtimeStatus"]) == (200, "Failed")
    assert (late.status, list(late.json)) == (202, KEYS)


@pytest.mark.parametrize(
    "query", ["timeout=3", "pollingInterval=1", "timeout=0&pollingInterval=0", "timeout=a&pollingInterval=b"]
)
async def test_a_start_waits_only_when_asked_properly(host: Served, query: str) -> None:
    """One of the two, no time, or words: the answer comes at once."""
    reply = await host.ask("POST", f"/orchestrators/Waits/a?{query}")

    assert (reply.status, list(reply.json)) == (202, KEYS)


async def test_a_bad_pair_of_times_is_refused_after_the_start(host: Served) -> None:
    """An interval above the time-out is answered by 400, though the instance was started."""
    reply = await host.ask("POST", "/orchestrators/Waits/a?timeout=1&pollingInterval=2")

    assert (reply.status, reply.json) == (400, {"Message": "Total timeout 1 should be bigger than retry timeout 2"})
    assert await host.engine.instance("a") is not None


async def test_versions_decide_what_runs() -> None:
    """An instance of a newer version than the host's stays Pending; the version is kept."""
    async with served(options=EngineOptions(versions=VersionRules(default="1.0"))) as host:
        await host.ask("POST", "/orchestrators/Ends/old?version=0.9")
        await host.ask("POST", "/orchestrators/Ends/new?version=2.0")
        await host.engine.at_rest()

        assert (await host.status("old"))["runtimeStatus"] == "Completed"
        assert (await host.status("new"))["runtimeStatus"] == "Pending"


async def test_a_start_in_a_hub_that_nobody_serves_stays_pending(host: Served) -> None:
    """It is answered as usual, with links of that hub, takes events, a suspension and a terminate, and never runs."""
    await host.start("Waits", "abc")
    elsewhere = "taskHub=Elsewhere"

    started = await host.ask("POST", f"/orchestrators/Ends/x?{elsewhere}", send={"a": 1})
    again = await host.ask("POST", "/orchestrators/Ends/x?taskHub=ELSEWHERE", send=1)
    raised = await host.ask("POST", f"/instances/x/raiseEvent/Go?{elsewhere}", send=1)
    told = [await host.ask("POST", f"/instances/x/{what}?{elsewhere}") for what in ("suspend", "terminate")]
    shown = await host.ask("GET", f"/instances/x?{elsewhere}")
    listed = await host.ask("GET", f"/instances?{elsewhere}")
    others = [await host.ask("GET", path) for path in ("/instances/x", f"/instances/abc?{elsewhere}")]

    assert (started.status, raised.status, shown.status) == (202, 202, 202)
    assert [reply.status for reply in told] == [202, 202]
    assert f"taskHub=Elsewhere&connection=Storage&code={KEY}" in started.json["statusQueryGetUri"]
    assert again.json == {"Message": "An Orchestration instance with the status Pending already exists."}
    assert (shown.json["runtimeStatus"], shown.json["input"]) == ("Pending", {"a": 1})
    assert [one["instanceId"] for one in listed.json] == ["x"]
    assert [reply.status for reply in others] == [404, 404]


async def test_another_hub_is_empty_until_something_is_started_there(host: Served) -> None:
    """Nothing is found in it; a name that storage refuses is an error; entities and hubs without end are not here."""
    found = await host.ask("GET", "/instances/abc?taskHub=Elsewhere")
    listed = [await host.ask("GET", f"/{room}?taskHub=Elsewhere") for room in ("instances", "entities")]
    refused = await host.ask("GET", "/instances/abc?taskHub=no_hub")
    signal = await host.ask("POST", "/entities/Counter/k?taskHub=Elsewhere")
    many = [(await host.ask("POST", f"/orchestrators/Ends?taskHub=Hub{number}")).status for number in range(9)]

    assert (found.status, refused.status) == (404, 500)
    assert [reply.json for reply in listed] == [[], []]
    assert (signal.status, "trap 28" in signal.json["Message"]) == (501, True)
    assert many == [202] * 8 + [501]


async def test_an_unknown_connection_is_an_error_of_the_host(host: Served) -> None:
    """A connection that no setting names is answered by 500 with its name."""
    reply = await host.ask("GET", "/instances/abc?connection=Nowhere")

    assert reply.status == 500
    assert reply.json["ExceptionMessage"] == "Unable to resolve the Azure Storage connection named 'Nowhere'."
    assert reply.json["Message"] == "Something went wrong while processing your request"


async def test_a_restart_starts_the_same_with_the_same_input(host: Served) -> None:
    """A restart makes a new instance by default; in place it needs an ended one; an unknown id is a bad argument."""
    await host.start("Waits", "abc", {"a": 1})

    twin = await host.ask("POST", "/instances/abc/restart")
    refused = await host.ask("POST", "/instances/abc/restart?restartWithNewInstanceId=false")
    unknown = await host.ask("POST", "/instances/nobody/restart")

    assert twin.status == 202
    assert (await host.status(twin.json["id"]))["input"] == {"a": 1}
    assert refused.status == 409
    assert refused.json["ExceptionType"] == "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
    assert unknown.status == 400
    assert unknown.json["ExceptionMessage"] == "No instance with ID 'nobody' was found. (Parameter 'instanceId')"
