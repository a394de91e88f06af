"""The message that an orchestration sends to an entity, as the extension writes it into EventSent.Input."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from devhost import ticks
from devhost.engine.history import EventType
from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.actions import EntityMessage
    from devhost.engine.history import Event
    from devhost.ticks import Ticks

OPERATION_EVENT = "op"

REQUEST_TYPE = (
    "Microsoft.Azure.WebJobs.Extensions.DurableTask.RequestMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask"
)
_GUID_NAMESPACE = uuid.UUID("9e952958-5e33-4daf-827f-2fa12937b875")  # of the extension's deterministic GUIDs
_NEVER = "0001-01-01T00:00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRequest:
    """One operation on its way, stamped so that the entity can order what one sender sent."""

    id: str
    operation: EntityMessage
    stamp: str
    predecessor: str

    def to_text(self, *, parent: str, parent_execution: str, sent: Ticks) -> str:
        """Return the text of EventSent.Input."""
        body: dict[str, Any] = {"$type": REQUEST_TYPE, "op": self.operation.operation}
        if self.operation.is_signal:
            body["signal"] = True
        body["input"] = None if self.operation.input is None else compact(self.operation.input)
        body["id"] = self.id
        body["parent"] = parent
        body["parentExecution"] = parent_execution
        body["Timestamp"] = self.stamp
        body["Predecessor"] = self.predecessor
        body["requestTime"] = ticks.to_text(sent).removesuffix("Z") + "+00:00"
        return compact(body)


class EntityRequests:
    """Gives each operation of one execution the same id and stamps in every replay.

    What *history* holds already keeps the id under which it was sent, so that its answer is recognised.
    """

    def __init__(self, instance_id: str, history: Sequence[Event]) -> None:
        self._instance_id = instance_id
        self._history = history
        self._count = 0
        self._last_at = -1
        self._last_stamps: dict[str, str] = {}

    def next(self, operation: EntityMessage, event_id: int, now: Ticks) -> EntityRequest:
        """Return the request for *operation*, asked for under *event_id* in the turn that began at *now*."""
        name = f"{self._instance_id}_{ticks.to_text(now)}_{self._count}"
        self._count += 1
        stamp = self._stamp(now)
        target = operation.instance_id
        request = EntityRequest(
            id=self._sent_ids.get(event_id) or str(uuid.uuid5(_GUID_NAMESPACE, name)),
            operation=operation,
            stamp=stamp,
            predecessor=self._last_stamps.get(target, _NEVER),
        )
        self._last_stamps[target] = stamp
        return request

    @cached_property
    def _sent_ids(self) -> dict[int, str]:
        sent = (event for event in self._history if event.type is EventType.EVENT_SENT)
        return {event.id: json.loads(event.fields["Input"])["id"] for event in sent}

    def _stamp(self, now: Ticks) -> str:
        """Return *now* or, for a further message of the turn, one tick more; only the former is marked as UTC."""
        if now > self._last_at:
            self._last_at = now
            return ticks.to_text(now)
        self._last_at += 1
        return ticks.to_text(ticks.Ticks(self._last_at)).removesuffix("Z")


def entity_name(instance_id: str) -> str:
    """Return the name in an entity's id, such as ``counter`` in ``@counter@k1``."""
    return instance_id.removeprefix("@").split("@", 1)[0]
