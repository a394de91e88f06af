"""Queue triggers: functions that are called for each message of a storage queue.

A message is deleted once its function has ended. If the function fails, the message comes again, and after
``maxDequeueCount`` times it goes to the queue with ``-poison`` behind the name. If the host dies, the message comes
back when its lease is over.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.sdk.converting import decoded
from devhost.triggers.lease import Lease
from devhost.triggers.names import connection_string, resolved
from devhost.triggers.options import seconds, section, text, whole_number
from devhost.triggers.queue_output import from_wire
from devhost.triggers.storage import POLLING, ensure_queue, queue_client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from devhost.sdk.functions import Function
    from devhost.triggers.surroundings import Surroundings

logger = logging.getLogger(__name__)

LEASE_SECONDS = 600  # how long a message is hidden at a time while its function runs
FIRST_PAUSE = 0.1  # seconds between two looks at an empty queue; doubled up to the longest
LONGEST_PAUSE = 1.0
TIMES = "%Y-%m-%dT%H:%M:%S+00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """The section ``extensions.queues`` of host.json."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_seconds: int = 0
    longest_pause: float = LONGEST_PAUSE
    is_base64: bool = True

    @classmethod
    def of(cls, extensions: Mapping[str, Any]) -> QueueOptions:
        """Read the section; raise `ConfigurationError` for what the real host would refuse."""
        queues = section(extensions, "queues")
        batch_size = whole_number(queues, "batchSize", 16, least=1, most=32)
        return cls(
            batch_size=batch_size,
            new_batch_threshold=whole_number(queues, "newBatchThreshold", batch_size // 2, least=0),
            max_dequeue_count=whole_number(queues, "maxDequeueCount", 5, least=1),
            visibility_seconds=int(seconds(queues, "visibilityTimeout", 0.0)),
            longest_pause=min(LONGEST_PAUSE, seconds(queues, "maxPollingInterval", LONGEST_PAUSE)),
            is_base64=text(queues, "messageEncoding", "base64").lower() != "none",
        )


class QueueTrigger:
    """Calls one function for the messages of one queue, several at a time."""

    def __init__(self, function: Function, surroundings: Surroundings) -> None:
        self._function = function
        self._engine = surroundings.engine
        self._invoker = surroundings.invoker
        self._options = QueueOptions.of(surroundings.extensions)
        self._connection = connection_string(str(function.trigger.get("connection", "")), surroundings.environ)
        self._name = resolved(str(function.trigger["queueName"]), surroundings.environ)
        self._client = queue_client(self._connection, self._name, **POLLING)
        self._running: set[asyncio.Task[None]] = set()
        self._poll: asyncio.Task[None] | None = None
        self._has_warned = False

    async def start(self) -> None:
        """Begin to look into the queue, whether it is there or not."""
        self._poll = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Look no more; messages under way come again when their lease is over."""
        tasks = {task for task in (self._poll, *self._running) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._client.close()

    async def _look(self) -> None:
        pause = FIRST_PAUSE
        while True:
            messages = await self._received()
            for message in messages:
                self._take(message)
            if messages:
                pause = FIRST_PAUSE
                while len(self._running) > self._options.new_batch_threshold:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._options.longest_pause)

    async def _received(self) -> list[Any]:
        """Return the next messages; none while the queue is not there or does not answer."""
        from azure.core.exceptions import AzureError, ResourceNotFoundError  # noqa: PLC0415  comes with the extra

        options = self._options
        try:
            pages = self._client.receive_messages(
                messages_per_page=options.batch_size, max_messages=options.batch_size, visibility_timeout=LEASE_SECONDS
            )
            return [message async for message in pages]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            if not self._has_warned:
                self._has_warned = True
                logger.warning("a queue does not answer", extra={"queue": self._name, "error": type(error).__name__})
            return []

    def _take(self, message: Any) -> None:  # noqa: ANN401  azure.storage.queue.QueueMessage
        task = asyncio.create_task(self._handle(message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _handle(self, message: Any) -> None:  # noqa: ANN401  as above
        """Call the function for a message, and then delete it, give it back, or put it aside."""
        with self._engine.under_way():
            try:
                async with Lease(self._client, message, LEASE_SECONDS):
                    is_done = await self._is_done(message)
                if is_done:
                    await self._client.delete_message(message)
                elif message.dequeue_count >= self._options.max_dequeue_count:
                    await self._put_aside(message)
                else:
                    await self._client.update_message(message, visibility_timeout=self._options.visibility_seconds)
            except Exception:  # the top of a worker loop; the message comes again when its lease is over
                logger.exception("a message could not be settled", extra={"queue": self._name})

    async def _is_done(self, message: Any) -> bool:  # noqa: ANN401  as above
        """Call the function, and say whether that worked; one that was tried too often already is not called."""
        if message.dequeue_count > self._options.max_dequeue_count:
            return False
        try:
            await self._invoker.call(self._function, self._value(message))
        except Exception:  # as above
            facts = {"function": self._function.name, "message_id": message.id, "try": message.dequeue_count}
            logger.exception("function failed", extra=facts)
            return False
        logger.info("function ended", extra={"function": self._function.name, "message_id": message.id})
        return True

    def _value(self, message: Any) -> Any:  # noqa: ANN401  as above, and the SDK's own class
        body = from_wire(message.content, is_base64=self._options.is_base64)
        metadata = {
            "Id": (message.id, "string"),
            "DequeueCount": (str(message.dequeue_count), "json"),
            "PopReceipt": (message.pop_receipt, "string"),
            "ExpirationTime": (_time(message.expires_on), "string"),
            "InsertionTime": (_time(message.inserted_on), "string"),
            "NextVisibleTime": (_time(message.next_visible_on), "string"),
        }
        try:
            return decoded("queueTrigger", body.decode("utf-8"), "string", metadata)
        except UnicodeDecodeError:
            return decoded("queueTrigger", body, "bytes", metadata)

    async def _put_aside(self, message: Any) -> None:  # noqa: ANN401  as above
        """Move a message to the poison queue; one of a poison queue itself is dropped."""
        if not self._name.endswith("-poison"):
            async with queue_client(self._connection, f"{self._name}-poison") as poison:
                await ensure_queue(poison)
                await poison.send_message(message.content)
            logger.warning("a message went to the poison queue", extra={"queue": self._name, "message_id": message.id})
        await self._client.delete_message(message)


def _time(at: datetime) -> str:
    return at.strftime(TIMES)
