"""Blob triggers by polling: functions that are called for each new or changed blob of a container.

What was done is kept in the host's store, by the blob's ETag: after a restart only what is new is done.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.errors import AppError, NotEmulatedError
from devhost.sdk.converting import decoded
from devhost.triggers.names import connection_string, resolved
from devhost.triggers.options import section, whole_number
from devhost.triggers.queue_output import to_wire
from devhost.triggers.storage import POLLING, container_client, ensure_queue, queue_client

if TYPE_CHECKING:
    from devhost.sdk.functions import Function
    from devhost.triggers.surroundings import Surroundings

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two looks at a container
AT_ONCE = 8
POISON_QUEUE = "webjobs-blobtrigger-poison"
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class BlobPath:
    """A container, and which of its blobs are meant."""

    container: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> BlobPath:
        """Read a path such as ``samples/{name}.txt``; without anything behind the container all blobs are meant."""
        container, _, blobs = text.strip("/").partition("/")
        if not container or _PLACE.search(container):
            message = f"{text!r} is no path of a blob trigger; expected container/{{name}}."
            raise AppError(message)
        parts = _PLACE.split(blobs)
        literals = [re.escape(part) for part in parts[::2]]
        return cls(container, re.compile(".+".join(literals) if blobs else ".+", re.DOTALL))

    def means(self, name: str) -> bool:
        """Say whether a blob is meant."""
        return self.pattern.fullmatch(name) is not None


class BlobTrigger:
    """Calls one function for the blobs of one path."""

    def __init__(self, function: Function, surroundings: Surroundings) -> None:
        if str(function.trigger.get("source", "")).lower() == "eventgrid":
            message = (
                f"Function {function.name} has the binding blobTrigger ({function.trigger['name']}) with the source "
                "EventGrid, which devhost does not have: see PARITY.md, row 8.1."
            )
            raise NotEmulatedError(message)
        self._function = function
        self._engine = surroundings.engine
        self._invoker = surroundings.invoker
        self._most_failures = whole_number(section(surroundings.extensions, "blobs"), "poisonBlobThreshold", 5, least=1)
        self._connection = connection_string(str(function.trigger.get("connection", "")), surroundings.environ)
        self._path = BlobPath.of(resolved(str(function.trigger["path"]), surroundings.environ))
        self._client = container_client(self._connection, self._path.container, **POLLING)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._poll: asyncio.Task[None] | None = None
        self._has_warned = False

    async def start(self) -> None:
        """Begin to look into the container, whether it is there or not."""
        self._poll = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Look no more; what is under way is done again after the next start."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait({self._poll})
        await self._client.close()

    async def _look(self) -> None:
        while True:
            new = await self._new_blobs()
            async with asyncio.TaskGroup() as group:
                for blob in new:
                    group.create_task(self._handle(blob))
            await asyncio.sleep(PAUSE)

    async def _new_blobs(self) -> list[Any]:
        """Return what is meant and not done; nothing while the container is not there or does not answer."""
        from azure.core.exceptions import AzureError, ResourceNotFoundError  # noqa: PLC0415  comes with the extra

        try:
            listed = [blob async for blob in self._client.list_blobs(include=["metadata"])]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            if not self._has_warned:
                self._has_warned = True
                facts = {"container": self._path.container, "error": type(error).__name__}
                logger.warning("a container does not answer", extra=facts)
            return []
        return [blob for blob in listed if self._path.means(blob.name) and not self._receipt(blob)["isDone"]]

    def _receipt(self, blob: Any) -> dict[str, Any]:  # noqa: ANN401  azure.storage.blob.BlobProperties
        """Return what is known of this state of a blob."""
        known: dict[str, Any] = json.loads(self._engine.noted(self._key(blob)) or "{}")
        fresh = {"etag": blob.etag, "failures": 0, "isDone": False}
        return known if known.get("etag") == blob.etag else fresh

    def _key(self, blob: Any) -> str:  # noqa: ANN401  as above
        return f"blob {self._function.name} {self._path.container}/{blob.name}"

    async def _handle(self, blob: Any) -> None:  # noqa: ANN401  as above
        """Call the function for a blob and note how it went; after too many failures the blob is put aside."""
        async with self._slots:
            with self._engine.under_way():
                try:
                    receipt = self._receipt(blob)
                    is_done = await self._is_done(blob)
                    failures = receipt["failures"] + (not is_done)
                    if failures >= self._most_failures:
                        await self._put_aside(blob)
                        is_done = True
                    note = {**receipt, "failures": failures, "isDone": is_done}
                    await self._engine.note(self._key(blob), json.dumps(note))
                except Exception:  # the top of a worker loop; the blob comes again at the next look
                    logger.exception("a blob could not be settled", extra={"blob": blob.name})

    async def _is_done(self, blob: Any) -> bool:  # noqa: ANN401  as above
        """Call the function, and say whether that worked; a blob that is gone needs no call."""
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError  # noqa: PLC0415  as above

        try:
            value = await self._value(blob)
        except (ResourceNotFoundError, ResourceModifiedError):
            return True
        facts = {"function": self._function.name, "blob": f"{self._path.container}/{blob.name}"}
        try:
            await self._invoker.call(self._function, value)
        except Exception:  # as above
            logger.exception("function failed", extra=facts)
            return False
        logger.info("function ended", extra=facts)
        return True

    async def _value(self, blob: Any) -> Any:  # noqa: ANN401  as above, and the SDK's own class
        from azure.core import MatchConditions  # noqa: PLC0415  comes with the extra

        client = self._client.get_blob_client(blob.name)
        stream = await client.download_blob(etag=blob.etag, match_condition=MatchConditions.IfNotModified)
        properties = {
            "ContentLength": blob.size,
            "ContentType": blob.content_settings.content_type,
            "ETag": f'"{blob.etag}"',
            "LastModified": blob.last_modified.isoformat(),
        }
        metadata = {
            "BlobTrigger": (f"{self._path.container}/{blob.name}", "string"),
            "Uri": (client.url, "string"),
            "Properties": (json.dumps(properties), "json"),
            "Metadata": (json.dumps(blob.metadata or {}), "json"),
        }
        return decoded("blobTrigger", await stream.readall(), "bytes", metadata)

    async def _put_aside(self, blob: Any) -> None:  # noqa: ANN401  as above
        """Tell the poison queue of a blob that failed too often."""
        facts = {
            "FunctionId": f"Host.Functions.{self._function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": self._path.container,
            "BlobName": blob.name,
            "ETag": f'"{blob.etag}"',
        }
        async with queue_client(self._connection, POISON_QUEUE) as poison:
            await ensure_queue(poison)
            await poison.send_message(to_wire(json.dumps(facts).encode(), is_base64=True))
        logger.warning("a blob went to the poison queue", extra={"blob": blob.name})
