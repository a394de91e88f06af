"""What activities and children were called with: no history holds it, but an orchestrator asks for the same again.

The real host keeps these inputs out of its histories, and devhost's store drops them with the work that is done. So
who wants to see them has the orchestrator replay its history once more, and reads them off what it asked for. Nothing
comes of that replay, and for the orchestrator all of it is a replay: it logs nothing that it logs only once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from devhost.engine.history import EventType
from devhost.engine.messages import RunActivity, StartChild
from devhost.engine.replay import Replay
from devhost.engine.turn import Turn
from devhost.engine.walk import Walk
from devhost.engine.worker import OrchestratorCall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from devhost.engine.backend import Instance
    from devhost.engine.history import Event
    from devhost.engine.known import Known
    from devhost.engine.worker import Worker

_SCHEDULES = frozenset({EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED})


class Recall:
    """Finds inputs by replaying on *pool*; what was found last is kept, because a page asks again and again."""

    def __init__(self, worker: Worker, known: Known, pool: ThreadPoolExecutor) -> None:
        self._worker = worker
        self._known = known
        self._pool = pool
        self._last: tuple[tuple[str, str, int], Mapping[int, str | None]] | None = None

    async def inputs(self, one: Instance, history: Sequence[Event]) -> Mapping[int, str | None]:
        """Return what was called with which input, as JSON text, by the ids of the events that scheduled it.

        Where the function is gone, or asks for other things than it did, the inputs from there on are not known.
        """
        key = (one.id, one.execution_id, len(history))
        if self._last is None or self._last[0] != key:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._found, one, history)
            self._last = (key, found)
        return self._last[1]

    def _found(self, one: Instance, history: Sequence[Event]) -> Mapping[int, str | None]:
        if not self._known.orchestrator(one.name) or not any(event.type in _SCHEDULES for event in history):
            return {}
        parent = next(event.fields["ParentInstance"] for event in history if event.type == EventType.EXECUTION_STARTED)
        call = OrchestratorCall(
            instance_id=one.id,
            name=one.name,
            history=history,
            new_from=len(history),
            parent_instance_id=None if parent is None else parent["OrchestrationInstance"]["InstanceId"],
        )
        turn = Turn(
            instance_id=one.id,
            execution_id=one.execution_id,
            name=one.name,
            history=history,
            known=self._known,
            ends_at=history[-1].at,
        )
        replay = Replay(Walk(turn, self._worker.orchestrate(call)))
        replay.run(history)
        return {
            event_id: decision.input
            for event_id, decision in replay.recognised.items()
            if isinstance(decision, RunActivity | StartChild)
        }
