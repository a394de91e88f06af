"""The web server in front: bad input, odd requests, the private port, the host's own pages, and the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from devhost.api import server
from tests.support.raw_http import ask, exchange, parsed
from tests.support.served import HUB, Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START = f"{HUB}/orchestrators/Ends/x"


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host without an app."""
    async with served() as one:
        yield one


async def test_the_root_shows_a_page(host: Served) -> None:
    """A browser that looks sees that the host is up."""
    reply = await ask(host.port, "GET", "/")

    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"up and running" in reply.body


async def test_the_admin_routes_tell_the_state(host: Served) -> None:
    """Status and ping are answered; all else is not found."""
    status = await ask(host.port, "GET", "/admin/host/status")
    pings = [await ask(host.port, method, "/admin/host/ping") for method in ("GET", "POST")]
    others = [await ask(host.port, "GET", path) for path in ("/admin/other", "/admin", "/admin/host/status/x")]

    assert (status.json["state"], status.json["id"]) == ("Running", "testhub")
    assert [ping.status for ping in pings] == [200, 200]
    assert [other.status for other in others] == [404, 404, 404]


@pytest.mark.parametrize("path", ["/nothing", "/runtime/webhooks/other", f"{HUB}x/instances", "/api/x"])
async def test_unknown_paths_are_not_found(host: Served, path: str) -> None:
    """What nobody answers is answered by 404 without a body and a content type."""
    reply = await ask(host.port, "GET", path)

    assert (reply.status, reply.body, reply.headers["content-length"]) == (404, b"", "0")
    assert "content-type" not in reply.headers


async def test_the_private_port_has_the_management_api_only(host: Served) -> None:
    """Below /durabletask it answers as the public base does, in chunks, with links to the public path."""
    started = await ask(host.rpc_port, "POST", "/durabletask/orchestrators/Waits/abc", send={"a": 1})
    shown = await ask(host.rpc_port, "GET", "/durabletask/instances/abc")
    empty = await ask(host.rpc_port, "POST", "/durabletask/instances/nobody/terminate")
    root = await ask(host.rpc_port, "GET", "/")

    assert (started.status, shown.status, empty.status, root.status) == (202, 202, 404, 404)
    assert started.headers["transfer-encoding"] == "chunked"
    assert started.json["statusQueryGetUri"].startswith(f"http://localhost:{host.rpc_port}{HUB}/instances/abc?")
    assert empty.headers["content-length"] == "0"


async def test_a_body_that_is_too_large_is_refused() -> None:
    """More than the limit is answered by 413; the private port has no limit."""
    async with served(largest_body=1000) as host:
        large = '"' + "x" * 1000 + '"'
        refused = await ask(host.port, "POST", START, large)
        taken = await ask(host.rpc_port, "POST", "/durabletask/orchestrators/Ends/y", large)

    assert (refused.status, refused.body, taken.status) == (413, b"", 202)


async def test_ten_megabytes_are_taken(host: Served) -> None:
    """A large body comes back whole."""
    reply = await ask(host.port, "POST", f"{HUB}/orchestrators/Waits/big", '"' + "x" * 10_000_000 + '"')

    assert reply.status == 202
    assert len((await host.status("big"))["input"]) == 10_000_000


async def test_a_body_in_chunks_is_taken(host: Served) -> None:
    """A body without a length is as good as one with."""
    head = f"POST {HUB}/orchestrators/Waits/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    reply = await exchange(
        host.port, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    )

    assert reply.status == 202
    assert (await host.status("c"))["input"] == [1, 2]


async def test_who_asks_before_sending_is_told_to_go_on(host: Served) -> None:
    """A request that expects 100 gets it, and then its answer."""
    head = f"POST {START} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
    writer.write(head.encode())
    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"{}")
    reply = parsed(await reader.read())
    writer.close()

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert reply.status == 202


async def test_a_body_that_does_not_come_holds_up_nobody(host: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stalled request is answered by 408 after a while; others are served meanwhile."""
    monkeypatch.setattr(server, "BODY_PATIENCE", 0.3)
    head = f"POST {START} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
    stalled = asyncio.create_task(exchange(host.port, head.encode()))
    other = await ask(host.port, "GET", "/admin/host/ping")

    assert other.status == 200
    assert (await stalled).status == 408


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHo"])
async def test_a_connection_that_says_nothing_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, or half a head, holds a connection for so long and no longer."""
    monkeypatch.setattr(server, "IDLE_PATIENCE", 0.3)
    async with served() as host:
        reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
        writer.write(sent)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_without_details(host: Served, sent: bytes) -> None:
    """Broken requests are answered by a 4xx that shows nothing of the host's inside."""
    reply = await exchange(host.port, sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))

    assert 400 <= reply.status < 500
    assert b"Traceback" not in reply.body


async def test_an_absolute_target_is_read_like_a_path(host: Served) -> None:
    """A request in the form that proxies use reaches the same route."""
    reply = await ask(host.port, "GET", f"http://localhost:{host.port}/admin/host/ping?x=1")

    assert reply.status == 200


async def test_dots_in_a_path_are_resolved(host: Served) -> None:
    """A path cannot leave its base unnoticed."""
    reply = await ask(host.port, "GET", f"{HUB}/instances/../../../../admin/host/ping")

    assert reply.status == 200


async def test_each_request_is_a_line_without_query_and_body(host: Served, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells method, path, status and milliseconds, and nothing that may be a secret."""
    caplog.set_level(logging.INFO)

    await ask(host.port, "POST", f"{START}?code=hidden", '"secret"', headers={"Authorization": "token"})

    [record] = [one for one in caplog.records if one.message == "request"]
    facts = vars(record)
    assert (facts["method"], facts["path"], facts["status"]) == ("POST", START, 202)
    assert facts["ms"] >= 0
    assert not any(secret in str(facts) for secret in ("hidden", "secret", "token"))


async def test_a_fault_of_the_host_shows_nothing_to_the_caller(
    host: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If devhost itself breaks, the caller gets 500 without a body and the log the traceback."""
    monkeypatch.setattr(host.engine, "_backend", None)

    reply = await host.ask("GET", "/instances/abc")

    assert (reply.status, reply.body) == (500, b"")
    assert "request broke inside devhost" in caplog.text
