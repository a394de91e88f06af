"""Who waits for an end does not have to ask: the queue tells it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import BinaryBase64EncodePolicy, QueueClient

from tests.support.builders import an_environment
from tests.support.http_users import Users
from tools.azurite import ROOT
from tools.processes import wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from pathlib import Path

CONSUMER = ROOT / "docs" / "samples" / "completion_consumer"


@pytest.mark.timeout(120)
def test_the_sample_consumer_hears_how_a_verification_ended(tmp_path: Path, own_azurite: str) -> None:
    """Each end is one event; a message that is none goes to the poison queue and holds nobody up. Threat 59, 66."""
    off = dict.fromkeys(("StartsPerPhone", "StartsPerAddress"), "off")
    told = an_environment(SmsProvider="console", AzureWebJobsStorage=own_azurite, **off)
    folders = [tmp_path / "app", tmp_path / "consumer"]
    for folder in folders:
        folder.mkdir()
    with (
        running_devhost(folders[0], told) as host,
        running_devhost(folders[1], told, app=CONSUMER) as consumer,
        QueueClient.from_connection_string(
            own_azurite, "completions", message_encode_policy=BinaryBase64EncodePolicy()
        ) as queue,
    ):
        with suppress(ResourceExistsError):
            queue.create_queue()
        queue.send_message(b"no event at all")
        users = Users(host)
        mine = users.started("+17025550142")
        users.check(mine, users.code(mine))

        line = f"heard countersign.verification.completed of {mine.id}, event {mine.id}.completed"
        wait_until(
            lambda: line in consumer.log.read_text(encoding="utf-8"), within=30, what="the consumer to hear of it"
        )
        wait_until(lambda: poisoned(own_azurite) == 1, within=30, what="the bad message to be set aside")


def poisoned(storage: str) -> int:
    """Return how many messages were set aside."""
    with QueueClient.from_connection_string(storage, "completions-poison") as queue:
        return len(queue.peek_messages(max_messages=5)) if exists(queue) else 0


def exists(queue: QueueClient) -> bool:
    """Say whether a queue is there."""
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True
