"""Entities over HTTP: read one, list them, signal one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost import json_text, large_json, lenient_json
from devhost.api.answers import empty, json_answer, message
from devhost.api.status import LARGEST_PAGE, PAGE, TOKEN, after_of, instant, token_of
from devhost.engine.engine import Query as InstanceQuery
from devhost.engine.entities import EntityId, EntityState
from devhost.errors import UnknownFunctionError
from devhost.ticks import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.api.paths import Query
    from devhost.engine.engine import Engine, Instance
    from devhost.sdk.http import Incoming, Outgoing

DELETE = "delete"
_EMPTY_KEY = "$"  # how a path names the empty key, for reading only


async def answer(engine: Engine, incoming: Incoming, rest: Sequence[str], query: Query) -> Outgoing:
    """Answer the request for the path ``entities/rest``."""
    match (incoming.method, *rest):
        case ("GET", *name) if len(name) <= 1:
            return await _page(engine, name[0] if name else None, query, incoming.header(TOKEN) or "")
        case ("GET", name, key):
            return await _state(engine, EntityId(name.lower(), "" if key == _EMPTY_KEY else key))
        case ("POST", name, *key) if len(key) <= 1:
            target = EntityId(name.lower(), key[0] if key else "")
            return await _signal(engine, target, query.text("op") or "", incoming)
        case ("DELETE", name, key):
            return await _signal(engine, EntityId(name.lower(), key), DELETE, incoming)
    return empty(404)


async def _state(engine: Engine, target: EntityId) -> Outgoing:
    one = await engine.instance(str(target))
    if one is None or not one.is_entity:
        return empty(404)
    return json_answer(200, lenient_json.shown(EntityState.of_input(one.input).text))


async def _signal(engine: Engine, target: EntityId, operation: str, incoming: Incoming) -> Outgoing:
    try:
        await engine.signal_entity(target, operation, await _input_of(incoming))
    except UnknownFunctionError as error:
        return message(400, str(error))
    except lenient_json.JsonTextError as error:
        return message(400, f"Could not parse JSON content: {error}")
    return empty(202)


async def _input_of(incoming: Incoming) -> str | None:
    """Return the body as the JSON text of an input: parsed if it says that it is JSON, or else as a text."""
    if not incoming.body and incoming.header("Content-Length") == "0":
        return None
    kind = (incoming.header("Content-Type") or "").partition(";")[0].strip().lower()
    if incoming.body and kind == "application/json":
        return await large_json.compacted(incoming.body, large_json.ONLY)
    return json_text.compact(large_json.text_of(incoming.body))


async def _page(engine: Engine, name: str | None, query: Query, token: str) -> Outgoing:
    """Answer with one page of the entities, of one name or of all, deleted ones included."""
    top = query.number("top")
    if top == 0:
        return json_answer(200, [], [(TOKEN, token_of(after_of(token)))])
    wanted = InstanceQuery(
        created_from=instant(query.text("lastOperationTimeFrom")),
        created_to=instant(query.text("lastOperationTimeTo")),
        id_prefix="" if name is None else f"@{name.lower()}@",
        only_entities=True,
    )
    limit = int(top) if top is not None and top > 0 and top == int(top) else PAGE
    found = await engine.instances(wanted, limit=min(limit, LARGEST_PAGE), after=after_of(token))
    with_state = query.flag("fetchState")
    body = [_shown(one, with_state=with_state) for one in found.instances]
    return json_answer(200, body, [(TOKEN, token_of(found.next_after))])


def _shown(one: Instance, *, with_state: bool) -> dict[str, Any]:
    target = EntityId.parse(one.id)
    state = lenient_json.shown(EntityState.of_input(one.input).text) if with_state else None
    return {
        "entityId": {"name": target.name, "key": target.key},
        "lastOperationTime": to_text(one.updated),
        "state": state,
    }
