"""The SDK's client and the host of its process, without a socket and with one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import azure.durable_functions  # noqa: F401  the SDK is loaded, as an app loads it
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.durable_functions.models.utils import http_utils

from devhost.sdk.connections import close_connections
from devhost.sdk.http import Incoming, Outgoing
from devhost.sdk.local_session import LONGEST_URL, LocalSession, answer_here

Heard = list[tuple[str, str, str, dict[str, str], bytes]]


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    """Return what a host without a socket and one with a socket heard, each at the end of `BASES`."""
    requests: Heard = []

    async def here(incoming: Incoming) -> Outgoing:
        names = {name: value for name, value in incoming.headers if name in {"Content-Type", "Content-Length"}}
        requests.append((incoming.method, incoming.path, incoming.query, names, incoming.body))
        return Outgoing(status=202, body=incoming.body)

    async def there(request: web.Request) -> web.Response:
        names = {name: value for name, value in request.headers.items() if name in {"Content-Type", "Content-Length"}}
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        requests.append((request.method, path, query, names, body))
        return web.Response(status=202, body=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", there)
    async with TestServer(app) as server:
        there_at = str(server.make_url("/rpc/"))
        answer_here("http://127.0.0.1:9/rpc/", here)
        BASES[:] = ["http://127.0.0.1:9/rpc/", there_at]
        yield requests
        await close_connections()


BASES: list[str] = []
PATHS = ["instances/a b?x=1&y=%2F", "instances/é%41%zz", "a/../b", "instances/x#y", "o/n?m=a+b%20c"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", [None, {"a": ["é", 1.5]}, "text"], ids=repr)
async def test_a_post_arrives_alike_either_way(path: str, value: object, heard: Heard) -> None:
    """The same path and query to the letter, the same body, the same headers about it, the same answer."""
    answers = [await http_utils.post_async_request(base + path, value) for base in BASES]

    assert heard[0] == heard[1]
    assert answers[0] == answers[1] == [202, value]


@pytest.mark.parametrize("path", PATHS)
async def test_other_methods_arrive_alike_either_way(path: str, heard: Heard) -> None:
    """They have no body."""
    gets = [await http_utils.get_async_request(base + path) for base in BASES]
    deletes = [await http_utils.delete_async_request(base + path) for base in BASES]

    assert heard[0] == heard[1]
    assert heard[2] == heard[3]
    assert gets == [[202, ""]] * 2
    assert deletes == [[202, None]] * 2


async def test_a_url_that_is_too_long_meets_a_real_server(heard: Heard) -> None:
    """It has the limits that the platform's server has too."""
    session: Any = await http_utils._get_session()

    assert isinstance(session, LocalSession)
    assert session._exchange("GET", BASES[0] + "x" * LONGEST_URL, {}, b"") is None


async def test_after_the_end_of_its_host_the_sdk_makes_a_session_of_its_own(heard: Heard) -> None:
    """Then there is nobody in this process to ask."""
    await close_connections()

    assert not isinstance(await http_utils._get_session(), LocalSession)
    await close_connections()
