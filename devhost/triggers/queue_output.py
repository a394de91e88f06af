"""Queue outputs: what a function returns, or sets, becomes messages of a storage queue."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from devhost.sdk.converting import encoded
from devhost.triggers.names import connection_string, resolved
from devhost.triggers.storage import ensure_queue, queue_client

if TYPE_CHECKING:
    from collections.abc import Mapping


class QueueOutputs:
    """Writes to queues, and makes those that are not there; *is_base64* is how host.json wants bodies encoded."""

    def __init__(self, environ: Mapping[str, str], *, is_base64: bool) -> None:
        self._environ = environ
        self._is_base64 = is_base64

    def check(self, binding: Mapping[str, Any]) -> None:
        """Raise `AppError` if a binding names what is not there."""
        self._client(binding)

    async def write(self, binding: Mapping[str, Any], value: Any) -> None:  # noqa: ANN401  whatever the function gave
        """Send *value* as one message, or, for a list, as one each."""
        bodies = bodies_of(value)
        async with self._client(binding) as client:
            await ensure_queue(client)
            for body in bodies:
                await client.send_message(to_wire(body, is_base64=self._is_base64))

    def _client(self, binding: Mapping[str, Any]) -> Any:  # noqa: ANN401  azure.storage.queue.aio.QueueClient
        connection = connection_string(str(binding.get("connection", "")), self._environ)
        return queue_client(connection, resolved(str(binding["queueName"]), self._environ))


def bodies_of(value: Any) -> list[bytes]:  # noqa: ANN401  as above
    """Return the bodies of the messages that *value* means, as the host takes it from the worker."""
    kind, data = encoded("queue", value)
    if isinstance(data, bytes):
        return [data]
    if kind != "json":
        return [data.encode()]
    written = json.loads(data)
    return [_body(item) for item in written] if isinstance(written, list) else [_body(written)]


def to_wire(body: bytes, *, is_base64: bool) -> str:
    """Return the text of a message in the queue."""
    return base64.b64encode(body).decode("ascii") if is_base64 else body.decode("utf-8")


def from_wire(text: str, *, is_base64: bool) -> bytes:
    """Return the body that the text of a message says; raise `ValueError` if it is no Base64 though it has to be."""
    return base64.b64decode(text, validate=True) if is_base64 else text.encode()


def _body(item: Any) -> bytes:  # noqa: ANN401  any JSON value
    return item.encode() if isinstance(item, str) else json.dumps(item, separators=(",", ":")).encode()
