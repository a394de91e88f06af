"""HTTP by hand: what is sent is exactly what the test wrote."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 20.0  # seconds for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def ask(
    port: int,
    method: str,
    target: str,
    body: bytes | str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    send: Any = None,
) -> Reply:
    """Send one request on a connection of its own; *send* goes out as JSON, and no body means length 0 for a POST."""
    given = {"Host": f"localhost:{port}", "Connection": "close", **(headers or {})}
    if send is not None:
        body = json.dumps(send)
        given.setdefault("Content-Type", "application/json")
    content = body.encode() if isinstance(body, str) else body or b""
    if content or method in {"POST", "PUT"}:
        given.setdefault("Content-Length", str(len(content)))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return await exchange(port, "\r\n".join(lines).encode() + b"\r\n\r\n" + content)


async def exchange(port: int, sent: bytes) -> Reply:
    """Send bytes and read one answer until the server closes."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            received = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    return parsed(received)


def parsed(received: bytes) -> Reply:
    """Read an answer, chunked or not."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Reply(status=int(first.split()[1]), headers=headers, body=body)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole += rest[:length]
        body = rest[length + 2 :] if length else b""
    return whole
