"""What can be done to an instance: raise an event, terminate, suspend, resume, rewind, purge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost import large_json, lenient_json
from devhost.api.answers import OperationError, RefusedError, empty, invalid_json, json_answer, message
from devhost.api.status import instant, statuses
from devhost.engine.engine import Query as InstanceQuery
from devhost.engine.history import RuntimeStatus
from devhost.errors import InstanceEndedError, InstanceNotFoundError, InstanceStateError

if TYPE_CHECKING:
    from devhost.api.paths import Query
    from devhost.engine.engine import Engine
    from devhost.sdk.http import Incoming, Outgoing

_FINISHED = frozenset(status for status in RuntimeStatus if status.has_ended)


async def raise_event(engine: Engine, instance_id: str, name: str, incoming: Incoming) -> Outgoing:
    """Queue an external event; whether there is somebody to take it comes before what it holds."""
    one = await engine.instance(instance_id)
    if one is None:
        raise InstanceNotFoundError(instance_id)
    if one.status.has_ended:
        raise InstanceEndedError(instance_id, one.status.label)
    if (incoming.header("Content-Type") or "").partition(";")[0].strip().lower() != "application/json":
        return message(400, "Only application/json request content is supported")
    try:
        value = await large_json.compacted(incoming.body, large_json.FIRST)
    except lenient_json.JsonTextError as error:
        return invalid_json(str(error))
    await engine.raise_event(instance_id, name, value)
    return empty(202)


async def operate(engine: Engine, operation: str, instance_id: str, query: Query) -> Outgoing:
    """Terminate, suspend or resume an instance."""
    operations = {"terminate": engine.terminate, "suspend": engine.suspend, "resume": engine.resume}
    try:
        await operations[operation](instance_id, query.text("reason"))
    except InstanceStateError as error:
        text = (
            f"Cannot {operation} the orchestration instance {instance_id} "
            f"because instance is in the {error.status} state."
        )
        raise OperationError(text) from error
    return empty(202)


async def rewind(engine: Engine, instance_id: str, query: Query) -> Outgoing:
    """Run again what failed in a Failed instance."""
    try:
        await engine.rewind(instance_id, query.text("reason"))
    except InstanceNotFoundError:
        return json_answer(404, f'No orchestration with instance ID "${instance_id}" found.')
    except InstanceStateError as error:
        text = f'This orchestration has status {error.status}, but only orchestrations in the "Failed" state can be '
        return json_answer(412, f"{text}rewound.")
    return empty(202)


async def purge(engine: Engine, instance_id: str) -> Outgoing:
    """Forget one ended instance."""
    try:
        was_there = await engine.purge(instance_id)
    except InstanceStateError as error:
        text = "Only orchestrations in a terminal state can be purged, but the orchestration with instance ID "
        return json_answer(412, f"{text}{instance_id} has status {error.status}")
    return json_answer(200, {"instancesDeleted": int(was_there)})


async def purge_many(engine: Engine, query: Query) -> Outgoing:
    """Forget what was created in a window of time; without a finished state to look for, whatever its state."""
    created_from = instant(query.text("createdTimeFrom"))
    if created_from is None:
        raise RefusedError(json_answer(400, "Please provide value for 'createdTimeFrom' parameter."))
    wanted = InstanceQuery(
        created_from=created_from,
        created_to=instant(query.text("createdTimeTo")) or engine.clock.now(),
        statuses=_named(query) & _FINISHED,
    )
    deleted = await engine.purge_where(wanted)
    return json_answer(200, {"instancesDeleted": deleted}) if deleted else empty(404)


def _named(query: Query) -> frozenset[RuntimeStatus]:
    return statuses(query.text("runtimeStatus"))
