"""HTTP functions: which one a request means, and how it is called."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.errors import AppError
from devhost.sdk.functions import CONTEXT, DURABLE_CLIENT, HTTP_TRIGGER, RETURN
from devhost.sdk.http import Outgoing, to_http_request, to_outgoing
from devhost.sdk.invocation import Invocation
from devhost.triggers.templates import Template, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from devhost.sdk.client import ClientBinding
    from devhost.sdk.functions import Function, FunctionTable
    from devhost.sdk.http import Incoming

logger = logging.getLogger(__name__)
_RESERVED = ("admin", "runtime", "devhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One HTTP function and what it answers to; no *methods* means all."""

    function: Function
    text: str
    methods: tuple[str, ...]
    template: Template


def routes_of(table: FunctionTable, prefix: str) -> list[Route]:
    """Return the routes of an app, those that are tried first in front."""
    found = [_route(function, prefix) for function in table if function.trigger_type == HTTP_TRIGGER]
    return sorted(found, key=lambda route: route.template.precedence)


def _route(function: Function, prefix: str) -> Route:
    own = str(function.trigger.get("route", function.name)).strip("/")
    text = f"{prefix}/{own}".strip("/")
    if text.lower().partition("/")[0] in _RESERVED:
        message = f"Function {function.name} has the route {text!r}, which is the host's own; give it another."
        raise AppError(message)
    if any(binding["name"] != RETURN for binding in function.bindings_of("http")):
        message = f"Function {function.name} answers through an output parameter; return the answer instead."
        raise AppError(message)
    methods = tuple(method.upper() for method in function.trigger.get("methods", ()))
    return Route(function=function, text=text, methods=methods, template=compiled(text))


class HttpFunctions:
    """Answers requests by the functions of one app; plain ``def`` ones run on *pool*."""

    def __init__(self, table: FunctionTable, prefix: str, binding: ClientBinding, pool: Executor) -> None:
        self._routes = routes_of(table, prefix)
        self._directory = table.directory
        self._binding = binding
        self._pool = pool

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        """Answer by the function that *path* (decoded once, without slashes around it) and the method mean, if any."""
        for route in self._routes:
            if route.methods and incoming.method not in route.methods:
                continue
            values = route.template.values(path)
            if values is not None:
                return await self._called(route.function, incoming, values)
        return None

    async def _called(self, function: Function, incoming: Incoming, values: Mapping[str, str]) -> Outgoing:
        """Call a function; whatever it raises is logged and answered by 500 without a body."""
        began = time.perf_counter()
        try:
            returned = await self._run(function, self._arguments(function, incoming, values))
            outgoing = to_outgoing(returned)
        except Exception:  # the HTTP boundary
            logger.exception("function failed", extra=_facts(function, began))
            return Outgoing(status=500)
        logger.info("function ended", extra=_facts(function, began))
        return outgoing

    def _arguments(self, function: Function, incoming: Incoming, values: Mapping[str, str]) -> dict[str, Any]:
        arguments: dict[str, Any] = {function.trigger["name"]: to_http_request(incoming, values)}
        for client in function.bindings_of(DURABLE_CLIENT):
            arguments[client["name"]] = self._binding.text(dict(client))
        if function.takes_context:
            arguments[CONTEXT] = Invocation(function.name, self._directory)
        return arguments

    async def _run(self, function: Function, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  whatever it returns
        if function.is_async:
            return await function.function(**arguments)
        call = functools.partial(contextvars.copy_context().run, function.function, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _facts(function: Function, began: float) -> dict[str, Any]:
    return {"function": function.name, "ms": round((time.perf_counter() - began) * 1000, 1)}
