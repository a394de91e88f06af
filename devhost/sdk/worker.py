"""Runs the functions of one app for the engine."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

from devhost.engine.actions import Answer
from devhost.sdk import activity, entity
from devhost.sdk.direct import DirectWay
from devhost.sdk.functions import ACTIVITY_TRIGGER, ENTITY_TRIGGER, ORCHESTRATION_TRIGGER
from devhost.sdk.orchestration import run_turn
from devhost.sdk.speed import hasten_sdk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from devhost.engine.worker import ActivityCall, ActivityEnd, BatchCall, BatchEnd, OrchestratorCall
    from devhost.sdk.functions import FunctionTable


class AppWorker:
    """The engine's `Worker` over a function table; plain ``def`` activities run on *pool*."""

    def __init__(self, table: FunctionTable, pool: Executor) -> None:
        self._table = table
        self._pool = pool
        hasten_sdk()
        self._way = DirectWay.of_sdk()

    def orchestrator_names(self) -> Sequence[str]:
        """Return the durable names of all orchestrators."""
        return self._table.names(ORCHESTRATION_TRIGGER)

    def activity_names(self) -> Sequence[str]:
        """Return the durable names of all activities."""
        return self._table.names(ACTIVITY_TRIGGER)

    def entity_names(self) -> Sequence[str]:
        """Return the names of all entities."""
        return self._table.names(ENTITY_TRIGGER)

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        """Run one turn of an orchestrator on the calling thread."""
        function = self._table.find(ORCHESTRATION_TRIGGER, call.name)
        if function is None:
            return Answer(crash=unknown_orchestrator(call.name, self.orchestrator_names()))
        return run_turn(function.function, call, self._way)

    def run_batch(self, call: BatchCall) -> BatchEnd:
        """Run operations of an entity on the calling thread."""
        function = self._table.find(ENTITY_TRIGGER, call.name)
        if function is None:
            return entity.failed(call, f"The entity function '{call.name}' does not exist.")
        return entity.run_batch(function.function, call)

    async def run_activity(self, call: ActivityCall) -> ActivityEnd:
        """Run an activity to its end."""
        function = self._table.find(ACTIVITY_TRIGGER, call.name)
        if function is None:
            return activity.missing(call)
        if function.is_async:
            return await activity.run_async(function, call, self._table.directory)
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, run, activity.run, function, call, self._table.directory)


def unknown_orchestrator(name: str, others: Sequence[str]) -> str:
    """Return the real host's words for an orchestrator that is not among *others*, those that the app has."""
    known = ", ".join(f"'{other}'" for other in others)
    more = (
        f"The following are the known orchestrator functions: {known}."
        if known
        else "No orchestrator functions are currently registered!"
    )
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. Additional info: {more}"
    )
