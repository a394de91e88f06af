"""Orchestrators and activities as the engine calls them, with a log line for every call."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.actions import Answer
    from devhost.engine.worker import ActivityCall, ActivityEnd, BatchCall, BatchEnd, OrchestratorCall, Worker

logger = logging.getLogger(__name__)


class LoggedWorker:
    """Runs functions by another worker, and logs each call with its instance and its milliseconds."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

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
        """Run one turn of an orchestrator; one in which nothing is new is a look back, and no line."""
        began = time.perf_counter()
        answer = self._worker.orchestrate(call)
        if call.new_from < len(call.history):
            _log(call.name, call.instance_id, began, answer.crash or answer.error)
        return answer

    def run_batch(self, call: BatchCall) -> BatchEnd:
        """Run operations of an entity."""
        began = time.perf_counter()
        end = self._worker.run_batch(call)
        failures = [one.result for one in end.ends if one.is_error]
        _log(call.name, f"@{call.name}@{call.key}", began, failures[0] if failures else None)
        return end

    async def run_activity(self, call: ActivityCall) -> ActivityEnd:
        """Run an activity to its end."""
        began = time.perf_counter()
        end = await self._worker.run_activity(call)
        _log(call.name, call.instance_id, began, end.reason)
        return end


def _log(function: str, instance_id: str, began: float, failure: str | None) -> None:
    facts: dict[str, Any] = {
        "function": function,
        "instance_id": instance_id,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
    if failure is None:
        logger.info("function ended", extra=facts)
    else:
        logger.error("function failed", extra={**facts, "reason": failure})
