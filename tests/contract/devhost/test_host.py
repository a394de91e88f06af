"""A host in this process: HTTP functions and the SDK's client, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devhost.clock import VirtualClock
from devhost.errors import AppError, PortBusyError
from devhost.host import Host, HostOptions
from tests.support.apps import write_app
from tests.support.raw_http import Reply, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MORE = """
import json
import threading

GATE = threading.Event()

@app.route(route="gate/wait", methods=["GET"])
def WaitAtGate(req: func.HttpRequest) -> str:
    return str(GATE.wait(10))

@app.route(route="gate/open", methods=["GET"])
def OpenGate(req: func.HttpRequest) -> str:
    GATE.set()
    return "open"

def shown(req, by=""):
    return func.HttpResponse(json.dumps({
        "by": by, "method": req.method, "url": req.url, "params": dict(req.params),
        "route": dict(req.route_params), "body": req.get_body().decode(), "from": req.headers["x-forwarded-for"],
    }), mimetype="application/json")

@app.route(route="m/Literal", methods=["GET"])
def Literal(req: func.HttpRequest) -> func.HttpResponse:
    return shown(req, "literal")

@app.route(route="m/{name}", methods=["GET"])
def Parameter(req: func.HttpRequest) -> func.HttpResponse:
    return shown(req, "parameter")

@app.route(route="m/{number:int}", methods=["GET"])
def Number(req: func.HttpRequest) -> func.HttpResponse:
    return shown(req, "number")

@app.route(route="same", methods=["GET"])
def SameGet(req: func.HttpRequest) -> func.HttpResponse:
    return shown(req, "get")

@app.route(route="same", methods=["PUT"])
async def SamePut(req: func.HttpRequest) -> func.HttpResponse:
    return shown(req, "put")

@app.route(route="nothing", methods=["GET"])
def Nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None

@app.route(route="number", methods=["GET"])
def WrongKind(req: func.HttpRequest) -> func.HttpResponse:
    return 5

@app.route(route="header", methods=["GET"])
def BadHeader(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(headers={"X": "a"}, status_code=9999)

@app.route(route="flow/{call}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def Flow(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    call, id = req.route_params["call"], req.route_params["id"]
    if call == "status":
        status = await client.get_status(id, show_history=True)
        return func.HttpResponse(json.dumps(status.to_json() if status else None))
    if call == "event":
        await client.raise_event(id, "Go", req.get_json())
    if call == "terminate":
        await client.terminate(id, "enough")
    if call == "purge":
        return func.HttpResponse(str((await client.purge_instance_history(id)).instances_deleted))
    return func.HttpResponse(status_code=202)

@app.orchestration_trigger(context_name="context")
def Waits(context: df.DurableOrchestrationContext):
    value = yield context.wait_for_external_event("Go")
    return value
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app's folder; what loading an app changes in this process is undone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setitem(sys.modules, "function_app", sys)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")  # else the SDK warns, once in a process
    return write_app(tmp_path / "app", more=MORE)


def a_host(folder: Path, **more: Any) -> Host:
    """Return a host of an app, whose clock stands."""
    facts: dict[str, Any] = {"port": 0, "in_memory": True, "clock": VirtualClock()}
    return Host(HostOptions(folder=folder, **(facts | more)))


@pytest.fixture
async def host(folder: Path) -> AsyncIterator[Host]:
    """A running host."""
    async with a_host(folder) as one:
        yield one


async def call(host: Host, method: str, path: str, *args: Any, **kwargs: Any) -> Reply:
    """Ask the host."""
    return await ask(int(host.url.rpartition(":")[2]), method, path, *args, **kwargs)


async def test_a_function_sees_the_request_as_it_was_sent(host: Host) -> None:
    """Method, outside URL, parameters, decoded route values, body and the caller's address."""
    headers = {"Host": "outside.example:80", "X-Forwarded-For": "198.51.100.7"}
    reply = await call(host, "GET", "/api/m/a%20b?k=1&k=2", "body", headers=headers)

    seen = reply.json
    forwarded = seen.pop("from")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert seen == {
        "by": "parameter",
        "method": "GET",
        "url": "http://outside.example:80/api/m/a%20b?k=1&k=2",
        "params": {"k": "1,2"},
        "route": {"name": "a b"},
        "body": "body",
    }
    assert forwarded.startswith("198.51.100.7,127.0.0.1:")


@pytest.mark.parametrize(
    ("method", "path", "by"),
    [
        ("GET", "/api/m/literal", "literal"),
        ("GET", "/API/M/x/", "parameter"),
        ("GET", "/api/m/5", "number"),
        ("GET", "/api/same", "get"),
        ("PUT", "/api/same", "put"),
    ],
)
async def test_the_most_special_route_answers(host: Host, method: str, path: str, by: str) -> None:
    """A literal goes before a constrained parameter, that before a free one; the method counts, case does not."""
    assert (await call(host, method, path)).json["by"] == by


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/same"), ("HEAD", "/api/same"), ("GET", "/same"), ("GET", "/api/m/a/b")]
)
async def test_a_wrong_method_or_path_is_not_found(host: Host, method: str, path: str) -> None:
    """The answer is 404 without a body."""
    reply = await call(host, method, path)

    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
async def test_without_methods_a_route_takes_all(host: Host, method: str) -> None:
    """A text is answered as plain text, and an unbound parameter context is the invocation's."""
    reply = await call(host, method, "/api/plain")

    assert (reply.status, reply.body) == (200, f"{method} Plain True".encode())
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


async def test_nothing_is_answered_by_204(host: Host) -> None:
    """A function that returns None has no content."""
    reply = await call(host, "GET", "/api/nothing")

    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize("path", ["/api/breaks", "/api/number"])
async def test_a_function_that_fails_is_answered_by_500_without_a_body(
    host: Host, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error goes to the log only."""
    reply = await call(host, "GET", path)

    assert (reply.status, reply.body, reply.headers.get("content-type")) == (500, b"", None)
    [record] = [one for one in caplog.records if one.message == "function failed"]
    assert record.exc_info is not None


async def test_a_request_is_a_line_and_a_call_of_the_sdk_s_own_client_is_none(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """The client's calls follow from what a function does, which has its line."""
    caplog.set_level(logging.INFO)

    await call(host, "POST", "/api/start/Waits", send=1)

    assert [vars(one)["path"] for one in caplog.records if one.message == "request"] == ["/api/start/Waits"]


async def test_each_call_of_a_function_is_a_line(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP functions, orchestrators and activities are logged with milliseconds, and their instance if there is one."""
    caplog.set_level(logging.INFO)

    started = await call(host, "POST", "/api/start/Doubles?code=hidden", send=21)
    await host.engine.at_rest()

    facts = [vars(record) for record in caplog.records if record.message == "function ended"]
    by_name = {one["function"]: one for one in facts}
    assert sorted(one["function"] for one in facts) == ["Double", "Doubles", "Doubles", "Start"]
    assert by_name["Double"]["instance_id"] == by_name["Doubles"]["instance_id"] == started.json["id"]
    assert all(one["ms"] >= 0 for one in facts)
    assert "hidden" not in str(facts)


async def test_the_sdks_client_reaches_the_engine(host: Host) -> None:
    """Start, event, status and purge work through the SDK; a late event and an unknown id end as the SDK says."""
    started = await call(host, "POST", "/api/start/Waits", send={"a": 1})
    flow = started.json["id"]
    await host.engine.at_rest()
    waiting = await call(host, "POST", f"/api/flow/status/{flow}")
    await call(host, "POST", f"/api/flow/event/{flow}", send={"x": 1})
    await host.engine.at_rest()
    ended = await call(host, "POST", f"/api/flow/status/{flow}")
    late = await call(host, "POST", f"/api/flow/event/{flow}", send=1)
    purged = await call(host, "POST", f"/api/flow/purge/{flow}")
    unknown = await call(host, "POST", f"/api/flow/status/{flow}")

    assert (started.status, waiting.json["runtimeStatus"], waiting.json["input"]) == (202, "Running", '{"a": 1}')
    assert (ended.json["runtimeStatus"], ended.json["output"]) == ("Completed", '{"x": 1}')
    assert (late.status, purged.body, unknown.json) == (500, b"1", None)


async def test_the_links_of_the_sdk_lead_back(host: Host) -> None:
    """What the app hands out is reachable: the status link of a started instance answers."""
    started = await call(host, "POST", "/api/start/Waits", send=None, headers={"Content-Length": "4"}, body="null")

    link = started.json["statusQueryGetUri"].partition("/runtime")
    status = await call(host, "GET", "/runtime" + link[2])

    assert started.headers["location"] == started.json["statusQueryGetUri"]
    assert (link[0], status.status) == (f"http://localhost:{host.url.rpartition(':')[2]}", 202)


async def test_the_route_prefix_can_be_empty(folder: Path) -> None:
    """With an empty prefix the routes stand at the root, and the host's own pages stay."""
    write_app(folder, host_json={"extensions": {"http": {"routePrefix": ""}}})

    async with a_host(folder) as host:
        assert (await call(host, "GET", "/plain")).status == 200
        assert (await call(host, "GET", "/")).status == 200
        assert (await call(host, "GET", "/api/plain")).status == 404


@pytest.mark.parametrize(("limit", "told"), [("00:05:00", ["00:05:00"]), ("-1", []), (None, [])])
async def test_a_limit_that_ends_nothing_is_told_at_the_start(
    folder: Path, caplog: pytest.LogCaptureFixture, limit: str | None, told: list[str]
) -> None:
    """In Azure a function that runs for longer is ended, here it is not; no limit is worth no word."""
    write_app(folder, host_json={"version": "2.0", "functionTimeout": limit})

    async with Host(HostOptions(folder=folder, port=0, in_memory=True, clock=VirtualClock())):
        pass

    warnings = [vars(one) for one in caplog.records if one.message.startswith("functionTimeout")]
    assert [one["in_azure_after"] for one in warnings] == told


async def test_two_hosts_run_side_by_side(folder: Path) -> None:
    """If the usual private port is taken, another one is found; a public port is never shared."""
    async with a_host(folder) as first, a_host(folder) as second:
        assert first.url != second.url
        for one in (first, second):
            assert (await call(one, "POST", "/api/start/Doubles", send=1)).status == 202
            await one.engine.at_rest()
        with pytest.raises(PortBusyError):
            async with a_host(folder, port=int(first.url.rpartition(":")[2])):
                pass


async def test_what_was_stored_is_there_after_a_restart(folder: Path, tmp_path: Path) -> None:
    """An instance that waits goes on waiting."""
    db = tmp_path / "hub.db"
    async with a_host(folder, in_memory=False, db=db) as host:
        started = await call(host, "POST", "/api/start/Waits", send=1)
        await host.engine.at_rest()

    async with a_host(folder, in_memory=False, db=db) as host:
        await call(host, "POST", f"/api/flow/event/{started.json['id']}", send="on")
        await host.engine.at_rest()
        one = await host.engine.instance(started.json["id"])

    assert one is not None
    assert one.output == '"\\"on\\""'


async def test_a_strict_host_lets_calls_of_unknown_functions_fail(folder: Path) -> None:
    """In Azure, and without the option, they hang."""
    more = """
@app.orchestration_trigger(context_name="context")
def CallsNobody(context):
    yield context.call_activity("Nobody", 1)
"""
    write_app(folder, more=more)

    ends = []
    for is_strict in (False, True):
        async with a_host(folder, is_strict=is_strict) as host:
            started = await call(host, "POST", "/api/start/CallsNobody", send=1)
            await host.engine.at_rest()
            one = await host.engine.instance(started.json["id"])
            assert one is not None
            ends.append(one.status.label)

    assert ends == ["Running", "Failed"]


async def test_an_app_that_answers_through_a_parameter_is_refused(folder: Path) -> None:
    """Output parameters are not emulated; the error says what to do instead."""
    more = """
@app.route(route="out", binding_arg_name="answer")
def Out(req: func.HttpRequest, answer: func.Out[func.HttpResponse]) -> None:
    answer.set(func.HttpResponse())
"""
    write_app(folder, more=more)

    with pytest.raises(AppError, match="Function Out answers through an output parameter; return the answer instead"):
        await a_host(folder).__aenter__()


async def test_requests_are_answered_while_a_function_blocks(host: Host) -> None:
    """A plain def function runs on the pool and holds up nobody else, such as who ends its wait."""
    blocked = asyncio.create_task(call(host, "GET", "/api/gate/wait"))

    opened = await call(host, "GET", "/api/gate/open")

    assert opened.status == 200
    assert (await blocked).body == b"True"
