"""The management API: which request means which operation, for the public base and the private one alike."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from devhost.api import control, entities, status
from devhost.api.answers import (
    STORAGE_ERROR,
    STORAGE_PROBLEM,
    ArgumentError,
    OperationError,
    RefusedError,
    empty,
    message,
    not_here,
    went_wrong,
    wrong_argument,
)
from devhost.api.paths import Query, decode, decode_again, encode
from devhost.api.starting import Starter
from devhost.errors import InstanceNotFoundError, NotEmulatedError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.engine import Engine
    from devhost.other_hubs import OtherHubs
    from devhost.sdk.client import Hub
    from devhost.sdk.http import Incoming, Outgoing

    Refused = Callable[[str], str | None]

logger = logging.getLogger(__name__)

_OPERATIONS = {"terminate", "suspend", "resume"}
_HUB_NAME_RANGE = range(3, 46)


class DurableApi:
    """Answers the requests below one base."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        *,
        follows_forwarded: bool = False,
        refused: Refused = lambda _: None,
        others: OtherHubs | None = None,
    ) -> None:
        """Serve *engine* as *hub*; *refused* says why an orchestrator is not started, if it is not."""
        self._engine = engine
        self._others = others
        self._refused = refused
        self._hub = hub
        self._follows_forwarded = follows_forwarded

    async def answer(self, incoming: Incoming, base: str) -> Outgoing:
        """Answer *incoming*, whose path begins with *base*; nothing that a caller sends makes this raise."""
        try:
            return await self._answer(incoming, base)
        except (RefusedError, ArgumentError, OperationError, RequestError, NotEmulatedError) as error:
            return _refusal(error)

    async def _answer(self, incoming: Incoming, base: str) -> Outgoing:
        path = decode_again(decode(incoming.path)[len(base) :]).strip("/")
        segments = path.split("/")
        if "\0" in path or not all(segments):
            return empty(400 if "\0" in path else 404)
        query = Query(incoming.query)
        hub = self._hub_of(query)
        if hub.name.lower() != self._hub.name.lower():
            return await self._elsewhere(incoming, segments, query, hub)
        return await self._here(self._engine, incoming, segments, query, hub)

    async def _here(
        self, engine: Engine, incoming: Incoming, segments: Sequence[str], query: Query, hub: Hub
    ) -> Outgoing:
        room, *rest = segments
        match (incoming.method, room.lower(), rest):
            case (_, "makeprimary", []):
                return empty(200)
            case ("POST", "orchestrators", [name, *maybe_id]) if len(maybe_id) <= 1:
                if reason := self._refused(name):
                    return message(400, reason)
                starter = self._starter(engine, incoming, hub)
                return await starter.start(name, maybe_id[0] if maybe_id else None, query, incoming)
            case (_, "instances", _):
                return await self._instances(engine, incoming, rest, query, hub)
            case (_, "entities", _):
                return await entities.answer(engine, incoming, rest, query)
        return empty(404)

    async def _instances(
        self, engine: Engine, incoming: Incoming, rest: Sequence[str], query: Query, hub: Hub
    ) -> Outgoing:
        match (incoming.method, *rest):
            case ("GET",):
                return await status.page(engine, query, incoming.header(status.TOKEN) or "")
            case ("DELETE",):
                return await control.purge_many(engine, query)
            case ("GET", instance_id):
                return await status.status(engine, instance_id, query, self._url(incoming))
            case ("DELETE", instance_id):
                return await control.purge(engine, instance_id)
            case ("POST", instance_id, operation, *more):
                return await self._operation(engine, incoming, (instance_id, operation.lower(), *more), query, hub)
        return empty(404)

    async def _operation(
        self, engine: Engine, incoming: Incoming, call: Sequence[str], query: Query, hub: Hub
    ) -> Outgoing:
        match call:
            case (instance_id, "raiseevent", name):
                return await control.raise_event(engine, instance_id, name, incoming)
            case (instance_id, "rewind"):
                return await control.rewind(engine, instance_id, query)
            case (instance_id, "restart"):
                return await self._starter(engine, incoming, hub).restart(instance_id, query, incoming)
            case (instance_id, operation) if operation in _OPERATIONS:
                return await control.operate(engine, operation, instance_id, query)
        return empty(404)

    async def _elsewhere(self, incoming: Incoming, segments: Sequence[str], query: Query, hub: Hub) -> Outgoing:
        """Answer for a task hub that nobody serves: whatever is started there stays Pending."""
        room = segments[0].lower()
        is_start = incoming.method == "POST" and room == "orchestrators"
        if room == "entities" and incoming.method != "GET":
            return _missing("signal entities in a task hub that it does not serve", "trap 28")
        if self._others is None:
            engine = None
        else:
            engine = await self._others.make(hub.name) if is_start else self._others.find(hub.name)
        if engine is not None:
            return await self._here(engine, incoming, segments, query, hub)
        return status.no_page() if incoming.method == "GET" and len(segments) == 1 else empty(404)

    def _hub_of(self, query: Query) -> Hub:
        name = query.text("taskHub") or ""
        name = name if name.strip() else self._hub.name
        connection = query.text("connection") or self._hub.connection
        if not _is_known(connection, self._hub.connection):
            text = f"Unable to resolve the Azure Storage connection named '{connection}'."
            raise OperationError(text)
        if not (name.isascii() and name.isalnum() and name[0].isalpha() and len(name) in _HUB_NAME_RANGE):
            raise OperationError(STORAGE_PROBLEM, STORAGE_ERROR)
        return replace(self._hub, name=name, connection=connection)

    def _starter(self, engine: Engine, incoming: Incoming, hub: Hub) -> Starter:
        return Starter(engine=engine, origin=self._origin(incoming), hub=hub)

    def _origin(self, incoming: Incoming) -> str:
        host = incoming.header("X-Forwarded-Host")
        if not (self._follows_forwarded and host):
            return incoming.origin
        return f"{incoming.header('X-Forwarded-Proto') or 'http'}://{host}"

    def _url(self, incoming: Incoming) -> str:
        query = f"?{incoming.query}" if incoming.query else ""
        return f"{incoming.origin}{encode(decode(incoming.path))}{query}"


def _refusal(error: Exception) -> Outgoing:
    """Return the answer to a request that cannot be carried out."""
    match error:
        case RefusedError(answer=answer):
            return answer
        case ArgumentError():
            return wrong_argument(error)
        case OperationError(kind=kind):
            return went_wrong(str(error), kind)
        case NotEmulatedError():
            logger.warning("not emulated", extra={"reason": str(error)})
            return message(501, str(error))
    return empty(404 if isinstance(error, InstanceNotFoundError) else 410)


def _missing(what: str, row: str) -> Outgoing:
    logger.warning("not emulated", extra={"reason": f"devhost does not {what}", "row": row})
    return not_here(what, row)


def _is_known(connection: str, default: str) -> bool:
    """Say whether *connection* names a storage account, by its setting with or without its prefix."""
    if connection.lower() in {default.lower(), "storage", "azurewebjobsstorage"}:
        return True
    names = {connection.lower(), f"azurewebjobs{connection}".lower()}
    return any(name.lower().partition("__")[0] in names for name in os.environ)
