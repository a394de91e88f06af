"""A small HTTP client: one kept connection, one request at a time, so that the driver takes little of the machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds for one answer


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers with their names in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401  any JSON value
        """Return what the body says."""
        return json.loads(self.body)


class Connection:
    """A connection to one port of this machine, opened on entering the context."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask for *url*, of which path and query count."""
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        return await self._exchange(f"GET {_target(url)} HTTP/1.1\r\nHost: {HOST}:{self._port}\r\n{more}\r\n".encode())

    async def post(self, url: str, value: object) -> Reply:
        """Send *value* as JSON to *url*, of which path and query count."""
        body = json.dumps(value).encode()
        head = (
            f"POST {_target(url)} HTTP/1.1\r\nHost: {HOST}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return await self._exchange(head.encode() + body)

    async def _exchange(self, request: bytes) -> Reply:
        self._writer.write(request)
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            return Reply(int(first.split(" ", 2)[1]), headers, await self._body(headers))

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int((await self._reader.readline()).partition(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return body


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
