"""One batch of an entity: from its waiting messages to what can be committed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from devhost.engine import entities
from devhost.engine.backend import BatchCommit, Reply
from devhost.engine.entities import EntityId, EntityState
from devhost.engine.history import EventType
from devhost.engine.worker import BatchCall, BatchEnd, OperationEnd
from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.clock import Clock
    from devhost.engine.backend import LoadedTurn
    from devhost.engine.entities import Caller
    from devhost.engine.history import Event
    from devhost.engine.worker import Operation, Worker
    from devhost.ticks import Ticks

logger = logging.getLogger(__name__)


class BatchRunner:
    """Runs batches of at most *most* operations; each call blocks on the entity function."""

    def __init__(self, worker: Worker, clock: Clock, most: int) -> None:
        self._worker = worker
        self._clock = clock
        self._most = most

    def run(self, loaded: LoadedTurn) -> BatchCommit:
        """Return the batch of *loaded*, ready to be committed; what comes after a termination is not run."""
        taken = min(self._most, len(loaded.messages))
        messages = loaded.messages[:taken]
        terminated = _termination(messages)
        wanted = [found for found in map(entities.read_request, messages[:terminated]) if found is not None]
        state = EntityState.of_input(loaded.instance.input)
        end = self._run(loaded, state, [operation for operation, _ in wanted])
        at = self._clock.now()
        return BatchCommit(
            loaded=loaded,
            consumed=loaded.message_numbers[:taken],
            state=state if end is None else EntityState(end.exists, end.state),
            has_run=end is not None,
            replies=() if end is None else _replies(at, wanted, end),
            terminated=None if terminated is None else messages[terminated],
            ended=at,
        )

    def _run(self, loaded: LoadedTurn, state: EntityState, operations: Sequence[Operation]) -> BatchEnd | None:
        """Run *operations*; without any the function is not called."""
        if not operations:
            return None
        target = EntityId.parse(loaded.instance.id)
        call = BatchCall(name=target.name, key=target.key, exists=state.exists, state=state.text, operations=operations)
        end = self._worker.run_batch(call)
        if len(end.ends) == len(operations):
            return end
        logger.error("an entity answered another number of operations", extra={"instance_id": loaded.instance.id})
        text = compact(f"The entity answered {len(end.ends)} of {len(operations)} operations.")
        return BatchEnd(
            exists=end.exists, state=end.state, ends=[OperationEnd(result=text, is_error=True)] * len(operations)
        )


def _termination(messages: Sequence[Event]) -> int | None:
    places = (place for place, event in enumerate(messages) if event.type is EventType.EXECUTION_TERMINATED)
    return next(places, None)


def _replies(at: Ticks, wanted: Sequence[tuple[Operation, Caller | None]], end: BatchEnd) -> tuple[Reply, ...]:
    return tuple(
        Reply(caller=caller, event=entities.response(at, operation, one))
        for (operation, caller), one in zip(wanted, end.ends, strict=True)
        if caller is not None
    )
