"""The way to Twilio's API: one request, bounded in time and size, no redirect, nothing logged.

Twilio's own transport waits for ever by default, reads whatever comes and logs bodies.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS: Final = 3
ALL_SECONDS: Final = 10
ANSWER_BYTES: Final = 64 * 1024

_TIMEOUT = aiohttp.ClientTimeout(total=ALL_SECONDS, connect=CONNECT_SECONDS)


class BoundedTransport(AsyncHttpClient):
    """A transport for Twilio's client that raises `TwilioException` for everything that goes wrong."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)

    async def request(  # type: ignore[override]  # the base class declares it without async
        self,
        method: str,
        uri: str,
        *,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: Any,  # noqa: ANN401  what else the client may say: no message needs it
    ) -> Response:
        """Make one request and return its answer."""
        sent = {"Accept-Encoding": "identity", **(headers or {}), **(_login(*auth) if auth else {})}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.request(method, uri, data=data, headers=sent, allow_redirects=False) as answer,
            ):
                return Response(answer.status, await _text_of(answer), answer.headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            message = f"no usable answer: {type(error).__name__}"
            raise TwilioException(message) from None


def _login(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


async def _text_of(answer: aiohttp.ClientResponse) -> str:
    """Return the body of *answer*; `ValueError` if it is too large or no UTF-8."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES:
            message = "the answer is too large"
            raise ValueError(message)
    return body.decode()
