"""One Azure Storage queue, seen through one verb: the storage SDK's words, errors and waits stay in here."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from domain.errors import SettingError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLIENT_OPTIONS: Final[dict[str, Any]] = {
    "connection_timeout": 3,
    "read_timeout": 5,
    "retry_total": 1,
    "retry_backoff_factor": 0.2,
}


class Queue:
    """A queue that is made at first use; its messages are JSON in Base64, as the platform's queue trigger expects."""

    def __init__(self, connection_string: str, name: str) -> None:
        """Remember where the queue is; nothing is connected yet."""
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy  # noqa: PLC0415  the SDK loads at first use

        requests = logging.getLogger("providers.queues.requests")
        requests.setLevel(logging.WARNING)  # else the SDK logs twenty lines a request
        self._name = name
        self._is_made = False
        try:
            self._client = QueueClient.from_connection_string(
                connection_string,
                name,
                message_encode_policy=TextBase64EncodePolicy(),
                logger=requests,
                **_CLIENT_OPTIONS,
            )
        except ValueError:
            message = "Setting AzureWebJobsStorage is malformed; expected the connection string of a storage account."
            raise SettingError(message) from None

    def put(self, message: Mapping[str, Any]) -> None:
        """Add a message that stays until it is taken; raise `StorageError` if that is not known to have worked."""
        from azure.core.exceptions import AzureError, ResourceExistsError  # noqa: PLC0415  the SDK loads at first use

        try:
            if not self._is_made:
                with suppress(ResourceExistsError):
                    self._client.create_queue()
                self._is_made = True
            self._client.send_message(json.dumps(message, ensure_ascii=False), time_to_live=-1)
        except AzureError as error:
            self._is_made = False
            text = f"queue {self._name} could not be used: {type(error).__name__}"
            raise StorageError(text) from error

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
