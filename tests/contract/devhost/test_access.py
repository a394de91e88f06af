"""A host that asks for keys: which request needs which, and what nobody without one can do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devhost.clock import VirtualClock
from devhost.host import Host, HostOptions
from tests.support.apps import write_app
from tests.support.raw_http import Reply, ask
from tests.support.served import HUB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MORE = """
@app.route(route="level/function", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def AsksForKey(req: func.HttpRequest) -> str:
    return "function"

@app.route(route="level/admin", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def AsksForMaster(req: func.HttpRequest) -> str:
    return "admin"

@app.orchestration_trigger(context_name="context")
def Waits(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("Go"))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app's folder; what loading an app changes in this process is undone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setitem(sys.modules, "function_app", sys)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    return write_app(tmp_path / "app", more=MORE)


@pytest.fixture
async def host(folder: Path) -> AsyncIterator[Host]:
    """A host that asks for keys."""
    async with a_host(folder) as one:
        yield one


def a_host(folder: Path, *, asks_for_keys: bool = True) -> Host:
    """Return a host of the app in *folder*."""
    return Host(HostOptions(folder=folder, port=0, in_memory=True, clock=VirtualClock(), asks_for_keys=asks_for_keys))


async def call(host: Host, method: str, path: str, *, key: str | None = None, **more: Any) -> Reply:
    """Ask the host, with a key in the header if there is one."""
    headers = {} if key is None else {"x-functions-key": key}
    return await ask(int(host.url.rpartition(":")[2]), method, path, headers=headers, **more)


def keys_of(folder: Path) -> dict[str, Any]:
    """What the keys' file holds."""
    found: dict[str, Any] = json.loads((folder / ".devhost" / "keys.json").read_text())
    return found


def named(folder: Path) -> dict[str, str]:
    """One key of each kind, and one that is none."""
    keys = keys_of(folder)
    return {
        "none": "",
        "wrong": keys["master"][:-3] + "x==",
        "own": keys["functions"]["AsksForKey"]["default"],
        "other's": keys["functions"]["Plain"]["default"],
        "host": keys["host"]["default"],
        "system": keys["system"]["durabletask_extension"],
        "master": keys["master"],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "opened_by"),
    [
        ("GET", "/api/plain", 200, "none wrong own other's host system master"),
        ("GET", "/api/level/function", 200, "own host master"),
        ("GET", "/api/level/admin", 200, "master"),
        ("GET", f"{HUB}/instances", 200, "system master"),
        ("POST", f"{HUB}/orchestrators/Waits", 202, "system master"),
        ("DELETE", f"{HUB}/instances/x", 404, "system master"),
        ("GET", "/admin/host/status", 200, "master"),
        ("GET", "/admin/host/ping", 200, "master"),
        ("GET", "/admin/functions", 200, "master"),
        ("GET", "//admin/functions/", 200, "master"),
        ("POST", "/ADMIN/functions/Double", 400, "master"),
    ],
)
async def test_a_route_opens_for_its_keys_only(
    host: Host, folder: Path, method: str, path: str, status: int, opened_by: str
) -> None:
    """All other keys, and none, are answered by 401 without a body."""
    replies = {name: await call(host, method, path, key=key) for name, key in named(folder).items()}

    assert {name for name, reply in replies.items() if reply.status == status} == set(opened_by.split())
    assert {(reply.status, reply.body) for reply in replies.values() if reply.status != status} <= {(401, b"")}


async def test_a_key_may_stand_in_the_query_and_the_header_wins(host: Host, folder: Path) -> None:
    """The query's ``code`` counts unless there is a header, even a wrong or an empty one."""
    path = f"/api/level/function?code={keys_of(folder)['host']['default']}"

    assert (await call(host, "GET", path)).status == 200
    assert (await call(host, "GET", path, key="wrong")).status == 401
    assert (await call(host, "GET", path, key="")).status == 401


async def test_what_is_not_there_is_not_found_without_a_key(host: Host) -> None:
    """Neither an unknown route, nor a wrong method, nor the root says anything about keys."""
    assert (await call(host, "GET", "/api/nothing")).status == 404
    assert (await call(host, "POST", "/api/level/function")).status == 404
    assert (await call(host, "HEAD", f"{HUB}/instances")).status == 404
    assert (await call(host, "GET", "/")).status == 200


async def test_the_links_that_a_starter_hands_out_open(host: Host, folder: Path) -> None:
    """They carry the system key; without it the same link is refused, and the SDK's own calls need none."""
    started = await call(host, "POST", "/api/start/Waits", send=1)
    link = "/runtime" + started.json["statusQueryGetUri"].partition("/runtime")[2]

    assert started.status == 202
    assert f"code={keys_of(folder)['system']['durabletask_extension']}" in link
    assert (await call(host, "GET", link)).status == 202
    assert (await call(host, "GET", link.partition("&code=")[0])).status == 401


async def test_two_starts_have_the_same_keys(folder: Path) -> None:
    """A link of yesterday opens today; the file belongs to its owner alone."""
    found = []
    for _ in range(2):
        async with a_host(folder):
            found.append(keys_of(folder))

    assert found[0] == found[1]
    assert sorted(found[0]["functions"]) == sorted(
        ["Start", "Plain", "Breaks", "Stuck", "Doubles", "Double", "AsksForKey", "AsksForMaster", "Waits"]
    )
    assert (folder / ".devhost" / "keys.json").stat().st_mode & 0o777 == 0o600


async def test_without_the_option_nobody_needs_a_key(folder: Path) -> None:
    """As with ``func start``, all is open and no file is made."""
    async with a_host(folder, asks_for_keys=False) as host:
        paths = ("/api/level/function", "/api/level/admin", f"{HUB}/instances", "/admin/host/status")
        replies = [await call(host, "GET", path) for path in paths]

    assert [reply.status for reply in replies] == [200, 200, 200, 200]
    assert not (folder / ".devhost").exists()
