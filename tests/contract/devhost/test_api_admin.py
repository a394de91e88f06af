"""What the host tells about functions and lets be called by hand, disabled functions, and pages of other sites."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devhost.clock import VirtualClock
from devhost.errors import ConfigurationError, NotEmulatedError
from devhost.host import Host, HostOptions
from tests.support.apps import write_app
from tests.support.raw_http import Reply, ask
from tests.support.served import HUB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MORE = """
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def Yearly(timer: func.TimerRequest) -> None:
    import pathlib
    pathlib.Path("yearly.txt").write_text(str(timer.past_due))

@app.activity_trigger(input_name="value")
def Notes(value) -> None:
    import json, pathlib
    pathlib.Path("notes.txt").write_text(json.dumps(value))

@app.orchestration_trigger(context_name="context")
def Hangs(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("Double", 1))
"""
KEYS = [
    "name", "script_root_path_href", "script_href", "config_href", "test_data_href", "href", "invoke_url_template",
    "language", "config", "files", "test_data", "isDisabled", "isDirect", "isProxy",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app's folder; what loading an app changes in this process is undone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setitem(sys.modules, "function_app", sys)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    return write_app(tmp_path / "app", more=MORE)


def a_host(folder: Path) -> Host:
    """Return a host of the app in *folder*."""
    return Host(HostOptions(folder=folder, port=0, in_memory=True, clock=VirtualClock()))


@pytest.fixture
async def host(folder: Path) -> AsyncIterator[Host]:
    """A running host."""
    async with a_host(folder) as one:
        yield one


async def call(host: Host, method: str, path: str, *args: Any, **more: Any) -> Reply:
    """Ask the host."""
    return await ask(int(host.url.rpartition(":")[2]), method, path, *args, **more)


async def test_the_functions_are_listed_with_their_bindings(host: Host) -> None:
    """Each has the real host's keys in their order; HTTP functions say where they are called."""
    origin = host.url.replace("127.0.0.1", "localhost")

    listed = {one["name"]: one for one in (await call(host, "GET", "/admin/functions")).json}

    assert sorted(listed) == ["Breaks", "Double", "Doubles", "Hangs", "Notes", "Plain", "Start", "Stuck", "Yearly"]
    assert all(list(one) == KEYS for one in listed.values())
    assert listed["Start"]["invoke_url_template"] == f"{origin}/api/start/{{name}}"
    assert listed["Double"]["invoke_url_template"] is None
    assert listed["Double"]["href"] == f"{origin}/admin/functions/Double"
    [trigger] = listed["Double"]["config"]["bindings"]
    assert (trigger["type"], trigger["name"]) == ("activityTrigger", "number")
    assert {one["isDisabled"] for one in listed.values()} == {False}


async def test_one_function_is_shown_by_its_name_in_any_case(host: Host) -> None:
    """Its status is empty while nothing is wrong; an unknown one is not found."""
    one = await call(host, "GET", "/admin/functions/double")
    status = await call(host, "GET", "/admin/functions/Double/status")
    unknown = [await call(host, "GET", f"/admin/functions/Nobody{end}") for end in ("", "/status")]
    odd = [await call(host, method, "/admin/functions/Double/x") for method in ("GET", "POST")]

    assert (one.status, one.json["name"]) == (200, "Double")
    assert (status.status, status.json) == (200, {})
    assert [reply.status for reply in (*unknown, *odd)] == [404, 404, 404, 404]


@pytest.mark.parametrize(
    ("body", "seen"),
    [('{"input": "{\\"a\\": 5}"}', {"a": 5}), ('{"input": "5"}', 5), ('{"input": 5}', 5), ("{}", None)],
)
async def test_an_activity_is_called_by_hand(host: Host, folder: Path, body: str, seen: object) -> None:
    """The answer comes at once and is empty; the input text is taken as JSON."""
    reply = await call(host, "POST", "/admin/functions/notes", body)
    await host.engine.at_rest()

    assert (reply.status, reply.body) == (202, b"")
    assert json.loads((folder / "notes.txt").read_text()) == seen


async def test_a_timer_is_rung_by_hand(host: Host, folder: Path) -> None:
    """Whatever the text is, the function gets a timer that is not late."""
    reply = await call(host, "POST", "/admin/functions/Yearly", '{"input": "now"}')
    await host.engine.at_rest()

    assert reply.status == 202
    assert (folder / "yearly.txt").read_text() == "False"


async def test_what_a_text_cannot_be_is_told_in_the_log(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """An orchestrator or an HTTP function cannot be called with a text; the caller hears nothing of that."""
    replies = [await call(host, "POST", f"/admin/functions/{name}", '{"input": "x"}') for name in ("Doubles", "Plain")]
    await host.engine.at_rest()

    assert [reply.status for reply in replies] == [202, 202]
    told = [record for record in caplog.records if record.message == "function not called"]
    assert [vars(record)["function"] for record in told] == ["Doubles", "Plain"]
    assert all("see PARITY.md, row 8.2" in vars(record)["problem"] for record in told)


@pytest.mark.parametrize("body", ["", "5", "{", '["x"]', '{"input": {"a": 1}}', '{"input": [1]}'])
async def test_a_call_by_hand_needs_an_object_with_a_text(host: Host, body: str) -> None:
    """Anything else is 400, also for a function that is not there."""
    replies = [await call(host, "POST", f"/admin/functions/{name}", body) for name in ("Double", "Nobody")]

    assert [(reply.status, reply.body) for reply in replies] == [(400, b""), (400, b"")]
    assert (await call(host, "POST", "/admin/functions/Nobody", "{}")).status == 404


async def test_a_disabled_function_is_not_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An HTTP function is 404, an orchestrator refused by 400, an activity unknown; the list says so."""
    for name, value in (("plain", "1"), ("Doubles", "True"), ("Double", "true"), ("Start", "0"), ("Yearly", "1")):
        monkeypatch.setenv(f"AzureWebJobs.{name}.Disabled", value)

    async with a_host(folder) as host:
        plain = await call(host, "GET", "/api/plain")
        refused = await call(host, "POST", f"{HUB}/orchestrators/doubles/a", send=1)
        started = await call(host, "POST", "/api/start/Hangs", send=1)
        await host.engine.at_rest()
        hangs = await host.engine.instance(started.json["id"])
        by_hand = await call(host, "POST", "/admin/functions/Double", '{"input": "1"}')
        listed = (await call(host, "GET", "/admin/functions")).json

    assert plain.status == 404
    assert (refused.status, list(refused.json)) == (400, ["Message"])
    assert refused.json["Message"].startswith("The function 'doubles' doesn't exist, is disabled, or is not an orch")
    assert refused.json["Message"].endswith("known orchestrator functions: 'Hangs'.")
    assert hangs is not None
    assert hangs.status.label == "Running"
    assert by_hand.status == 404
    assert {one["name"] for one in listed if one["isDisabled"]} == {"Plain", "Doubles", "Double", "Yearly"}


def allowing(folder: Path, **host: object) -> Path:
    """Return the folder of an app whose local.settings.json says this about its host."""
    (folder / "local.settings.json").write_text(json.dumps({"Values": {}, "Host": host}))
    return folder


async def test_pages_of_listed_sites_may_read_answers(folder: Path) -> None:
    """The answer names the site, and cookies if they are allowed; a page of any other site can read nothing."""
    app = allowing(folder, CORS="https://a.example/, https://b.example", CORSCredentials=True)

    async with a_host(app) as host:
        good = await call(host, "GET", "/api/plain", headers={"Origin": "https://a.example"})
        bad = await call(host, "GET", "/api/plain", headers={"Origin": "https://evil.example"})
        none = await call(host, "GET", "/api/plain")

    assert (good.status, good.headers["access-control-allow-origin"]) == (200, "https://a.example")
    assert (good.headers["access-control-allow-credentials"], good.headers["vary"]) == ("true", "Origin")
    assert (bad.status, "access-control-allow-origin" in bad.headers) == (200, False)
    assert "vary" not in none.headers


@pytest.mark.parametrize(("origin", "is_allowed"), [("https://a.example", True), ("https://evil.example", False)])
async def test_the_host_answers_what_browsers_ask_first(folder: Path, origin: str, *, is_allowed: bool) -> None:
    """The function is not called; method and headers are granted as they are asked for."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,x-a",
    }

    async with a_host(allowing(folder, CORS="https://a.example")) as host:
        reply = await call(host, "OPTIONS", "/api/plain", headers=asked)

    granted = {name: value for name, value in reply.headers.items() if name.startswith("access-control-")}
    assert (reply.status, reply.body) == (204, b"")
    assert granted == (
        {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "PUT",
            "access-control-allow-headers": "content-type,x-a",
        }
        if is_allowed
        else {}
    )


async def test_every_site_may_be_allowed_but_not_on_devhosts_own_routes(folder: Path) -> None:
    """``*`` opens the app and the management API to pages of all sites; the page of devhost stays closed to them."""
    headers = {"Origin": "https://any.example", "Access-Control-Request-Method": "POST"}

    async with a_host(allowing(folder, CORS="*")) as host:
        opened = [await call(host, "OPTIONS", path, headers=headers) for path in ("/api/plain", f"{HUB}/instances")]
        own = [await call(host, "OPTIONS", path, headers=headers) for path in ("/devhost/clock/advance", "//DEVHOST/")]
        plain = await call(host, "OPTIONS", "/api/plain")

    assert [reply.headers.get("access-control-allow-origin") for reply in opened] == ["*", "*"]
    assert [reply.headers.get("access-control-allow-origin") for reply in own] == [None, None]
    assert (plain.status, plain.body) == (200, b"OPTIONS Plain True")


async def test_every_site_with_cookies_is_refused(folder: Path) -> None:
    """Browsers refuse that too; the error says what to write."""
    with pytest.raises(ConfigurationError, match="name the origins"):
        await a_host(allowing(folder, CORS="*", CORSCredentials=True)).__aenter__()


@pytest.mark.parametrize(("kind", "is_there"), [("AzureStorage", True), ("azurestorage", True), ("mssql", False)])
async def test_a_storage_provider_that_is_not_emulated_is_refused(folder: Path, kind: str, *, is_there: bool) -> None:
    """The host stands in for the Azure Storage provider, and does not guess how another one would behave."""
    write_app(folder, more=MORE, host_json={"extensions": {"durableTask": {"storageProvider": {"type": kind}}}})

    if is_there:
        async with a_host(folder) as host:
            assert (await call(host, "GET", "/api/plain")).status == 200
    else:
        with pytest.raises(NotEmulatedError, match=r"'mssql', which devhost does not have.*row 8\.3"):
            await a_host(folder).__aenter__()
