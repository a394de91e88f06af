"""Calls of single functions by the admin routes: a text stands in for what the trigger would have brought."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from devhost.engine.worker import ActivityCall
from devhost.errors import NotEmulatedError
from devhost.sdk.functions import ACTIVITY_TRIGGER
from devhost.triggers.services import QUEUE_TRIGGER, TIMER_TRIGGER

if TYPE_CHECKING:
    from devhost.engine.engine import Engine
    from devhost.engine.worker import Worker
    from devhost.sdk.functions import Function
    from devhost.triggers.invoking import Invoker

logger = logging.getLogger(__name__)


class ByHand:
    """Calls functions in the background, as work that the engine waits for before it is at rest."""

    def __init__(self, engine: Engine, worker: Worker, invoker: Invoker) -> None:
        self._engine = engine
        self._worker = worker
        self._invoker = invoker
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, function: Function, text: str | None) -> None:
        """Begin to call *function* with *text* as what its trigger brings; how it ends is logged."""
        task = asyncio.create_task(self._call(function, text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _call(self, function: Function, text: str | None) -> None:
        with self._engine.under_way():
            if function.trigger_type == ACTIVITY_TRIGGER:
                await self._worker.run_activity(
                    ActivityCall(instance_id="", task_id=0, name=function.durable_name, input=text)
                )
                return
            facts = {"function": function.name}
            began = time.perf_counter()
            try:
                await self._invoker.call(function, _value(function, text or ""))
            except NotEmulatedError as error:
                logger.warning("function not called", extra={**facts, "problem": str(error)})
            except Exception:  # the top of a worker loop
                logger.exception("function failed", extra=facts)
            else:
                logger.info("function ended", extra={**facts, "ms": round((time.perf_counter() - began) * 1000, 1)})


def _value(function: Function, text: str) -> Any:  # noqa: ANN401  what a trigger of that kind brings
    """Return *text* as what the function's trigger brings; raise `NotEmulatedError` where a text cannot be that."""
    from devhost.sdk.converting import decoded  # noqa: PLC0415  needs the SDK, which the app has loaded

    if function.trigger_type == TIMER_TRIGGER:
        body = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
        return decoded("timerTrigger", json.dumps(body), "json", {})
    if function.trigger_type == QUEUE_TRIGGER:
        return decoded("queueTrigger", text, "string", {"DequeueCount": ("1", "json")})
    message = (
        f"Function {function.name} has a {function.trigger_type}, which cannot be called by hand with a text: "
        "see PARITY.md, row 8.2."
    )
    raise NotEmulatedError(message)
