"""Durable HTTP requests: what the host's own activity does for ``context.call_http``.

Requests, results and the texts of failures are those recorded with the Durable Task extension 3.15.0. A 202 is a
result like any other, redirects are followed, and cookies stick to the process.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from devhost.engine.worker import ActivityEnd
from devhost.http_failures import CONTENT_HEADERS, BadRequestError, not_sent, unreachable
from devhost.http_heads import Connector
from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

USER_AGENT = "Microsoft.Azure.WebJobs.Extensions.DurableTask/3.15.0"
TIMEOUT = 100.0  # seconds for a whole request, redirects included; .NET's own
_MOST_REDIRECTS = 50
_NOT_ABSOLUTE = (
    "An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set."
)
_NO_TOKENS = "devhost cannot get tokens for durable HTTP requests: see PARITY.md, row 6.4"


class _Request(aiohttp.ClientRequest):
    """A request that announces no content for DELETE either, if there is none."""

    GET_METHODS = aiohttp.ClientRequest.GET_METHODS | {"DELETE"}


class HttpCalls:
    """The engine's `Web` over one client, whose cookies all instances share."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._client: aiohttp.ClientSession | None = None

    async def call(self, request: str) -> ActivityEnd:
        """Make one request; what goes wrong with it is the end of the activity."""
        wish = json.loads(request)
        if wish.get("tokenSource") is not None:
            return ActivityEnd(reason=_NO_TOKENS)
        try:
            return ActivityEnd(result=await self._send(wish))
        except BadRequestError as error:
            return not_sent(str(error))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return unreachable(error, wish["uri"], self._timeout)

    async def close(self) -> None:
        """Close the client; nothing is sent afterwards."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(self, wish: Mapping[str, Any]) -> str:
        url = _url(wish["uri"])
        content = wish.get("content")
        headers = _headers(wish.get("headers") or {}, has_content=content is not None)
        body = None if content is None else str(content).encode()
        try:
            sending = self._session().request(
                str(wish["method"]).upper(), url, headers=headers, data=body, max_redirects=_MOST_REDIRECTS
            )
            async with sending as answer:
                return await _result(answer)
        except ValueError as error:  # what the client refuses to write, such as a line break in a header
            raise BadRequestError(str(error)) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False),  # hosts without a name have cookies too
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
                headers={"User-Agent": USER_AGENT},
                request_class=_Request,
                connector=Connector(),
                auto_decompress=False,
            )
        return self._client


def _url(text: str) -> URL:
    """Return the URL as it is to be sent, escapes untouched."""
    try:
        url = URL(text, encoded=text.isascii() and " " not in text)
    except ValueError as error:
        raise BadRequestError(_NOT_ABSOLUTE) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadRequestError(_NOT_ABSOLUTE)
    return url


def _headers(wanted: Mapping[str, str], *, has_content: bool) -> dict[str, str]:
    """Return the headers to send; a content type needs content, and other headers of contents are refused."""
    headers = {"Content-Type": "text/plain"} if has_content else {}
    for name, value in wanted.items():
        if name.lower() == "content-type":
            if has_content:
                headers["Content-Type"] = value
        elif name.lower() in CONTENT_HEADERS:
            message = (
                f"Misused header name, '{name}'. Make sure request headers are used with HttpRequestMessage, "
                "response headers with HttpResponseMessage, and content headers with HttpContent objects."
            )
            raise BadRequestError(message)
        else:
            headers[name] = value
    return headers


async def _result(answer: aiohttp.ClientResponse) -> str:
    content = await answer.read()
    charset = answer.charset or "utf-8"
    try:
        text = content.decode(charset, "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return compact({"statusCode": answer.status, "headers": _shown(answer), "content": text.removeprefix("\ufeff")})


def _shown(answer: aiohttp.ClientResponse) -> dict[str, str | list[str]]:
    """Return the headers of the answer but those of its content; a repeated one is a list."""
    shown: dict[str, str | list[str]] = {}
    for name in answer.headers:
        if name.lower() not in CONTENT_HEADERS and name not in shown:
            values = answer.headers.getall(name)
            shown[name] = values[0] if len(values) == 1 else values
    return shown
