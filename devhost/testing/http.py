"""One HTTP request of a test, and its answer as a whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `headers` compare without case."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:  # noqa: ANN401  any JSON value
        """Return the body as JSON."""
        return json.loads(self.text)


async def asked(method: str, url: str, options: Mapping[str, Any]) -> Answer:
    """Send a request, follow no redirect, and return the answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, allow_redirects=False, **options) as response,
    ):
        return Answer(status=response.status, headers=response.headers, text=await response.text())
