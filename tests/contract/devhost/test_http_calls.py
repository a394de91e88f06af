"""Durable HTTP: what goes over the wire, and what an orchestrator gets back, as recorded with the extension 3.15.0."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from devhost.http_calls import HttpCalls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devhost.engine.worker import ActivityEnd

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Target:
    """A server that answers what it is told to, request by request, and remembers the requests."""

    port: int
    answers: list[bytes] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/") -> str:
        """Return a URL of this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.split("\r\n")[:-2]
                headers = dict(line.split(": ", 1) for line in lines)
                body = await reader.readexactly(int(headers.get("Content-Length", 0)))
                self.seen.append((first, headers, body))
                writer.write(self.answers.pop(0) if self.answers else OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def targeted(limit: float = 30) -> AsyncIterator[tuple[Target, HttpCalls]]:
    """A target and a client until the end of the block."""
    target = Target(0)
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(target.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    target.port = server.sockets[0].getsockname()[1]
    calls = HttpCalls(timeout=limit)
    try:
        yield target, calls
    finally:
        await calls.close()
        server.close()
        await asyncio.gather(*serving)


def wish(uri: str, method: str = "GET", **more: Any) -> str:
    """Return a request as an orchestrator asks for it."""
    return json.dumps({"method": method, "uri": uri, "content": None, "headers": None, **more})


def result(end: ActivityEnd) -> dict[str, Any]:
    """Return the result of a request that was answered."""
    assert end.reason is None
    found: dict[str, Any] = json.loads(end.result or "")
    return found


async def test_a_request_says_no_more_than_it_must() -> None:
    """The method in upper case, the query as it was, the host and who asks; no length for a DELETE."""
    async with targeted() as (target, calls):
        for method in ("get", "DELETE"):
            await calls.call(wish(target.url("/x?a=1&b=two%20words&a=3"), method))

    agent = "Microsoft.Azure.WebJobs.Extensions.DurableTask/3.15.0"
    headers = {"Host": f"127.0.0.1:{target.port}", "User-Agent": agent}
    assert target.seen == [
        ("GET /x?a=1&b=two%20words&a=3 HTTP/1.1", headers, b""),
        ("DELETE /x?a=1&b=two%20words&a=3 HTTP/1.1", headers, b""),
    ]


async def test_content_is_plain_text_unless_a_header_says_otherwise() -> None:
    """A content type without content is left out, and a POST without content has length 0."""
    kind = {"Content-Type": "application/json"}
    async with targeted() as (target, calls):
        await calls.call(wish(target.url(), "POST", content='{"a": "\u00fc"}'))
        await calls.call(wish(target.url(), "PUT", content="{}", headers={**kind, "X-Own": "1"}))
        await calls.call(wish(target.url(), "POST", headers=kind))

    sent = [(headers.get("Content-Type"), headers.get("Content-Length"), body) for _, headers, body in target.seen]
    assert sent == [
        ("text/plain", "11", '{"a": "\u00fc"}'.encode()),
        ("application/json", "2", b"{}"),
        (None, "0", b""),
    ]
    assert target.seen[1][1]["X-Own"] == "1"


async def test_an_answer_is_status_headers_and_text() -> None:
    """Headers of the content are left out, a repeated header is a list, the text follows its charset."""
    answer = (
        "HTTP/1.1 404 Not Found\r\nX-Twice: a\r\nX-One: 1\r\nX-Twice: b\r\nContent-Language: de\r\n"
        "Content-Type: text/plain; charset=latin-1\r\nContent-Length: 3\r\n\r\n"
    )
    async with targeted() as (target, calls):
        target.answers.append(answer.encode() + "gr\u00fc".encode("latin-1"))
        end = await calls.call(wish(target.url()))

    assert result(end) == {"statusCode": 404, "headers": {"X-Twice": ["a", "b"], "X-One": "1"}, "content": "gr\u00fc"}


async def test_an_unknown_charset_is_read_as_utf_8() -> None:
    """What cannot be decoded is replaced, and a byte order mark is no text."""
    async with targeted() as (target, calls):
        target.answers.append(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=odd\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbfa\xff"
        )
        end = await calls.call(wish(target.url()))

    assert result(end)["content"] == "a\ufffd"


async def test_a_202_is_returned_as_it_is() -> None:
    """Nothing is polled."""
    async with targeted() as (target, calls):
        target.answers.append(
            b"HTTP/1.1 202 Accepted\r\nLocation: /poll\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"
        )
        end = await calls.call(wish(target.url(), "POST", content="x"))

    assert result(end) == {"statusCode": 202, "headers": {"Location": "/poll", "Retry-After": "1"}, "content": "{}"}
    assert len(target.seen) == 1


async def test_redirects_are_followed() -> None:
    """The orchestrator sees only where they end."""
    async with targeted() as (target, calls):
        target.answers.append(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
        end = await calls.call(wish(target.url("/here")))

    assert result(end)["statusCode"] == 200
    assert [first for first, _, _ in target.seen] == ["GET /here HTTP/1.1", "GET /there HTTP/1.1"]


async def test_cookies_stick_to_the_process() -> None:
    """What one answer sets goes out with every later request to that host."""
    async with targeted() as (target, calls):
        target.answers.append(b"HTTP/1.1 200 OK\r\nSet-Cookie: c=1\r\nSet-Cookie: d=2\r\nContent-Length: 0\r\n\r\n")
        first = await calls.call(wish(target.url("/a")))
        await calls.call(wish(target.url("/b")))

    assert result(first)["headers"] == {"Set-Cookie": ["c=1", "d=2"]}
    assert target.seen[1][1]["Cookie"] == "c=1; d=2"


async def test_a_content_with_an_answer_to_head_is_dropped() -> None:
    """Not even a late one is taken for the answer to another request; an interim answer is passed over."""
    async with targeted() as (target, calls):
        target.answers.append(b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody")
        head = await calls.call(wish(target.url(), "HEAD"))
        after = await calls.call(wish(target.url()))

    assert result(head) == {"statusCode": 200, "headers": {"X-One": "1"}, "content": ""}
    assert result(after)["statusCode"] == 200
    assert target.connections == 2


async def test_a_port_where_nobody_listens_is_a_failure_with_the_systems_words() -> None:
    """The reason is the bare message, the details are .NET's exception."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with targeted() as (_, calls):
            end = await calls.call(wish(f"http://127.0.0.1:{port}/"))

    details = json.loads(end.details or "")
    assert end.reason == details["Message"] == f"Connection refused (127.0.0.1:{port})"
    assert details["$type"] == "System.Net.Http.HttpRequestException, System.Net.Http"
    assert (details["HttpRequestError"], details["InnerException"]["Message"]) == (2, "Connection refused")
    assert end.failure is None


async def test_a_name_that_nobody_has_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is named even where it is the usual one."""

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "the system's own words")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    calls = HttpCalls()
    ends = [await calls.call(wish(f"{scheme}://no-such-host.invalid/")) for scheme in ("http", "https")]
    await calls.close()

    assert [end.reason for end in ends] == [
        "Name or service not known (no-such-host.invalid:80)",
        "Name or service not known (no-such-host.invalid:443)",
    ]
    assert json.loads(ends[0].details or "")["HttpRequestError"] == 1


async def test_an_answer_that_breaks_off_and_one_that_never_comes_are_failures() -> None:
    """A request has a time limit in all."""
    async with targeted() as (target, calls):
        target.answers.append(b"nonsense\r\n\r\n")
        broken = await calls.call(wish(target.url()))
    async with targeted(limit=0.2) as (target, calls):
        target.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        late = await calls.call(wish(target.url()))

    assert broken.reason == "An error occurred while sending the request."
    assert late.reason == "The request was canceled due to the configured HttpClient.Timeout of 0.2 seconds elapsing."


@pytest.mark.parametrize("uri", ["nonsense", "/path", "ftp://127.0.0.1/", "http://", "http://[::1"])
async def test_only_absolute_uris_can_be_asked(uri: str) -> None:
    """Anything else fails before it is sent, with the failure's details as an object."""
    end = await HttpCalls().call(wish(uri))

    text = (
        "An invalid request URI was provided. "
        "Either the request URI must be an absolute URI or BaseAddress must be set."
    )
    assert end.reason == text
    assert (end.details or "").startswith(
        f"Unhandled exception while executing task: System.InvalidOperationException: {text}\n   at "
    )
    assert list(end.failure or ()) == [
        *("ErrorType", "ErrorMessage", "StackTrace", "InnerFailure", "IsNonRetriable", "Properties")
    ]


async def test_headers_that_cannot_be_sent_are_failures() -> None:
    """Those of a content have no place among the others, and nothing breaks out of its line."""
    async with targeted() as (target, calls):
        misused = await calls.call(wish(target.url(), headers={"Content-Language": "de"}))
        broken = await calls.call(wish(target.url(), headers={"X": "a\r\nY: b"}))

    assert misused.reason == (
        "Misused header name, 'Content-Language'. Make sure request headers are used with HttpRequestMessage, "
        "response headers with HttpResponseMessage, and content headers with HttpContent objects."
    )
    assert broken.reason is not None
    assert target.seen == []


async def test_a_token_source_fails_the_activity() -> None:
    """Tokens come from Azure, so nothing is sent without them."""
    source = {"resource": "https://example.org/", "kind": "AzureManagedIdentity"}
    async with targeted() as (target, calls):
        end = await calls.call(wish(target.url(), tokenSource=source))

    assert "PARITY.md" in (end.reason or "")
    assert target.seen == []
