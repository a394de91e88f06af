"""Calls functions of the app that are not durable themselves: arguments for each binding, outputs afterwards."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from typing import TYPE_CHECKING, Any, Protocol

from devhost.sdk.functions import CONTEXT, DURABLE_CLIENT, RETURN
from devhost.sdk.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from devhost.sdk.client import ClientBinding
    from devhost.sdk.functions import Function

QUEUE = "queue"


class Outputs(Protocol):
    """Writes what functions hand to their output bindings."""

    async def write(self, binding: Mapping[str, Any], value: Any) -> None:  # noqa: ANN401  whatever the function gave
        """Write *value* by an output binding; it is written when this returns."""


class Invoker:
    """Calls one function at a time for each caller; plain ``def`` functions run on *pool*."""

    def __init__(self, binding: ClientBinding, directory: Path, pool: Executor, outputs: Outputs | None = None) -> None:
        self._binding = binding
        self._directory = directory
        self._pool = pool
        self._outputs = outputs

    async def call(self, function: Function, value: Any) -> Any:  # noqa: ANN401  what a trigger brings, what it returns
        """Call *function* with its trigger's *value*, write its outputs, and return what it returned.

        Raises whatever the function raises; then nothing is written.
        """
        arguments: dict[str, Any] = {function.trigger["name"]: value}
        for client in function.bindings_of(DURABLE_CLIENT):
            arguments[client["name"]] = self._binding.text(dict(client))
        if function.takes_context:
            arguments[CONTEXT] = Invocation(function.name, self._directory)
        outputs = function.bindings_of(QUEUE)
        if not outputs or self._outputs is None:
            return await self._run(function, arguments)
        return await self._run_and_write(function, arguments, outputs, self._outputs)

    async def _run_and_write(
        self,
        function: Function,
        arguments: dict[str, Any],
        bindings: tuple[Mapping[str, Any], ...],
        outputs: Outputs,
    ) -> Any:  # noqa: ANN401  as above
        from devhost.sdk.converting import OutParameter  # noqa: PLC0415  needs the SDK, which the app has loaded

        parameters = {binding["name"]: OutParameter() for binding in bindings if binding["name"] != RETURN}
        returned = await self._run(function, {**arguments, **parameters})
        for binding in bindings:
            value = returned if binding["name"] == RETURN else parameters[binding["name"]].value
            if value is not None:
                await outputs.write(binding, value)
        return returned

    async def _run(self, function: Function, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  as above
        if function.is_async:
            return await function.function(**arguments)
        call = functools.partial(contextvars.copy_context().run, function.function, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)
