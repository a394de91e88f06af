"""Starts and restarts of instances, and the waiting for their end that a start may ask for."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from devhost import large_json, lenient_json
from devhost.api.answers import RefusedError, failure, invalid_json, json_answer, message
from devhost.api.paths import encode_id
from devhost.api.patience import unless_gone
from devhost.api.status import all_shown
from devhost.engine.history import RuntimeStatus
from devhost.errors import InstanceExistsError, InstanceNotFoundError
from devhost.sdk.client import PUBLIC_BASE, Hub, check_status

if TYPE_CHECKING:
    from devhost.api.paths import Query
    from devhost.engine.engine import Engine
    from devhost.sdk.http import Incoming, Outgoing

POLL_AFTER = "10"  # seconds
LONGEST_WAIT = timedelta(days=1)
_ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """Starts instances of one task hub for callers who reached it at *origin*."""

    engine: Engine
    origin: str
    hub: Hub

    async def start(self, name: str, instance_id: str | None, query: Query, incoming: Incoming) -> Outgoing:
        """Start *name*; the body is checked first, name and id are not."""
        input_text = await _input_of(incoming)
        try:
            started = await self.engine.start_instance(
                name, instance_id=instance_id, input_text=input_text, version=query.text("version")
            )
        except InstanceExistsError as error:
            raise RefusedError(message(409, _exists(error))) from error
        return await self._waited(started, query, incoming)

    async def restart(self, instance_id: str, query: Query, incoming: Incoming) -> Outgoing:
        """Start the function of an instance again with its input."""
        with_new_id = query.flag("restartWithNewInstanceId", default=True)
        unknown = "InstanceId does not match a valid orchestration instance."
        try:
            started = await self.engine.restart(instance_id, with_new_id=with_new_id)
        except InstanceNotFoundError as error:
            text = f"No instance with ID '{instance_id}' was found. (Parameter 'instanceId')"
            raise RefusedError(failure(400, unknown, text, "System.ArgumentException")) from error
        except InstanceExistsError as error:
            text = "A non-terminal instance with this instance ID already exists."
            kind = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
            raise RefusedError(failure(409, text, _exists(error), kind)) from error
        return await self._waited(started, query, incoming)

    async def _waited(self, instance_id: str, query: Query, incoming: Incoming) -> Outgoing:
        """Answer at once with the links, or with the end if the caller gives it time to come."""
        timeout, interval = query.number("timeout"), query.number("pollingInterval")
        if timeout is None or interval is None or not (math.isfinite(timeout) and math.isfinite(interval)):
            return self._accepted(instance_id)
        if interval > timeout:
            text = f"Total timeout {timeout:g} should be bigger than retry timeout {interval:g}"
            raise RefusedError(message(400, text))
        if timeout <= 0:
            return self._accepted(instance_id)
        within = min(timedelta(seconds=min(timeout, LONGEST_WAIT.total_seconds())), LONGEST_WAIT)
        end = None
        with contextlib.suppress(InstanceNotFoundError):  # purged meanwhile
            end = await unless_gone(incoming, self.engine.wait(instance_id, _ENDED, within))
        if end is None:
            return self._accepted(instance_id)
        if end.status == RuntimeStatus.COMPLETED:
            return json_answer(200, lenient_json.shown(end.output))
        [body] = await all_shown([end], inputs=True)
        return json_answer(200, body)

    def _accepted(self, instance_id: str) -> Outgoing:
        links = check_status(f"{self.origin}{PUBLIC_BASE}", self.hub, instance_id, encode_id(instance_id))
        return json_answer(202, links, [("Location", links["statusQueryGetUri"]), ("Retry-After", POLL_AFTER)])


async def _input_of(incoming: Incoming) -> str | None:
    """Return the body as it is stored, after a check that it is JSON; a blank one is taken, and fails later."""
    if not incoming.body and incoming.header("Content-Length") == "0":
        return None
    text = large_json.text_of(incoming.body)
    if not text.strip():
        return text
    try:
        return await large_json.checked(incoming.body)
    except lenient_json.JsonTextError as error:
        raise RefusedError(invalid_json(str(error))) from error


def _exists(error: InstanceExistsError) -> str:
    return f"An Orchestration instance with the status {error.status} already exists."
