"""Stands before an app's functions, so that a test can put a function of its own in an activity's place."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

from devhost.errors import AppError
from devhost.sdk import activity
from devhost.sdk.functions import ACTIVITY_TRIGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from devhost.engine.actions import Answer
    from devhost.engine.worker import ActivityCall, ActivityEnd, BatchCall, BatchEnd, OrchestratorCall, Worker
    from devhost.sdk.functions import Function, FunctionTable


class Fakes:
    """The activities that a test put in the place of the app's, by their durable names without regard to case."""

    def __init__(self, table: FunctionTable) -> None:
        self.directory: Path = table.directory
        self._table = table
        self._functions: dict[str, Function] = {}

    def replace(self, name: str, fake: Callable[[Any], Any]) -> None:
        """Let *fake*, a function of one argument, ``def`` or ``async def``, run in place of the activity *name*."""
        own = self._table.find(ACTIVITY_TRIGGER, name)
        if own is None:
            message = f"The app has no activity {name}; it has {', '.join(self._table.names(ACTIVITY_TRIGGER))}."
            raise AppError(message)
        parameter = own.trigger["name"]

        def called(**arguments: Any) -> Any:  # noqa: ANN401  whatever the fake takes and returns
            return fake(arguments[parameter])

        is_async = inspect.iscoroutinefunction(fake)
        stand_in = dataclasses.replace(own, function=called, is_async=is_async, takes_context=False)
        self._functions[name.lower()] = stand_in

    def of(self, name: str) -> Function | None:
        """Return what stands in the place of an activity."""
        return self._functions.get(name.lower())


class FakingWorker:
    """Runs activities that were replaced itself, and hands on everything else."""

    def __init__(self, worker: Worker, fakes: Fakes) -> None:
        self._worker = worker
        self._fakes = fakes

    def orchestrator_names(self) -> Sequence[str]:
        """Return the durable names of all orchestrators."""
        return self._worker.orchestrator_names()

    def activity_names(self) -> Sequence[str]:
        """Return the durable names of all activities."""
        return self._worker.activity_names()

    def entity_names(self) -> Sequence[str]:
        """Return the names of all entities."""
        return self._worker.entity_names()

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        """Run one turn of an orchestrator."""
        return self._worker.orchestrate(call)

    def run_batch(self, call: BatchCall) -> BatchEnd:
        """Run a batch of operations of an entity."""
        return self._worker.run_batch(call)

    async def run_activity(self, call: ActivityCall) -> ActivityEnd:
        """Run an activity, or what stands in its place; its input and result are converted all the same."""
        function = self._fakes.of(call.name)
        if function is None:
            return await self._worker.run_activity(call)
        if function.is_async:
            return await activity.run_async(function, call, self._fakes.directory)
        return activity.run(function, call, self._fakes.directory)
