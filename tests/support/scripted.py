"""A worker whose orchestrators and activities are plain functions, and an engine to run them on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from devhost.clock import Clock, VirtualClock
from devhost.engine.actions import Answer
from devhost.engine.engine import Engine, EngineOptions
from devhost.engine.history import EventType
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.worker import ActivityCall, ActivityEnd, BatchCall, BatchEnd, OperationEnd, OrchestratorCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from devhost.engine.history import Event
    from devhost.engine.worker import Web
    from devhost.engine.writer import CommitObserver


class ScriptedWorker:
    """Calls scripts; counts how often each activity ran."""

    def __init__(
        self,
        orchestrators: dict[str, Callable[[Sequence[Event]], Answer]],
        activities: dict[str, Callable[[str | None], Awaitable[Any]]] | None = None,
        entities: dict[str, Callable[[BatchCall], BatchEnd]] | None = None,
    ) -> None:
        self._orchestrators = orchestrators
        self._activities = activities or {}
        self._entities = {"counter": counts} if entities is None else entities
        self.runs: Counter[str] = Counter()

    def orchestrator_names(self) -> Sequence[str]:
        return list(self._orchestrators)

    def activity_names(self) -> Sequence[str]:
        return list(self._activities)

    def entity_names(self) -> Sequence[str]:
        return list(self._entities)

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        return self._orchestrators[call.name](call.history)

    def run_batch(self, call: BatchCall) -> BatchEnd:
        return {name.lower(): run for name, run in self._entities.items()}[call.name](call)

    async def run_activity(self, call: ActivityCall) -> ActivityEnd:
        self.runs[call.name] += 1
        try:
            return ActivityEnd(result=json.dumps(await self._activities[call.name](call.input)))
        except ValueError as error:
            return ActivityEnd(reason=f"failed: {error}", details="details")


def counts(call: BatchCall) -> BatchEnd:
    """Add up the inputs of ``add``; refuse every operation that is neither ``add`` nor ``get`` nor ``delete``."""
    total: int | None = json.loads(call.state or "null")
    ends = []
    for operation in call.operations:
        if operation.name == "delete":
            total = None
        elif operation.name == "add":
            total = (total or 0) + json.loads(json.loads(operation.input or "null"))
        elif operation.name != "get":
            ends.append(OperationEnd(result=json.dumps(f"no {operation.name}"), is_error=True))
            continue
        ends.append(OperationEnd(result=json.dumps(total)))
    return BatchEnd(exists=total is not None, state=json.dumps(total), ends=ends)


def keeps(call: BatchCall) -> BatchEnd:
    """Keep the last operation's name and its input, as it came."""
    last = call.operations[-1]
    ends = [OperationEnd(result="null") for _ in call.operations]
    return BatchEnd(exists=True, state=json.dumps([last.name, last.input]), ends=ends)


@asynccontextmanager
async def running(
    worker: ScriptedWorker,
    path: Path | None = None,
    *,
    clock: Clock | None = None,
    options: EngineOptions | None = None,
    observer: CommitObserver | None = None,
    web: Web | None = None,
) -> AsyncIterator[Engine]:
    """An engine that serves *worker* until the end of the block."""
    pool = ThreadPoolExecutor(4)
    backend = SqliteBackend(path)
    engine = Engine(backend, worker, clock or VirtualClock(), pool, options=options, observer=observer, web=web)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close(grace=0.5)
        await asyncio.to_thread(pool.shutdown)


def names(events: Sequence[Event]) -> list[str]:
    """The event types of a history, without the turn marks."""
    marks = (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)
    return [event.type.name for event in events if event.type not in marks]


def seen(events: Sequence[Event], kind: EventType) -> bool:
    """Whether an event of that kind is in a history."""
    return any(event.type == kind for event in events)
