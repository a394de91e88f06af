"""The SDK's client asks the host in whose process it runs, so its requests need no socket.

The SDK keeps one HTTP session for a process. Here another one stands in its place, which has what the SDK uses of it,
and hands requests for the private address of a host to that host. Everything else goes to a real session.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from devhost.sdk.http import Incoming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from devhost.sdk.http import Outgoing

    Answer = Callable[[Incoming], Awaitable[Outgoing]]

LONGEST_URL = 8000  # characters; what is longer meets the limits of a real server
_MODULE = "azure.durable_functions.models.utils.http_utils"
_USED = ("_get_session", "_client_session", "_close_session")
_HERE = ("127.0.0.1", 0)
_LONGEST = aiohttp.ClientTimeout(total=240)  # what the SDK allows


def answer_here(base: str, answer: Answer) -> None:
    """Let *answer* have what the SDK's client of this process asks of *base*; without the SDK nothing happens."""
    module: Any = sys.modules.get(_MODULE)
    if not all(hasattr(module, name) for name in _USED):
        return
    session = module._client_session  # noqa: SLF001  it has no public name
    if not isinstance(session, LocalSession) or session.closed:
        session = module._client_session = LocalSession()  # noqa: SLF001  as above
    session.hosts[base] = answer


class LocalSession:
    """What the SDK uses of an `aiohttp.ClientSession`; *hosts* answers what begins with their addresses."""

    def __init__(self) -> None:
        self.hosts: dict[str, Answer] = {}
        self.closed = False
        self._real: aiohttp.ClientSession | None = None

    def get(self, url: str, *, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Any]:
        """Return what asks for *url* when it is entered."""
        return self._exchange("GET", url, headers, b"") or self._session().get(url, headers=headers)

    def delete(self, url: str, *, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Any]:
        """Return what deletes *url* when it is entered."""
        return self._exchange("DELETE", url, headers, b"") or self._session().delete(url, headers=headers)

    def post(
        self,
        url: str,
        *,
        json: Any,  # noqa: ANN401  any JSON value
        headers: Mapping[str, str],
    ) -> AbstractAsyncContextManager[Any]:
        """Return what posts to *url* when it is entered."""
        kind = {"Content-Type": "application/octet-stream" if json is None else "application/json"}
        exchange = self._exchange("POST", url, {**headers, **kind}, b"" if json is None else _written(json))
        return exchange or self._session().post(url, json=json, headers=headers)

    async def close(self) -> None:
        """End it: the SDK makes a real one the next time."""
        self.closed = True
        if self._real is not None:
            await self._real.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._real is None:
            self._real = aiohttp.ClientSession(timeout=_LONGEST)
        return self._real

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> _Exchange | None:
        if len(url) > LONGEST_URL:
            return None
        answer = next((answer for base, answer in self.hosts.items() if url.startswith(base)), None)
        if answer is None:
            return None
        parts = URL(url)
        length = {"Content-Length": str(len(body))} if method != "GET" else {}
        incoming = Incoming(
            method=method,
            origin=f"http://{parts.raw_authority}",
            path=parts.raw_path,
            query=parts.raw_query_string,
            headers=tuple({"Host": parts.raw_authority, **headers, **length}.items()),
            body=body,
            peer=_HERE,
        )
        return _Exchange(answer, incoming)


class _Exchange:
    """A request that is answered when it is entered."""

    __slots__ = ("_answer", "_incoming")

    def __init__(self, answer: Answer, incoming: Incoming) -> None:
        self._answer = answer
        self._incoming = incoming

    async def __aenter__(self) -> _Reply:
        return _Reply(await self._answer(self._incoming))

    async def __aexit__(self, *_: object) -> None:
        return None


class _Reply:
    """An answer, as far as the SDK looks at it."""

    __slots__ = ("_body", "status")

    def __init__(self, outgoing: Outgoing) -> None:
        self.status = outgoing.status
        self._body = outgoing.body

    async def json(self, *, content_type: str | None) -> Any:  # noqa: ANN401  any JSON value
        """Return what the body says, whatever its type is; None for an empty one."""
        del content_type
        return json.loads(self._body) if self._body.strip() else None


def _written(value: object) -> bytes:
    return json.dumps(value).encode()
