"""The storage clients of triggers and outputs, by connection; the SDKs are an extra that only some apps need."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from devhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

POLLING = {"retry_total": 0}
"""Options of a client that asks again anyway."""

_EXTRA = "Queue and blob triggers need the storage SDKs: pip install azure-storage-queue azure-storage-blob"


def queue_client(connection: str, name: str, **options: Any) -> Any:  # noqa: ANN401  azure.storage.queue.aio.QueueClient
    """Return a client of one queue that leaves bodies as they are; raise `ConfigurationError` if there is none."""
    with _explained(connection):
        from azure.storage.queue.aio import QueueClient  # noqa: PLC0415  an extra, slow to import

        return QueueClient.from_connection_string(
            connection, name, message_encode_policy=None, message_decode_policy=None, **options
        )


def container_client(connection: str, name: str, **options: Any) -> Any:  # noqa: ANN401  azure.storage.blob.aio.ContainerClient
    """Return a client of one blob container; raise `ConfigurationError` if there is none."""
    with _explained(connection):
        from azure.storage.blob.aio import ContainerClient  # noqa: PLC0415  as above

        return ContainerClient.from_connection_string(connection, name, **options)


async def ensure_queue(client: Any) -> None:  # noqa: ANN401  a queue client
    """Make the queue if it is not there."""
    from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415  comes with the extra

    with contextlib.suppress(ResourceExistsError):
        await client.create_queue()


@contextlib.contextmanager
def _explained(connection: str) -> Iterator[None]:
    """Turn what a user can put right into an error that says how; a connection string is never shown."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(_EXTRA) from error
    except ValueError as error:
        what = "is empty" if not connection else "cannot be read"
        message = f"A storage connection string {what}; expected one such as UseDevelopmentStorage=true."
        raise ConfigurationError(message) from error
