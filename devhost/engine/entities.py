"""Entities as the extension keeps them: ids, the state between two batches, and the messages to and from them.

An entity is stored like an instance that runs for ever: its name is its id, and its input is what the next batch
begins with. Texts and their keys are those of the Durable Task extension 3.15.0.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devhost.engine.entity_request import OPERATION_EVENT, REQUEST_TYPE
from devhost.engine.history import Event, EventType, event_raised
from devhost.engine.worker import Operation, OperationEnd
from devhost.json_text import compact

if TYPE_CHECKING:
    from devhost.ticks import Ticks

_RESPONSE_TYPE = (
    "Microsoft.Azure.WebJobs.Extensions.DurableTask.ResponseMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask"
)


@dataclass(frozen=True, slots=True)
class EntityId:
    """Which entity: its name in lower case, and its key as given."""

    name: str
    key: str

    @classmethod
    def parse(cls, text: str) -> EntityId:
        """Read an id such as ``@counter@k1``."""
        name, _, key = text.removeprefix("@").partition("@")
        return cls(name.lower(), key)

    def __str__(self) -> str:
        return f"@{self.name}@{self.key}"


@dataclass(frozen=True, slots=True)
class EntityState:
    """What an entity is between two batches; *text* is JSON text, and None before its first operation."""

    exists: bool = False
    text: str | None = None

    @classmethod
    def of_input(cls, text: str | None) -> EntityState:
        """Read the state from what is stored as the instance's input."""
        stored = json.loads(text or "{}")
        return cls(bool(stored.get("exists")), stored.get("state"))

    def to_input(self) -> str:
        """Return what is stored as the instance's input."""
        exists = {"exists": True} if self.exists else {}
        state = {} if self.text is None else {"state": self.text}
        return compact({**exists, **state, "sorter": {}})

    def to_custom_status(self) -> str:
        """Return what is stored as the instance's custom status."""
        return '{"entityExists":true}' if self.exists else "{}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Which execution waits for the answer to a call."""

    instance_id: str
    execution_id: str


def signal(at: Ticks, operation: str, input_text: str | None) -> Event:
    """Return the message of a client that waits for no answer; *input_text* is JSON text."""
    body = {"$type": REQUEST_TYPE, "op": operation, "signal": True, "input": input_text, "id": str(uuid.uuid4())}
    return request(at, compact(body))


def request(at: Ticks, text: str) -> Event:
    """Return the message that brings a request to its entity."""
    return event_raised(at, OPERATION_EVENT, text)


def read_request(message: Event) -> tuple[Operation, Caller | None] | None:
    """Return the operation that *message* asks for and who waits for it; None if it is no request."""
    if message.type is not EventType.EVENT_RAISED or message.fields["Name"].lower() != OPERATION_EVENT:
        return None
    try:
        body = json.loads(message.fields["Input"])
        operation = Operation(
            id=body["id"], name=body["op"] or "", input=body.get("input"), is_signal=bool(body.get("signal"))
        )
        caller = None if operation.is_signal else Caller(body["parent"], body["parentExecution"])
    except (KeyError, TypeError, ValueError):
        return None
    return operation, caller


def response(at: Ticks, operation: Operation, end: OperationEnd) -> Event:
    """Return the message that brings the end of a call to its caller."""
    error = {"exceptionType": "Error"} if end.is_error else {}
    return event_raised(at, operation.id, compact({"$type": _RESPONSE_TYPE, "result": end.result, **error}))
