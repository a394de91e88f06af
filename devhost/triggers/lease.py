"""The lease of a queue message: it stays hidden from others for as long as its function runs, however long that is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

PARTS = 3  # a lease is renewed after this part of it, so that one renewal may fail


class Lease:
    """Renews the lease of *message* in the course of a block; *message* then has the receipt of the last renewal."""

    def __init__(self, client: Any, message: Any, seconds: float) -> None:  # noqa: ANN401  of azure.storage.queue.aio
        self._client = client
        self._message = message
        self._seconds = seconds
        self._is_over = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to watch the time."""
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Renew no more; a renewal under way is waited for, as only its receipt deletes the message."""
        self._is_over.set()
        await self._renewing

    async def _renew(self) -> None:
        from azure.core.exceptions import AzureError  # noqa: PLC0415  comes with the extra

        while not await self._ends_within(self._seconds / PARTS):
            try:
                renewed = await self._client.update_message(self._message, visibility_timeout=int(self._seconds))
            except AzureError as error:
                facts = {"message_id": self._message.id, "error": type(error).__name__}
                logger.warning("the lease of a message was not renewed", extra=facts)
            else:
                self._message.pop_receipt = renewed.pop_receipt

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._is_over.wait()
        except TimeoutError:
            return False
